import { z } from "zod";
import { caseIdSchema, consentIdSchema, instantSchema, sha256Schema, userIdSchema } from "./ids.ts";
import { signedSchema } from "./signed.ts";

/**
 * Breaking the glass: in an emergency, somebody whom the consent does not cover (or no longer covers) is let in, for care alone, for a
 * time, with a reason that everybody in the case reads. Signed by who breaks it; the reason travels in the encrypted event, and only its
 * hash is given to the registry. CSP R1110-3: the patient is told afterwards, and the record says so.
 */
export const glassSchema = z.object({
  v: z.literal(1),
  glassId: z.uuid(),
  caseId: caseIdSchema,
  /** The consent that does not reach so far. */
  consentId: consentIdSchema,
  /** Who is let in. */
  reader: userIdSchema,
  openedBy: userIdSchema,
  /** SHA-256 of the reason's text. */
  reasonSha256: sha256Schema,
  openedAt: instantSchema,
  endsAt: instantSchema,
});
export type Glass = z.infer<typeof glassSchema>;
export const signedGlassSchema = signedSchema(glassSchema);
export type SignedGlass = z.infer<typeof signedGlassSchema>;

/** What a gate knows of a broken glass: for whom and until when (milliseconds since the epoch). */
export type OpenGlass = { readonly reader: string; readonly untilMs: number };

/** A reason is written for colleagues and the patient: a few words at least. */
export const minReason = 10;
export const maxReason = 1000;
