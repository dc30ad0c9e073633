import { z } from "zod";
import { caseIdSchema, eventIdSchema, instantSchema, userIdSchema } from "./ids.ts";
import { signedSchema } from "./signed.ts";

export const minMisfiledReason = 10;
export const maxMisfiledReason = 500;

/**
 * That a case was opened for the wrong patient. What the record has of it is entered in error from here on, and nothing more is filed there. Whose
 * it is is said apart (identity.ts), and may be said later: who notices need not know.
 */
export const misfilingSchema = z.object({
  v: z.literal(1),
  misfilingId: z.uuid(),
  caseId: caseIdSchema,
  requestEventId: eventIdSchema,
  reason: z.string().trim().min(minMisfiledReason).max(maxMisfiledReason),
  /** Who was in the case, and is told by this. */
  told: z.array(userIdSchema).max(100),
  /** Who of them had something of the case on screen under that name, as far as the device that says this knows. */
  seenBy: z.array(userIdSchema).max(100).optional(),
  by: userIdSchema,
  at: instantSchema,
});
export type Misfiling = z.infer<typeof misfilingSchema>;
export const signedMisfilingSchema = signedSchema(misfilingSchema);
export type SignedMisfiling = z.infer<typeof signedMisfilingSchema>;
