import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBirthDate } from "./birth-date.ts";

const now = Date.UTC(2026, 10, 22);
const read = (typed: string) => readBirthDate(typed, now);
const azerty = (digits: string) => digits.replace(/\d/g, (digit) => "à&é\"'(-è_ç"[Number(digit)] ?? "");

describe("readBirthDate", () => {
  test.each([
    "14/03/1959",
    "14.3.1959",
    "14 03 1959",
    "14-03-1959",
    "14031959",
    "1959-03-14",
    " 14 / 03 / 1959 ",
  ])("%s is the 14th of March", (typed) => expect(read(typed)).toBe("1959-03-14"));

  test.each(["14 mars 1959", "14 MARS 1959", "14 march 1959", "14 mar. 1959"])(
    "%s, with the month in letters",
    (typed) => expect(read(typed)).toBe("1959-03-14"),
  );

  test("accents of a month may be missing", () => {
    expect(read("2 fevrier 1957")).toBe("1957-02-02");
    expect(read("2 février 1957")).toBe("1957-02-02");
    expect(read("1er août 1990")).toBe("1990-08-01");
  });

  test("two letters that fit two months are not guessed", () => {
    expect(read("1 jui 1990")).toBeNull();
    expect(read("1 juil 1990")).toBe("1990-07-01");
  });

  test("the top row of a French keyboard is read without the shift key", () => {
    expect(read("&':à\":&ç(ç")).toBe("1959-03-14");
    expect(read("&'à\"&ç(ç")).toBe("1959-03-14");
  });

  test("any day comes back, however it is typed on a French keyboard", () => {
    const day = fc.date({ min: new Date("1900-01-01"), max: new Date("2026-11-21"), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.constantFrom("/", ".", " ", ""), fc.boolean(), (date, between, shift) => {
        const iso = date.toISOString().slice(0, 10);
        const typed = iso.split("-").reverse().join(between);
        // Without shift the slash's key gives a colon, and the full stop's a semicolon.
        const given = shift ? typed : azerty(typed).replaceAll("/", ":").replaceAll(".", ";");
        expect(read(given)).toBe(iso);
      }),
    );
  });

  test.each(["31/02/1959", "14/13/1959", "14/03/59", "14/03/2027", "14/03/1700", "hier", "", "14", "3/1959"])(
    "%s is no day of birth",
    (typed) => expect(read(typed)).toBeNull(),
  );
});
