import type { CallTrace } from "#protocol/calls.ts";
import type { CallRow, IncidentRow, PresenceRow } from "./store.ts";

const instant = (ms: number): string => new Date(ms).toISOString();

/**
 * What the case is told of a call that is over. One stay a person: somebody on two devices, or who came back, was in it from the first
 * time to the last. Null when nobody ever met anybody: that is a call without an answer, which the ring itself shows.
 */
export function traceOf(
  call: CallRow,
  presences: readonly PresenceRow[],
  incidents: readonly IncidentRow[],
): CallTrace | null {
  const { endedAtMs, ended } = call;
  if (endedAtMs === null || ended === null) return null;
  const stays = new Map<string, { joinedAtMs: number; leftAtMs: number }>();
  for (const { userId, joinedAtMs, leftAtMs } of presences) {
    const known = stays.get(userId);
    const until = Math.max(joinedAtMs, leftAtMs ?? endedAtMs);
    stays.set(userId, {
      joinedAtMs: Math.min(known?.joinedAtMs ?? joinedAtMs, joinedAtMs),
      leftAtMs: Math.max(known?.leftAtMs ?? until, until),
    });
  }
  if (stays.size < 2) return null;
  return {
    callId: call.callId,
    startedAt: instant(Math.min(...[...stays.values()].map(({ joinedAtMs }) => joinedAtMs))),
    endedAt: instant(Math.max(endedAtMs, ...[...stays.values()].map(({ leftAtMs }) => leftAtMs))),
    ended,
    participants: [...stays].slice(0, 200).map(([userId, { joinedAtMs, leftAtMs }]) => ({
      userId,
      joinedAt: instant(joinedAtMs),
      leftAt: instant(leftAtMs),
    })),
    incidents: incidents.slice(0, 200).map(({ atMs, kind, userId }) => ({ at: instant(atMs), kind, userId })),
  };
}
