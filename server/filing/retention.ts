import { z } from "zod";
import { type Expired, expiredSchema } from "#protocol/events.ts";
import { type Leaving, type Stays, summaryOf, whyStays } from "#protocol/retention.ts";
import type { Clock } from "../kit/role.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database, Migration, Queries } from "../store/index.ts";
import { readCase } from "./case-of.ts";
import type { CopyStore } from "./copies/index.ts";
import type { Leases } from "./leases.ts";
import { type FilingStore, stateSchema } from "./store.ts";

/** What filing knows of a case's leaving the messenger; what the archivist and the registry know is asked of them besides. */
export type FilingRetention = {
  /** Cases that may leave after so many days. */
  over(days: number): Promise<string[]>;
  /** Cases of which that was decided and that are not through with it: they go on, whatever came in meanwhile. */
  begun(): Promise<string[]>;
  /** All of which it was decided, through or not. */
  left(): Promise<string[]>;
  /** Decides for good, durably, and gives what stays of the case; the same again each time. Undefined when it may not leave. */
  begin(roomId: string, days: number): Promise<Expired | undefined>;
  /** The content is gone. */
  through(roomId: string): Promise<void>;
  /** One process at a time; nothing is done while another has the case in hand. */
  alone(roomId: string, work: () => Promise<void>): Promise<void>;
};

const migrations: readonly Migration[] = [
  `CREATE TABLE filing_expired (
     room_id TEXT PRIMARY KEY,
     begun_at_ms INTEGER NOT NULL,
     through_at_ms INTEGER,
     sealed BLOB NOT NULL
   );
   CREATE TABLE filing_malformed (event_id TEXT PRIMARY KEY, room_id TEXT NOT NULL);`,
];

const roomRow = z.object({ room_id: z.string() });
const countRow = z.object({ n: z.number() });
const itemRow = z.object({ state: stateSchema, done_at_ms: z.number().nullable() });
const sealedRow = z.object({ sealed: z.instanceof(Uint8Array) });
const place = (roomId: string): string => `filing_expired/${roomId}`;

/**
 * Which cases may leave the messenger (rule C16, as far as filing knows): everything of them is filed and read back, or refused, or a human has
 * decided; the room was told; no process has them in hand; their copies are with the sender; their days are over. One thing that waits keeps the
 * whole case. It is asked of the tables in the transaction that decides, so that nothing comes in between.
 */
export async function createRetention(parts: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly store: Pick<FilingStore, "itemsUpTo">;
  readonly leases: Pick<Leases, "take" | "release">;
  readonly copies: Pick<CopyStore, "ofRoom">;
  readonly clock: Clock;
}): Promise<FilingRetention & { noteMalformed(roomId: string, eventId: string): Promise<void> }> {
  const { db, sealer, clock } = parts;
  await db.migrate("filing-retention", migrations);

  async function leavingOf(roomId: string, q: Queries): Promise<Leaving & { filedAtMs: number }> {
    const count = async (sql: string, ...params: string[]): Promise<number> =>
      (await q.one(countRow, sql, ...params))?.n ?? 0;
    const items = await q.all(
      itemRow,
      "SELECT state, done_at_ms FROM filing_items WHERE room_id = ?",
      roomId,
    );
    return {
      state: (await readCase(parts.store, roomId, undefined, q)).said,
      items: items.map(({ state }) => state),
      filedAtMs: Math.max(0, ...items.map((each) => each.done_at_ms ?? 0)),
      malformed: await count("SELECT count(*) AS n FROM filing_malformed WHERE room_id = ?", roomId),
      untold: await count(
        "SELECT count(*) AS n FROM filing_outcomes WHERE room_id = ? AND sent_at_ms IS NULL",
        roomId,
      ),
      inHand:
        (await count(
          "SELECT count(*) AS n FROM filing_leases WHERE key IN (?, ?)",
          `file ${roomId}`,
          `tell ${roomId}`,
        )) > 0,
      copies: (await parts.copies.ofRoom(roomId, q)).map(({ recipient, state, obstacle }) => ({
        to: JSON.stringify(recipient.to),
        state,
        obstacle,
      })),
    };
  }

  async function whyNot(roomId: string, days: number): Promise<Stays | null> {
    return db.transaction(async (tx) => whyStays(await leavingOf(roomId, tx), days, clock()));
  }

  /** What ended long enough ago, to be looked at: no more than a guess that spares reading every case. */
  const candidates = (days: number) =>
    db.all(
      roomRow,
      `SELECT DISTINCT room_id FROM filing_items AS item
       WHERE kind IN ('opinion', 'misfiled') AND state = 'filed' AND done_at_ms <= ?
       AND NOT EXISTS (SELECT 1 FROM filing_expired WHERE room_id = item.room_id)
       AND NOT EXISTS (
         SELECT 1 FROM filing_items WHERE room_id = item.room_id AND state IN ('new', 'planned', 'refusing', 'parked')
       )`,
      clock() - days * 24 * 3600_000,
    );

  const rooms = async (sql: string): Promise<string[]> =>
    (await db.all(roomRow, sql)).map((row) => row.room_id);

  return {
    over: async (days) => {
      if (days <= 0) return [];
      const found: string[] = [];
      for (const { room_id: roomId } of await candidates(days))
        if ((await whyNot(roomId, days)) === null) found.push(roomId);
      return found;
    },
    begun: () => rooms("SELECT room_id FROM filing_expired WHERE through_at_ms IS NULL"),
    left: () => rooms("SELECT room_id FROM filing_expired"),
    begin: (roomId, days) =>
      db.transaction(async (tx) => {
        const before = await tx.one(sealedRow, "SELECT sealed FROM filing_expired WHERE room_id = ?", roomId);
        if (before !== undefined)
          return expiredSchema.parse(JSON.parse(sealer.openText(before.sealed, place(roomId))));
        const leaving = await leavingOf(roomId, tx);
        const summary = summaryOf(leaving.state, leaving.filedAtMs, clock());
        if (whyStays(leaving, days, clock()) !== null || summary === null) return undefined;
        await tx.run(
          "INSERT INTO filing_expired (room_id, begun_at_ms, sealed) VALUES (?, ?, ?)",
          roomId,
          clock(),
          sealer.seal(JSON.stringify(summary), place(roomId)),
        );
        return summary;
      }),
    through: async (roomId) => {
      await db.run("UPDATE filing_expired SET through_at_ms = ? WHERE room_id = ?", clock(), roomId);
    },
    alone: async (roomId, work) => {
      const lease = await parts.leases.take(`expire ${roomId}`);
      if (lease === undefined) return;
      try {
        await work();
      } finally {
        await parts.leases.release(lease);
      }
    },
    noteMalformed: async (roomId, eventId) => {
      await db.run(
        "INSERT INTO filing_malformed (event_id, room_id) VALUES (?, ?) ON CONFLICT (event_id) DO NOTHING",
        eventId,
        roomId,
      );
    },
  };
}
