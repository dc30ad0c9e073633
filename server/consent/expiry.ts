import { z } from "zod";
import type { SynapseClient } from "../kit/synapse-client.ts";
import type { RemovalWorker } from "./media-removal.ts";
import type { HistoryPurger, OpenParts, Registry } from "./port.ts";
import * as store from "./store.ts";

const pollMs = 500;
const patienceMs = 120_000;

/**
 * Through Synapse's admin interface. A redaction empties an event within minutes and leaves who said it when; this leaves no row. Resolves when
 * Synapse says that it is done, for it does not go on with it after a restart.
 */
export const createHistoryPurger =
  (synapse: Pick<SynapseClient, "call">, token: string, pauseMs = pollMs): HistoryPurger =>
  async (roomId, upTo) => {
    const [room, event] = [roomId, upTo].map(encodeURIComponent);
    const { purge_id: id } = await synapse.call({
      method: "POST",
      path: `/_synapse/admin/v1/purge_history/${room}/${event}`,
      token,
      body: { delete_local_events: true },
      answer: z.object({ purge_id: z.string() }),
    });
    const endMs = Date.now() + patienceMs;
    for (;;) {
      const { status } = await synapse.call({
        method: "GET",
        path: `/_synapse/admin/v1/purge_history_status/${encodeURIComponent(id)}`,
        token,
        answer: z.object({ status: z.string() }),
      });
      if (status === "complete") return;
      if (status !== "active" || Date.now() > endMs) throw new Error(`A purge of history is ${status}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };

type ExpiryCalls = Pick<
  Registry,
  "closeRoom" | "reopenRoom" | "closedRooms" | "isClosed" | "hasOpenWithdrawal" | "eraseRoom"
>;

/** A case leaves the messenger: first nothing new comes in, then its media go by the ledger, then what was said. */
export function createExpiry(parts: OpenParts & { removals: RemovalWorker }): ExpiryCalls {
  const { db, clock, audit, removals } = parts;
  return {
    closeRoom: async (roomId) => {
      await store.setClosed(db, roomId, clock());
      return clock() - ((await store.closedAt(db, roomId)) ?? clock());
    },
    reopenRoom: async (roomId) => void (await store.setOpen(db, roomId)),
    closedRooms: () => store.closedRooms(db),
    isClosed: async (roomId) => (await store.closedAt(db, roomId)) !== undefined,
    hasOpenWithdrawal: (roomId) => store.hasOpenWithdrawal(db, roomId),
    eraseRoom: async (roomId, upTo) => {
      const media = await store.mediaOfRoom(db, roomId);
      await db.transaction(async (tx) => {
        for (const mxc of media) await store.insertRemoval(tx, mxc, clock());
      });
      await removals.kick();
      await parts.purge?.(roomId, upTo);
      const caseId = (await store.caseByRoom(db, roomId))?.caseId;
      await audit.note({
        event: "case-expired",
        ...(caseId === undefined ? {} : { caseId }),
        details: { roomId, media: media.length },
      });
    },
  };
}
