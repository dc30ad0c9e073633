import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseReference, deskReasons, parkReasons, readParkCode, resolveSchema } from "./filing-desk.ts";

describe("the reasons of the filing desk", () => {
  test("each code is read as its reason, a refusal with whatever status", () => {
    for (const reason of parkReasons) expect(readParkCode(reason)).toBe(reason);
    for (const status of ["400", "422", "none"])
      expect(readParkCode(`record-refused-${status}`)).toBe("record-refused");
  });
  test("whatever else was written down is read as a fault of ours, and never throws", () => {
    fc.assert(
      fc.property(fc.string(), (code) => {
        const known = parkReasons.some((reason) => reason === code) || code.startsWith("record-refused-");
        return known || readParkCode(code) === "internal";
      }),
    );
  });
  test("no reason is named twice", () => {
    expect(new Set(deskReasons).size).toBe(deskReasons.length);
  });
});

describe("a decision", () => {
  test("has a reason of ten characters or more, blanks not counted", () => {
    const decision = (why: string) => resolveSchema.safeParse({ how: "filed-by-hand", why }).success;
    expect(decision("Sur papier")).toBe(true);
    expect(decision("Sur papie ")).toBe(false);
    expect(decision("          a          ")).toBe(false);
    expect(decision("a".repeat(500))).toBe(true);
    expect(decision("a".repeat(501))).toBe(false);
  });
});

test("the short reference is of the case id alone, in two groups of four", () => {
  fc.assert(
    fc.property(fc.uuid(), (caseId) => {
      expect(caseReference(caseId)).toMatch(/^[0-9A-F]{4}-[0-9A-F]{4}$/);
      expect(caseId.toUpperCase().startsWith(caseReference(caseId).replace("-", ""))).toBe(true);
    }),
  );
});
