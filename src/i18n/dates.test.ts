import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDay, writeDay } from "./dates.ts";

describe("a day typed by hand", () => {
  test.each(["14/03/1959", "14031959", "14 3 1959", "14.03.1959", "14-3-1959", " 14/03/1959 "])(
    "%s is 14 March 1959",
    (typed) => {
      expect(readDay(typed)).toBe("1959-03-14");
    },
  );
  test.each(["31/02/1959", "1959-03-14", "14/03/59", "00/03/1959", "14/13/1959", "hier", ""])(
    "%s is no day",
    (typed) => {
      expect(readDay(typed)).toBeNull();
    },
  );
  test("what is written is read back", () => {
    const days = fc.date({ min: new Date("1850-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(days, (date) => {
        const iso = date.toISOString().slice(0, 10);
        expect(readDay(writeDay(iso))).toBe(iso);
      }),
    );
  });
});
