import { z } from "zod";
import { caseIdSchema, eventIdSchema, instantSchema, userIdSchema } from "./ids.ts";
import { patientSchema } from "./patient.ts";
import { signedSchema } from "./signed.ts";

/**
 * Whom a case is about, after it was said to be of the wrong patient. The patient was there and the name was another's: consent and photos bear
 * a pseudonym and no name, so that they stay what they are, on the signed word of who asked that they are this person's.
 */
export const identityCorrectionSchema = z.object({
  v: z.literal(1),
  correctionId: z.uuid(),
  caseId: caseIdSchema,
  requestEventId: eventIdSchema,
  /** The word that the case was of the wrong patient. */
  misfilingId: z.uuid(),
  patient: patientSchema,
  attests: z.literal("consent-and-photos-are-theirs"),
  by: userIdSchema,
  at: instantSchema,
});
export type IdentityCorrection = z.infer<typeof identityCorrectionSchema>;
export const signedIdentityCorrectionSchema = signedSchema(identityCorrectionSchema);
export type SignedIdentityCorrection = z.infer<typeof signedIdentityCorrectionSchema>;
