import { describe, expect, test } from "vitest";
import { ageInYears, civilName, spokenName } from "./patient-words.ts";

describe("a patient in words", () => {
  const now = new Date(2026, 10, 22, 12).getTime();

  test("somebody turns a year older on the birthday, not the day before", () => {
    expect(ageInYears("1959-11-22", now)).toBe(67);
    expect(ageInYears("1959-11-23", now)).toBe(66);
  });

  test("an unknown day of birth gives no age", () => {
    expect(ageInYears(undefined, now)).toBeNull();
  });

  test("capitals of the record are spoken as a name, apostrophes, hyphens and spaces kept", () => {
    expect(spokenName({ family: "DELATTRE", given: "JOSIANE" })).toBe("Josiane Delattre");
    expect(civilName("N’GUESSAN")).toBe("N’Guessan");
    expect(civilName("LE GOFF")).toBe("Le Goff");
    expect(civilName("AÏCHA-ÉLODIE")).toBe("Aïcha-Élodie");
  });

  test("a name that has small letters, or a script without capitals, is kept as it is", () => {
    expect(civilName("McLeod")).toBe("McLeod");
    expect(spokenName({ family: "الحسن", given: "فاطمة" })).toBe("فاطمة الحسن");
  });
});
