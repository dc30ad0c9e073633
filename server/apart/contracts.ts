import { join } from "node:path";
import { z } from "zod";
import { callTraceSchema } from "#protocol/calls.ts";
import type { Json } from "#protocol/canonical.ts";
import { refusalReasonSchema } from "#protocol/disclose.ts";
import { expiredSchema, filedSchema, withdrawnSchema } from "#protocol/events.ts";
import { addresseeSchema } from "#protocol/people.ts";
import type { Contract } from "../kit/link.ts";

/**
 * What the archivist and the house ask of each other when they are two processes of two users. The archivist has the keys of Matrix and
 * none of the record; the house (gateway, registry, directory, filing) has the record and no key of Matrix.
 */

const jsonSchema: z.ZodType<Json, Json> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(jsonSchema),
    z.record(z.string(), jsonSchema),
  ]),
);
const nothing = z.null();
const room = z.object({ roomId: z.string() });
const invitation = z.object({
  roomId: z.string(),
  caseId: z.string(),
  userId: z.string(),
  askedBy: z.string(),
});
const note = z.object({
  event: z.string(),
  actor: z.string().optional(),
  caseId: z.string().optional(),
  details: z.record(z.string(), jsonSchema).optional(),
});
const cover = z.discriminatedUnion("by", [
  z.object({ by: z.literal("consent") }),
  z.object({ by: z.literal("glass"), untilMs: z.number() }),
  z.object({ by: z.literal("nothing"), reason: refusalReasonSchema }),
]);
const withdrawal = z.object({
  consentId: z.string(),
  at: z.number(),
  by: z.string(),
  why: withdrawnSchema.shape.reason,
  receiptIds: z.array(z.string()),
});

/** What the archivist asks of the house. */
export const houseContract = {
  coverOf: { takes: z.object({ caseId: z.string(), userId: z.string() }), gives: cover },
  peopleOf: {
    takes: z.object({ addressee: addresseeSchema, requester: z.string() }),
    gives: z.array(z.string()),
  },
  withdrawnIn: {
    takes: room,
    gives: z.object({ receiptIds: z.array(z.string()), untold: z.array(withdrawal) }),
  },
  withdrawalTold: { takes: z.object({ consentId: z.string() }), gives: nothing },
  noteWithdrawal: { takes: room.extend({ withdrawn: withdrawnSchema }), gives: nothing },
  openTicket: { takes: room.extend({ invitee: z.string() }), gives: z.string() },
  bindTicket: { takes: z.object({ ticketId: z.string(), mxc: z.string() }), gives: nothing },
  fileCheck: {
    takes: room.extend({ mxc: z.string(), receiptId: z.string().optional() }),
    gives: z.enum(["announced", "unknown", "of-another"]),
  },
  isClosed: { takes: room, gives: z.boolean() },
  note: { takes: note, gives: nothing },
  inviteDecided: {
    takes: z.object({
      actor: z.string(),
      roomId: z.string(),
      invitee: z.string(),
      allowed: z.boolean(),
      reason: z.string(),
    }),
    gives: nothing,
  },
  pictureRead: {
    takes: z.object({ actor: z.string(), caseId: z.string(), receiptId: z.string(), mxc: z.string() }),
    gives: nothing,
  },
  /** One decrypted event, on its way to filing. Durable when it is answered; the same one twice is once. */
  submit: {
    takes: z.object({
      eventId: z.string(),
      roomId: z.string(),
      sender: z.string(),
      originServerTs: z.number(),
      type: z.string(),
      content: z.unknown(),
      /** The stripped JPEG, base64. */
      picture: z.base64().optional(),
    }),
    gives: nothing,
  },
} as const satisfies Contract;

/** What the house asks of the archivist. */
export const archivistContract = {
  state: { takes: nothing, gives: z.enum(["up", "down"]) },
  sendFiled: { takes: room.extend({ filed: filedSchema }), gives: z.string() },
  sendCall: { takes: room.extend({ trace: callTraceSchema }), gives: z.string() },
  redactRefused: { takes: room.extend({ eventId: z.string() }), gives: nothing },
  askIn: { takes: invitation, gives: nothing },
  onUserReady: { takes: z.object({ userId: z.string() }), gives: nothing },
  onWithdrawn: { takes: room, gives: nothing },
  unread: {
    takes: nothing,
    gives: z.array(
      z.object({
        eventId: z.string(),
        roomId: z.string(),
        sender: z.string(),
        atMs: z.number(),
        reason: z.string(),
      }),
    ),
  },
  tryAgain: { takes: room, gives: nothing },
  giveUpUnread: { takes: z.object({ eventId: z.string() }), gives: z.boolean() },
  expire: { takes: z.object({ roomId: z.string(), expired: expiredSchema }), gives: z.string() },
  isAllTaken: { takes: room, gives: z.boolean() },
} as const satisfies Contract;

export const houseSocket = (folder: string): string => join(folder, "house.sock");
export const archivistSocket = (folder: string): string => join(folder, "archivist.sock");
