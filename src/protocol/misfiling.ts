import { z } from "zod";
import { caseIdSchema, eventIdSchema, instantSchema, userIdSchema } from "./ids.ts";
import { signedSchema } from "./signed.ts";

export const minMisfiledReason = 10;
export const maxMisfiledReason = 500;

/**
 * That a case was opened for the wrong patient. Nothing is moved: a consent is the word of one person, and does not cover another. What the record has
 * of the case is entered in error from here on, nothing more of it is filed, and the right patient gets a request of their own.
 */
export const misfilingSchema = z.object({
  v: z.literal(1),
  misfilingId: z.uuid(),
  caseId: caseIdSchema,
  requestEventId: eventIdSchema,
  reason: z.string().trim().min(minMisfiledReason).max(maxMisfiledReason),
  /** Who was in the case, and is told by this. */
  told: z.array(userIdSchema).max(100),
  by: userIdSchema,
  at: instantSchema,
});
export type Misfiling = z.infer<typeof misfilingSchema>;
export const signedMisfilingSchema = signedSchema(misfilingSchema);
export type SignedMisfiling = z.infer<typeof signedMisfilingSchema>;
