import { z } from "zod";
import { callSlot } from "./calls.ts";
import { eventIdSchema, roomIdSchema, userIdSchema } from "./ids.ts";

/**
 * What the devices of a call say to each other, as MatrixRTC has it, so that Element Call can join: a ring and its refusal in the case
 * (encrypted events), media keys (encrypted to-device messages), and each device's word in state that it is in the call.
 */

/** Types of a ring and of its refusal (MSC4075, MSC4310). */
export const ringType = "org.matrix.msc4075.rtc.notification";
export const declineType = "org.matrix.msc4310.rtc.decline";
/** Type of the to-device message that carries a media key. Never believed unless it came encrypted. */
export const callKeysType = "io.element.call.encryption_keys";

/** How long a ring of ours lasts; nobody's is heard longer than two minutes. */
export const ringMs = 30_000;
const longestRingMs = 120_000;

const referenceSchema = z.object({ rel_type: z.literal("m.reference"), event_id: eventIdSchema });

/** Somebody is called. Who is not named is not rung: a case has more people than a call needs. */
export const ringSchema = z.object({
  slot_id: z.literal(callSlot).optional(),
  "m.mentions": z.object({
    user_ids: z.array(userIdSchema).max(16).default([]),
    room: z.boolean().default(false),
  }),
  lifetime: z.number().positive().max(longestRingMs),
  sender_ts: z.number(),
  "m.relates_to": referenceSchema.optional(),
});
export type Ring = z.infer<typeof ringSchema>;

/** `busy`: in another call; said by the device itself. */
export const declineReasonSchema = z.enum(["declined", "busy"]);
export type DeclineReason = z.infer<typeof declineReasonSchema>;
/** Our own member of a refusal's content; other clients leave it out, and have then just refused. */
const reasonKey = "fr.colloque.reason";
export const declineSchema = z.object({
  "m.relates_to": referenceSchema,
  [reasonKey]: declineReasonSchema.default("declined").catch("declined"),
});

export const ringContent = (to: readonly string[], member: string | null, nowMs: number) => ({
  slot_id: callSlot,
  notification_type: "ring",
  "m.mentions": { user_ids: [...to], room: false },
  lifetime: ringMs,
  sender_ts: nowMs,
  ...(member === null ? {} : { "m.relates_to": { rel_type: "m.reference", event_id: member } }),
});

export const declineContent = (ring: string, reason: DeclineReason) => ({
  "m.relates_to": { rel_type: "m.reference", event_id: ring },
  [reasonKey]: reason,
});

export const declineReasonOf = (content: z.infer<typeof declineSchema>): DeclineReason => content[reasonKey];

/** Key indices at LiveKit are one byte. */
export const keyIndices = 256;
export const mediaKeyBytes = 16;

/** A media key, as MatrixRTC sends it to another device of the call. */
export const callKeysSchema = z.object({
  keys: z.object({
    index: z
      .int()
      .min(0)
      .max(keyIndices - 1),
    key: z.string().regex(/^[A-Za-z0-9+/_-]{16,88}={0,2}$/),
  }),
  member: z.object({ id: z.string().max(400).optional(), claimed_device_id: z.string().min(1).max(64) }),
  room_id: roomIdSchema,
  session: z.object({ application: z.literal("m.call"), call_id: z.literal(""), scope: z.literal("m.room") }),
  sent_ts: z.number().optional(),
});
export type CallKeys = z.infer<typeof callKeysSchema>;

/** A device's word that it is in the call. Leaving is an empty content, which this refuses. */
export const callMemberSchema = z.object({
  application: z.literal("m.call"),
  call_id: z.literal(""),
  scope: z.literal("m.room").optional(),
  device_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  created_ts: z.number().optional(),
  expires: z.number().positive(),
});

/** State key of a device's membership; rooms where state keys are owned write it without the first underscore. */
export const callMemberKey = (userId: string, deviceId: string): string => `_${userId}_${deviceId}_m.call`;
export const isCallMemberKey = (key: string, userId: string, deviceId: string): boolean =>
  key.replace(/^_/, "") === callMemberKey(userId, deviceId).slice(1);
