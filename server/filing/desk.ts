import { type DeskDecision, type DeskEnded, type DeskPiece, waitingLongMs } from "#protocol/filing-desk.ts";
import type { Clock } from "../kit/role.ts";
import type { DeskStore } from "./desk-store.ts";

/** What waits for a human, and what one may do about it. */
export type FilingDesk = {
  /** What is parked, and the head of each case that waits for long. */
  pieces(): Promise<DeskPiece[]>;
  /** Puts a parked piece back in line, or has a waiting one tried now. False when it waits for nobody. */
  retry(eventId: string): Promise<boolean>;
  /** Ends a parked piece, and with a request all that waits behind it. Gives what it ended: nothing when it is not parked any more. */
  resolve(eventId: string, decision: DeskDecision): Promise<DeskEnded[]>;
  /** The same for an event that never came to filing, because it could not be read. */
  resolveUnread(unread: { eventId: string; roomId: string }, decision: DeskDecision): Promise<void>;
  /** The last decisions, newest first. */
  resolved(): Promise<DeskEnded[]>;
};

export function createDesk(parts: {
  readonly store: DeskStore;
  /** Puts a parked item back; gives its room. */
  readonly retry: (eventId: string) => Promise<string | undefined>;
  readonly file: (roomId: string) => void;
  readonly tell: (roomId: string) => void;
  readonly clock: Clock;
}): FilingDesk {
  const { store, clock } = parts;
  return {
    pieces: () => store.pieces(clock() - waitingLongMs),
    retry: async (eventId) => {
      const roomId = (await parts.retry(eventId)) ?? (await store.hurry(eventId));
      if (roomId !== undefined) parts.file(roomId);
      return roomId !== undefined;
    },
    resolve: async (eventId, decision) => {
      const ended = await store.resolve(eventId, decision, clock());
      for (const roomId of new Set(ended.map((each) => each.roomId))) {
        parts.tell(roomId);
        parts.file(roomId);
      }
      return ended;
    },
    resolveUnread: async (unread, decision) => {
      await store.resolveUnread(unread, decision, clock());
      parts.tell(unread.roomId);
    },
    resolved: store.resolved,
  };
}
