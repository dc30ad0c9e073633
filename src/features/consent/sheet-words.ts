import type { Patient, Sex } from "#protocol/patient.ts";
import type { Addressee, Clinician } from "#protocol/people.ts";
import { fullName } from "#protocol/people.ts";
import { civilName, spokenName } from "../patient/index.ts";

/** The translator of the namespace `consent`, in the sheet's own language. */
export type Say = (key: string, values?: Readonly<Record<string, string | number>>) => string;

export const sexContext = (sex: Sex): "female" | "male" | "other" =>
  sex === "female" || sex === "male" ? sex : "other";

/** « Madame Delattre », or « Pour Adam » when somebody else decides: who is asked. */
export function addressInWords(say: Say, patient: Patient, minor: boolean): string {
  if (minor) return say("forChild", { given: civilName(patient.given) });
  const family = civilName(patient.family);
  if (patient.sex === "female") return say("madam", { family });
  return patient.sex === "male" ? say("sir", { family }) : spokenName(patient);
}

/** "de la dermatologie", "du Dr Hélène Martin": whose opinion it is. */
export function ofRecipient(
  say: Say,
  recipient: Addressee | undefined,
  clinicians: readonly Clinician[],
  teams: ReadonlyMap<string, string>,
): string {
  if (recipient === undefined) return "";
  if (recipient.kind === "specialty") return say(`of.${recipient.specialty}`);
  if (recipient.kind === "team") return say("of.team", { name: teams.get(recipient.teamId) ?? "" });
  const person = clinicians.find((each) => each.userId === recipient.userId);
  if (person === undefined) return "";
  return say(/^(Dr|Pr)\b/.test(person.title) ? "of.doctor" : "of.person", { name: fullName(person) });
}
