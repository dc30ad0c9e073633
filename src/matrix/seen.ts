import { machineTypes, type Seen } from "#protocol/events.ts";
import { type Clock, drop, pauseMs } from "./kit/clock.ts";
import type { Sender } from "./timeline/sender.ts";

const batchMs = 500;
const maxPerEvent = 200;

export type SeenTeller = { readonly tell: (roomId: string, eventIds: readonly string[]) => void };

/** Tells the others, once per event, what was on this person's screen. Gathers for half a second: a case opens with many at once. */
export function createSeenTeller(deps: {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Not worth telling: said before, or this person's own. */
  readonly isKnown: (roomId: string, eventId: string) => boolean;
}): SeenTeller {
  const { sender, clock, signal } = deps;
  const told = new Set<string>();
  const gathered = new Map<string, string[]>();

  const send = async (roomId: string): Promise<void> => {
    await clock.wait(batchMs, signal);
    const eventIds = gathered.get(roomId) ?? [];
    gathered.delete(roomId);
    for (let at = 0; at < eventIds.length; at += maxPerEvent) {
      const seen: Seen = {
        ofEvents: eventIds.slice(at, at + maxPerEvent),
        at: new Date(clock.nowMs()).toISOString(),
      };
      const txnId = crypto.randomUUID();
      for (let attempt = 0; !signal.aborted; attempt += 1) {
        if ((await sender.sendEvent(roomId, machineTypes.seen, seen, txnId)).ok) break;
        await clock.wait(pauseMs(attempt), signal);
      }
    }
  };

  return {
    tell(roomId, eventIds) {
      const fresh = eventIds.filter((eventId) => !told.has(eventId) && !deps.isKnown(roomId, eventId));
      if (fresh.length === 0) return;
      for (const eventId of fresh) told.add(eventId);
      const waiting = gathered.get(roomId);
      if (waiting !== undefined) {
        waiting.push(...fresh);
        return;
      }
      gathered.set(roomId, [...fresh]);
      drop(send(roomId));
    },
  };
}
