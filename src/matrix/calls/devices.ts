import { callMemberSchema, isCallMemberKey } from "#protocol/call-events.ts";
import { callIdentity } from "#protocol/calls.ts";

/** A device in a call, or one that is rung. */
export type CallDevice = {
  readonly userId: string;
  readonly deviceId: string;
  /** Its name at LiveKit. */
  readonly identity: string;
};
export type CallMember = CallDevice & { readonly sinceMs: number };

export const deviceOf = (userId: string, deviceId: string): CallDevice => ({
  userId,
  deviceId,
  identity: callIdentity(userId, deviceId),
});

/** A membership as it stands in the room's state. */
export type Membership = {
  readonly stateKey: string;
  readonly sender: string;
  readonly content: unknown;
  readonly atMs: number;
};

/**
 * Who is in the call, first come first: devices that say so of themselves, of people who are in the room, not for longer than they said. A
 * state key alone proves nothing: anybody may write any of them, so it must be the sender's own.
 */
export function devicesInCall(
  memberships: readonly Membership[],
  isJoined: (userId: string) => boolean,
  nowMs: number,
): CallMember[] {
  const found = new Map<string, CallMember>();
  for (const { stateKey, sender, content, atMs } of memberships) {
    const parsed = callMemberSchema.safeParse(content);
    if (!parsed.success || !isJoined(sender)) continue;
    const { device_id: deviceId, created_ts: sinceMs = atMs, expires } = parsed.data;
    if (!isCallMemberKey(stateKey, sender, deviceId) || sinceMs + expires < nowMs) continue;
    const member = { ...deviceOf(sender, deviceId), sinceMs };
    found.set(member.identity, member);
  }
  return [...found.values()].sort((a, b) => a.sinceMs - b.sinceMs || (a.identity < b.identity ? -1 : 1));
}
