import { z } from "zod";
import { instantSchema, userIdSchema } from "./ids.ts";

/**
 * Copies of a filed letter that leave by the hospital's own sender (secure mail, the patient's portal, paper). Whom one goes to, never an
 * address: the server finds that in the record.
 */
export const copyToSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("usual-doctor") }),
  z.object({ kind: z.literal("colleague"), userId: userIdSchema }),
  z.object({ kind: z.literal("patient") }),
]);
export type CopyTo = z.infer<typeof copyToSchema>;

/** POST /cases/:roomId/copies. The same `copyId` again is the same copy. */
export const askCopySchema = z.object({
  copyId: z.uuid(),
  /** The letter, as GET /cases/:roomId/record names it. */
  entryId: z.string().max(64),
  to: copyToSchema,
  /** The patient was told and does not object (CSP L1110-4): nothing leaves without the sender saying so. */
  patientTold: z.literal(true),
});
export type AskCopy = z.infer<typeof askCopySchema>;

/** Why a copy cannot leave. */
export const copyObstacleSchema = z.enum([
  "no-sender",
  "no-usual-doctor",
  "no-secure-address",
  "consent-ended",
  "not-a-letter",
  "refused-by-sender",
]);
export type CopyObstacle = z.infer<typeof copyObstacleSchema>;

/** GET /cases/:roomId/copies */
export const copiesSchema = z.object({
  /** Whether this hospital has a sender. */
  canSend: z.boolean(),
  usualDoctor: z.object({ name: z.string(), reachable: z.boolean() }).nullable(),
  copies: z.array(
    z.object({
      copyId: z.uuid(),
      to: copyToSchema,
      name: z.string(),
      by: userIdSchema,
      askedAt: instantSchema,
      state: z.enum(["waiting", "handed", "failed"]),
      handedAt: instantSchema.optional(),
      obstacle: copyObstacleSchema.optional(),
    }),
  ),
});
export type Copies = z.infer<typeof copiesSchema>;
export type Copy = Copies["copies"][number];

/** Somebody outside this house, or in it, whom a letter may be sent to. */
export type Correspondent = {
  readonly family: string;
  readonly given: string;
  readonly title: string;
  /** 11 digits, where it is known. */
  readonly rpps?: string | undefined;
  /** In the MSSanté space; undefined where the record knows none: ordinary mail is never used. */
  readonly secureMail?: string | undefined;
};

/** Who somebody is and where their secure mail goes; both throw `record-unreachable`. */
export type Correspondents = {
  usualDoctorOf(patientId: string): Promise<Correspondent | undefined>;
  colleague(practitionerRoleId: string): Promise<Correspondent | undefined>;
};
