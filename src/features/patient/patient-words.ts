import type { Patient } from "#protocol/patient.ts";

type Named = Pick<Patient, "family" | "given">;

/** Whole years since a day of birth (ISO 8601); null when the day is not known. The day itself has no time zone. */
export function ageInYears(birthDate: string | undefined, nowMs: number): number | null {
  if (birthDate === undefined) return null;
  const [year, month, day] = birthDate.split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  const now = new Date(nowMs);
  const [thisMonth, today] = [now.getMonth() + 1, now.getDate()];
  const before = thisMonth < month || (thisMonth === month && today < day);
  return Math.max(0, now.getFullYear() - year - (before ? 1 : 0));
}

/** As one says it: "Josiane Delattre". Records often hold names in capitals only. */
export const spokenName = ({ family, given }: Named): string =>
  [civilName(given), civilName(family)].filter((part) => part !== "").join(" ");

/** The name with what tells homonyms apart: "Josiane Delattre (14/03/1959)". */
export const namedApart = (patient: Named & Pick<Patient, "birthDate">): string => {
  const birth = birthDateInWords(patient.birthDate);
  return birth === null ? spokenName(patient) : `${spokenName(patient)} (${birth})`;
};

/** A name out of capitals: "N’GUESSAN" becomes "N’Guessan", "LE GOFF" "Le Goff"; a name that has small letters is kept. */
export function civilName(name: string): string {
  if (name !== name.toLocaleUpperCase("fr") || name === name.toLocaleLowerCase("fr")) return name;
  return name
    .toLocaleLowerCase("fr")
    .replace(
      /(^|[\s'’-])(\p{L})/gu,
      (_, before: string, letter: string) => before + letter.toLocaleUpperCase("fr"),
    );
}

/** "14/03/1959", in both languages: the day first, as on every French card. */
export function birthDateInWords(birthDate: string | undefined): string | null {
  const parts = birthDate?.split("-") ?? [];
  return parts.length === 3 ? [...parts].reverse().join("/") : null;
}
