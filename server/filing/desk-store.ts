import { z } from "zod";
import { type Filed, filedSchema, resolutionSchema } from "#protocol/events.ts";
import type { DeskDecision, DeskEnded, DeskPiece } from "#protocol/filing-desk.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database, Migration, Queries } from "../store/index.ts";
import { type FileableKind, fileableKinds, parseInbox } from "./work.ts";

/** What an administrator resolved by hand. The words of the reason are sealed: a person may have named a patient in them. */
const migrations: readonly Migration[] = [
  `CREATE TABLE filing_resolutions (
     event_id TEXT PRIMARY KEY,
     room_id TEXT NOT NULL,
     kind TEXT NOT NULL,
     how TEXT NOT NULL,
     by_user TEXT NOT NULL,
     at_ms INTEGER NOT NULL,
     sealed BLOB NOT NULL
   );
   CREATE INDEX filing_resolutions_at ON filing_resolutions (at_ms);`,
];

const kindSchema = z.enum(fileableKinds);
const openRow = z.object({
  event_id: z.string(),
  room_id: z.string(),
  kind: kindSchema,
  state: z.string(),
  reason: z.string().nullable(),
  done_at_ms: z.number().nullable(),
  waiting_since_ms: z.number().nullable(),
  sealed: z.instanceof(Uint8Array),
  behind: z.number(),
});
const resolvedRow = z.object({
  event_id: z.string(),
  room_id: z.string(),
  kind: kindSchema.or(z.literal("unread")),
  how: resolutionSchema,
  by_user: z.string(),
  at_ms: z.number(),
  sealed: z.instanceof(Uint8Array),
});
const pieceRow = z.object({ event_id: z.string(), room_id: z.string(), kind: kindSchema });

const open = "('new', 'planned', 'refusing', 'parked')";
export const mostListed = 200;

export type DeskStore = Awaited<ReturnType<typeof createDeskStore>>;

/** The desk's view of filing's tables. It does not rely on who else looks: a decision is taken only on what is parked at that very moment. */
export async function createDeskStore(db: Database, sealer: Sealer) {
  await db.migrate("filing-desk", migrations);

  /** Parked pieces, and of each case that waits since before `beforeMs` the one at its head. Oldest first, one more than is listed. */
  async function pieces(beforeMs: number): Promise<DeskPiece[]> {
    const rows = await db.all(
      openRow,
      `SELECT event_id, room_id, kind, state, reason, done_at_ms, waiting_since_ms, sealed,
         (SELECT COUNT(*) FROM filing_items b
          WHERE b.room_id = i.room_id AND b.state IN ${open} AND b.event_id <> i.event_id) AS behind
       FROM filing_items i
       WHERE state = 'parked' OR (state IN ${open} AND waiting_since_ms <= ? AND seq =
         (SELECT MIN(f.seq) FROM filing_items f WHERE f.room_id = i.room_id AND f.state IN ${open})
         AND NOT EXISTS (SELECT 1 FROM filing_items p WHERE p.room_id = i.room_id AND p.state = 'parked'))
       ORDER BY seq LIMIT ${mostListed + 1}`,
      beforeMs,
    );
    return rows.map((row) => ({
      eventId: row.event_id,
      roomId: row.room_id,
      kind: row.kind,
      state: row.state === "parked" ? "parked" : "waiting",
      code: row.reason,
      sinceMs: (row.state === "parked" ? row.done_at_ms : row.waiting_since_ms) ?? 0,
      ...senderOf(row.event_id, row.sealed),
      behind: row.behind,
    }));
  }

  /** What was refused has left nothing to read. */
  function senderOf(eventId: string, sealed: Uint8Array) {
    const text = sealer.openText(sealed, `filing_items/${eventId}`);
    if (text === "{}") return { sentBy: null, sentAtMs: null };
    const { event } = parseInbox(text);
    return { sentBy: event.sender, sentAtMs: event.atMs };
  }

  /** Ends what is parked, all or nothing. Gives the pieces that it ended; none when this one is not parked any more. */
  const resolve = (eventId: string, decision: DeskDecision, nowMs: number): Promise<DeskEnded[]> =>
    db.transaction(async (tx) => {
      const parked = await tx.one(
        pieceRow,
        "SELECT event_id, room_id, kind FROM filing_items WHERE event_id = ? AND state = 'parked'",
        eventId,
      );
      if (parked === undefined) return [];
      // Without its request nothing of a case has a place in the record.
      const ended =
        parked.kind !== "request"
          ? [parked]
          : await tx.all(
              pieceRow,
              `SELECT event_id, room_id, kind FROM filing_items WHERE room_id = ? AND state IN ${open} ORDER BY seq`,
              parked.room_id,
            );
      for (const piece of ended) await end(tx, piece, decision, nowMs);
      return ended.map((piece) => ({
        ...decision,
        eventId: piece.event_id,
        roomId: piece.room_id,
        kind: piece.kind,
        atMs: nowMs,
      }));
    });

  async function end(
    tx: Queries,
    { event_id: eventId, room_id: roomId, kind }: z.infer<typeof pieceRow>,
    decision: DeskDecision,
    nowMs: number,
  ): Promise<void> {
    await note(tx, { eventId, roomId, kind }, decision, nowMs);
    await tx.run(
      "UPDATE filing_items SET state = 'resolved', done_at_ms = ? WHERE event_id = ?",
      nowMs,
      eventId,
    );
    // The case has it; nothing of it stays with us. After the opinion the pictures of the other photos are no figures any more either.
    await tx.run("DELETE FROM filing_plans WHERE event_id = ?", eventId);
    await tx.run("DELETE FROM filing_blobs WHERE event_id = ?", eventId);
    if (kind === "opinion")
      await tx.run(
        `DELETE FROM filing_blobs WHERE name = 'picture' AND event_id IN
         (SELECT event_id FROM filing_items WHERE room_id = ? AND state = 'filed')`,
        roomId,
      );
  }

  /** Keeps the decision, and the word to the case. */
  async function note(
    tx: Queries,
    { eventId, roomId, kind }: { eventId: string; roomId: string; kind: FileableKind | "unread" },
    { how, why, by }: DeskDecision,
    nowMs: number,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO filing_resolutions (event_id, room_id, kind, how, by_user, at_ms, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (event_id) DO NOTHING`,
      eventId,
      roomId,
      kind,
      how,
      by,
      nowMs,
      sealer.seal(why, `filing_resolutions/${eventId}`),
    );
    const outcome = filedSchema.parse({
      ofEvent: eventId,
      // Nobody knows what an unread event was.
      kind: kind === "unread" ? "message" : kind,
      // The words are sealed, and put in when it is told.
      outcome: { state: "resolved", at: new Date(nowMs).toISOString(), how, by, why: "" },
    });
    await tx.run(
      "INSERT INTO filing_outcomes (id, room_id, outcome) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
      `${eventId} resolved`,
      roomId,
      JSON.stringify(outcome),
    );
  }

  /** The same for what never came to filing. */
  const resolveUnread = (
    unread: { readonly eventId: string; readonly roomId: string },
    decision: DeskDecision,
    nowMs: number,
  ): Promise<void> => db.transaction((tx) => note(tx, { ...unread, kind: "unread" }, decision, nowMs));

  /** The word to the case, with the words of the decision. */
  async function inWords(filed: Filed): Promise<Filed> {
    const { ofEvent, outcome } = filed;
    if (outcome.state !== "resolved") return filed;
    const row = await db.one(
      z.object({ sealed: z.instanceof(Uint8Array) }),
      "SELECT sealed FROM filing_resolutions WHERE event_id = ?",
      ofEvent,
    );
    if (row === undefined) return filed;
    const why = sealer.openText(row.sealed, `filing_resolutions/${ofEvent}`);
    return { ...filed, outcome: { ...outcome, why } };
  }

  /** Lets a piece that waits for its time go now. */
  async function hurry(eventId: string): Promise<string | undefined> {
    await db.run(
      "UPDATE filing_items SET next_at_ms = 0 WHERE event_id = ? AND state IN ('new', 'planned', 'refusing')",
      eventId,
    );
    return (
      await db.one(
        z.object({ room_id: z.string() }),
        "SELECT room_id FROM filing_items WHERE event_id = ? AND state IN ('new', 'planned', 'refusing')",
        eventId,
      )
    )?.room_id;
  }

  async function resolved(): Promise<DeskEnded[]> {
    const rows = await db.all(
      resolvedRow,
      `SELECT event_id, room_id, kind, how, by_user, at_ms, sealed FROM filing_resolutions
       ORDER BY at_ms DESC LIMIT 50`,
    );
    return rows.map((row) => ({
      eventId: row.event_id,
      roomId: row.room_id,
      kind: row.kind,
      how: row.how,
      by: row.by_user,
      atMs: row.at_ms,
      why: sealer.openText(row.sealed, `filing_resolutions/${row.event_id}`),
    }));
  }

  return { pieces, resolve, resolveUnread, inWords, hurry, resolved };
}
