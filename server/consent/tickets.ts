import { randomUUID } from "node:crypto";
import { ColloqueError } from "#protocol/errors.ts";
import type { Clock } from "../kit/role.ts";
import type { Database } from "../store/index.ts";
import type { RemovalWorker } from "./media-removal.ts";
import { insertRemoval, insertTicket, setTicketMedia, takeExpiredTickets } from "./store.ts";

const ticketMs = 24 * 3600 * 1000;
const sweepMs = 10 * 60 * 1000;

/**
 * Key bundles look like pictures on the wire and have no receipt. A ticket lets one upload be read by one invitee (on any of
 * that person's devices) for a day; then the media are removed.
 */
export function createTickets(parts: { db: Database; clock: Clock; removals: RemovalWorker }) {
  const { db, clock, removals } = parts;

  async function sweep(): Promise<void> {
    const now = clock();
    const gone = await db.transaction(async (tx) => {
      const expired = await takeExpiredTickets(tx, now);
      for (const mxc of expired) await insertRemoval(tx, mxc, now);
      return expired;
    });
    if (gone.length > 0) await removals.kick();
  }

  const timer = setInterval(() => void sweep().catch(() => undefined), sweepMs);
  timer.unref();

  return {
    open: async (roomId: string, invitee: string): Promise<string> => {
      await sweep();
      const ticketId = randomUUID();
      await insertTicket(db, { ticketId, roomId, invitee, expiresAt: clock() + ticketMs });
      return ticketId;
    },
    bind: async (ticketId: string, mxc: string): Promise<void> => {
      if ((await setTicketMedia(db, ticketId, mxc, clock())) !== 1)
        throw new ColloqueError("not-found", { details: { why: "no-open-ticket" } });
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
