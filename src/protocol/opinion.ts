import { z } from "zod";
import { caseIdSchema, eventIdSchema, instantSchema, sha256Schema, userIdSchema } from "./ids.ts";
import { signedSchema } from "./signed.ts";

/** Free text of a clinician. */
export const longText = z.string().trim().max(8000);

export const certaintySchema = z.enum(["possible", "probable", "very-probable", "certain"]);
export type Certainty = z.infer<typeof certaintySchema>;

export const opinionSchema = z.object({
  opinionId: z.uuid(),
  caseId: caseIdSchema,
  /** The request's Matrix event, so that an opinion cannot be moved to another question. */
  requestEventId: eventIdSchema,
  findings: longText,
  assessment: z.string().trim().min(1).max(8000),
  certainty: certaintySchema,
  plan: z.string().trim().min(1).max(8000),
  ifWorse: z.string().trim().min(1).max(8000),
  inPerson: z.discriminatedUnion("needed", [
    z.object({ needed: z.literal(false) }),
    z.object({ needed: z.literal(true), when: z.string().trim().min(1).max(300) }),
  ]),
  limits: longText,
  /** The photos that the expert had on screen, by picture hash. */
  picturesSeen: z.array(sha256Schema).max(100),
  author: userIdSchema,
  signedAt: instantSchema,
});
export type Opinion = z.infer<typeof opinionSchema>;
export const signedOpinionSchema = signedSchema(opinionSchema);
export type SignedOpinion = z.infer<typeof signedOpinionSchema>;

export const minAmendReason = 10;
export const maxAmendReason = 500;

/**
 * A signed opinion is never changed: its author signs another version of the whole of it, which takes its place. The earlier one stays, in the
 * case and in the record.
 */
export const amendmentSchema = z.object({
  v: z.literal(1),
  /** The version that the author had before them: the opinion, or an amendment of it. */
  amends: z.object({ eventId: eventIdSchema, opinionId: z.uuid() }),
  /** Something was added, or something was wrong. */
  how: z.enum(["completed", "corrected"]),
  reason: z.string().trim().min(minAmendReason).max(maxAmendReason),
  opinion: opinionSchema,
});
export type Amendment = z.infer<typeof amendmentSchema>;
export const signedAmendmentSchema = signedSchema(amendmentSchema);
export type SignedAmendment = z.infer<typeof signedAmendmentSchema>;
