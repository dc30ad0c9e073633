import { z } from "zod";

export const sexSchema = z.enum(["female", "male", "other", "unknown"]);
export type Sex = z.infer<typeof sexSchema>;

/** Day of birth, ISO 8601, as FHIR Patient.birthDate. */
export const birthDateSchema = z.iso.date();

/**
 * The patient's identity as found in the record. It travels inside encrypted events only.
 * `identity: "qualified"` means an INS with its traits checked (fr-core VALI); anything else is "provisional".
 */
export const patientSchema = z.object({
  /** Logical id of the FHIR Patient. */
  recordId: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/),
  family: z.string().max(200),
  birthFamily: z.string().max(200).optional(),
  given: z.string().max(200),
  birthDate: birthDateSchema.optional(),
  birthPlace: z.string().max(200).optional(),
  sex: sexSchema,
  identity: z.enum(["qualified", "provisional"]),
  /** INS as system and value, only when the identity is qualified. */
  ins: z.object({ system: z.string().max(200), value: z.string().max(40) }).optional(),
  /** The hospital's own number (IPP). */
  hospitalNumber: z.string().max(60).optional(),
});
export type Patient = z.infer<typeof patientSchema>;

/** What a search may be made of: one identifier, or at least the family name or birth date. IHE PDQm ITI-78. */
export const patientQuerySchema = z.union([
  z.object({ identifier: z.string().trim().min(3).max(60) }),
  z
    .object({
      family: z.string().trim().min(2).max(100).optional(),
      given: z.string().trim().min(1).max(100).optional(),
      birthDate: birthDateSchema.optional(),
      sex: sexSchema.optional(),
    })
    .refine((query) => query.family !== undefined || query.birthDate !== undefined),
]);
export type PatientQuery = z.infer<typeof patientQuerySchema>;

/** Initials for lists and notifications: "J. D." for Josiane Delattre; first letters as written, in any script. */
export function initialsOf(patient: Pick<Patient, "given" | "family">): string {
  return [patient.given, patient.family]
    .map((name) => [...name.trim().replace(/^[^\p{L}\p{N}]+/u, "")][0])
    .filter((letter) => letter !== undefined)
    .map((letter) => `${letter.toLocaleUpperCase("fr")}.`)
    .join(" ");
}
