import type { Patient, Sex } from "#protocol/patient.ts";
import { ageInYears, birthDateInWords } from "../patient/index.ts";
import type { Say } from "./addressee-words.ts";

/** French agrees with the patient: "née", "né", or a turn of phrase that does not need to. */
export const sexContext = (sex: Sex): "female" | "male" | "other" =>
  sex === "female" || sex === "male" ? sex : "other";

const majority = 18;

/** The traits that identify a person, in words, each on its own line. */
export function traitsInWords(say: Say, patient: Patient, nowMs: number) {
  const context = sexContext(patient.sex);
  const age = ageInYears(patient.birthDate, nowMs);
  const birth = birthDateInWords(patient.birthDate);
  const kind = age !== null && age < majority ? "child" : "sex";
  return {
    birthFamily:
      patient.birthFamily === undefined
        ? null
        : say("patient.birthFamily", { context, name: patient.birthFamily.toLocaleUpperCase("fr") }),
    ageAndSex: [
      age === null ? null : say("sentence.age", { count: age }),
      say(`patient.${kind}.${patient.sex}`),
    ]
      .filter((part) => part !== null)
      .join(", "),
    birth: birth === null ? say("patient.bornUnknown") : say("patient.born", { context, date: birth }),
    place: patient.birthPlace === undefined ? null : say("patient.at", { place: patient.birthPlace }),
    identity: say(patient.identity === "qualified" ? "patient.qualified" : "patient.provisional"),
    numbers: [
      patient.ins === undefined ? null : say("patient.ins", { value: patient.ins.value }),
      patient.hospitalNumber === undefined
        ? null
        : say("patient.hospitalNumber", { value: patient.hospitalNumber }),
    ].filter((part) => part !== null),
  };
}

/** "14 mars 1959": said back, a date with day and month swapped is seen at once. */
export const longDay = (isoDate: string, language: string): string =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : "fr-FR", {
    dateStyle: "long",
    timeZone: "UTC",
  }).format(new Date(`${isoDate}T00:00:00Z`));
