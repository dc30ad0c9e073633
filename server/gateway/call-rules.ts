import { z } from "zod";
import { callMemberType } from "#protocol/calls.ts";
import { ColloqueError } from "#protocol/errors.ts";

/** What a member may say of its own place in a call, in clear, and nothing besides. Pure; each throws `not-allowed` in words. */
const refused = (words: string) => new ColloqueError("not-allowed", { details: { words } });

const name = z.string().regex(/^[A-Za-z0-9._:@/+=-]{1,320}$/);
const focus = z.strictObject({
  type: z.literal("livekit"),
  livekit_service_url: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .optional(),
  livekit_alias: z
    .string()
    .regex(/^[!A-Za-z0-9._:+/=-]{1,255}$/)
    .optional(),
  focus_selection: z.enum(["oldest_membership", "multi_sfu"]).optional(),
});
const ms = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const memberSchema = z.strictObject({
  application: z.literal("m.call"),
  call_id: z.literal(""),
  scope: z.literal("m.room"),
  device_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  membershipID: name.optional(),
  created_ts: ms.optional(),
  expires: ms.optional(),
  "m.call.intent": z.enum(["audio", "video"]).optional(),
  focus_active: focus,
  foci_preferred: z.array(focus).max(4),
});
const gone = z.strictObject({ leave_reason: z.enum(["LOST_CONNECTION"]).optional() });

/** The state key under which a device says that it is in the call of its room. */
export const callMemberKey = (userId: string, deviceId: string): string => `_${userId}_${deviceId}_m.call`;

/** A device's place in the call of its room (MatrixRTC as room state, MSC3401 and MSC4143), or that it left. */
export function checkCallMember(key: string, body: unknown): void {
  const words = `In ${callMemberType} stands which device is in a call, by which media server, and nothing else.`;
  if (gone.safeParse(body).success) return;
  const member = memberSchema.safeParse(body);
  if (!member.success || !key.endsWith(`_${member.data.device_id}_m.call`)) throw refused(words);
}

/** Longest that the homeserver keeps an end that it sends by itself: beyond it a lost device would stay in the call. */
const maxDelayMs = 60_000;

/** `org.matrix.msc4140.delay` alone may stand beside a place in a call, for the leave that the homeserver sends (MSC4140). */
export function checkDelay(query: string): void {
  if (query === "") return;
  const given = [...new URLSearchParams(query)];
  const [first] = given;
  const isDelay =
    given.length === 1 &&
    first?.[0] === "org.matrix.msc4140.delay" &&
    /^[0-9]{1,5}$/.test(first[1]) &&
    Number(first[1]) <= maxDelayMs;
  if (!isDelay) throw refused("Only the delay of a leave may be asked for here, and a minute at most.");
}

const actions = z.enum(["restart", "send", "cancel"]);
/** What is done with a leave that the homeserver keeps: by the path, or as it was before, by the body. */
export function checkDelayedEvent(delay: string, action: string | undefined, body: unknown): void {
  const asked =
    action === undefined ? z.strictObject({ action: actions }).safeParse(body) : actions.safeParse(action);
  const isEmpty = action === undefined || z.strictObject({}).safeParse(body).success;
  if (!asked.success || !isEmpty || !/^[A-Za-z0-9_-]{1,64}$/.test(delay))
    throw refused("A delayed leave is restarted, sent or cancelled, and nothing else.");
}
