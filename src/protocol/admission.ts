import { z } from "zod";
import { refusalReasonSchema } from "./disclose.ts";
import { instantSchema, userIdSchema } from "./ids.ts";

/** The archivist's word on a colleague whom it was asked to let in and could not, or who had to go when their emergency access ended. */
export const admissionSchema = z.object({
  userId: userIdSchema,
  at: instantSchema,
  outcome: z.discriminatedUnion("state", [
    /** Nothing covers them by now; let in as soon as something does. */
    z.object({ state: z.literal("refused"), reason: refusalReasonSchema }),
    /** They have no device yet that a case could be given to; let in as soon as they have. */
    z.object({ state: z.literal("not-ready") }),
    z.object({ state: z.literal("glass-ended") }),
  ]),
});
export type Admission = z.infer<typeof admissionSchema>;
