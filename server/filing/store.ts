import { z } from "zod";
import { type Filed, filedKindSchema, filedSchema } from "#protocol/events.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Receipt } from "#protocol/receipt.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database, Migration, Queries, SqlValue } from "../store/index.ts";
import { anewId, isTheCorrection, saidIn } from "./anew.ts";
import { fileAnew } from "./file-anew.ts";
import { fence, type Lease } from "./leases.ts";
import type { Entry, Plan, Step } from "./plan/index.ts";
import { parseSteps } from "./steps.ts";
import { type FileableKind, fileableKinds, type InboxItem, parseInbox } from "./work.ts";

/**
 * Filing's own tables. What people said, the pictures and the planned requests are sealed; in the clear are ids, kinds, states, times
 * and hashes. A row is never skipped: what cannot be read is a fault.
 */
const migrations: readonly Migration[] = [
  `CREATE TABLE filing_items (
     event_id TEXT PRIMARY KEY,
     seq INTEGER NOT NULL,
     room_id TEXT NOT NULL,
     kind TEXT NOT NULL,
     state TEXT NOT NULL,
     reason TEXT,
     step INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0,
     faults INTEGER NOT NULL DEFAULT 0,
     next_at_ms INTEGER NOT NULL DEFAULT 0,
     waiting_since_ms INTEGER,
     done_at_ms INTEGER,
     sealed BLOB NOT NULL
   );
   CREATE INDEX filing_items_room ON filing_items (room_id, seq);
   CREATE INDEX filing_items_open ON filing_items (state) WHERE state IN ('new', 'planned', 'refusing', 'parked');
   CREATE TABLE filing_blobs (
     event_id TEXT NOT NULL REFERENCES filing_items (event_id),
     name TEXT NOT NULL,
     sealed BLOB NOT NULL,
     PRIMARY KEY (event_id, name)
   );
   CREATE TABLE filing_plans (
     event_id TEXT PRIMARY KEY REFERENCES filing_items (event_id),
     sealed BLOB NOT NULL
   );
   CREATE TABLE filing_entries (
     event_id TEXT NOT NULL,
     id TEXT NOT NULL,
     room_id TEXT NOT NULL,
     kind TEXT NOT NULL,
     reference TEXT NOT NULL,
     content_type TEXT,
     sha256 TEXT,
     binary_reference TEXT,
     filed_at_ms INTEGER NOT NULL,
     PRIMARY KEY (event_id, id)
   );
   CREATE INDEX filing_entries_room ON filing_entries (room_id);
   CREATE TABLE filing_outcomes (
     seq INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     room_id TEXT NOT NULL,
     outcome TEXT NOT NULL,
     sent_at_ms INTEGER
   );
   CREATE INDEX filing_outcomes_unsent ON filing_outcomes (room_id, seq) WHERE sent_at_ms IS NULL;`,
  // What is left of a picture that was destroyed unfiled.
  `CREATE TABLE filing_tombstones (
     event_id TEXT PRIMARY KEY,
     room_id TEXT NOT NULL,
     receipt_id TEXT NOT NULL,
     consent_id TEXT NOT NULL,
     picture_sha256 TEXT NOT NULL,
     reason TEXT NOT NULL,
     destroyed_at_ms INTEGER NOT NULL
   );
   CREATE INDEX filing_tombstones_room ON filing_tombstones (room_id);`,
];

/**
 * `refusing`: the gate's no is said and the picture gone; its audit is still to be written. `resolved`: ended by an administrator. `replaced`: of
 * another patient, and filed anew under an id of its own.
 */
export type ItemState = z.infer<typeof stateSchema>;

const kindSchema = z.enum(fileableKinds);
export const stateSchema = z.enum([
  "new",
  "planned",
  "refusing",
  "filed",
  "refused",
  "parked",
  "ignored",
  "resolved",
  "replaced",
]);
const headSchema = z.object({
  event_id: z.string(),
  room_id: z.string(),
  kind: kindSchema,
  state: stateSchema,
  step: z.number(),
  attempts: z.number(),
  /** Of the attempts, those that failed for another reason than a record that was not there. */
  faults: z.number(),
  reason: z.string().nullable(),
  next_at_ms: z.number(),
  waiting_since_ms: z.number().nullable(),
});
export type Head = z.infer<typeof headSchema>;
/** An item in the hands of this process: without the lease nothing of it can be written. */
export type Held = Head & { readonly lease: Lease };

const sealedRow = z.object({ sealed: z.instanceof(Uint8Array) });
const roomRow = z.object({ room_id: z.string() });
const entryRow = z.object({
  id: z.string(),
  kind: filedKindSchema,
  reference: z.string(),
  content_type: z.string().nullable(),
  sha256: z.string().nullable(),
  binary_reference: z.string().nullable(),
  filed_at_ms: z.number(),
});
export type EntryRow = z.infer<typeof entryRow>;
const outcomeRow = z.object({
  seq: z.number(),
  id: z.string(),
  outcome: z.string().transform((text) => filedSchema.parse(JSON.parse(text))),
});
const tombstoneRow = z.object({
  receipt_id: z.string(),
  consent_id: z.string(),
  picture_sha256: z.string(),
  reason: z.string(),
  destroyed_at_ms: z.number(),
});
const parkedRow = z.object({
  event_id: z.string(),
  room_id: z.string(),
  kind: kindSchema,
  reason: z.string().nullable(),
  done_at_ms: z.number().nullable(),
});

export type FilingStore = Awaited<ReturnType<typeof createFilingStore>>;

export async function createFilingStore(db: Database, sealer: Sealer) {
  await db.migrate("filing", migrations);

  /** Takes an item in; false when it was there already. Durable when it resolves. */
  const insert = (item: InboxItem, picture: Uint8Array | undefined): Promise<boolean> =>
    db.transaction(async (tx) => {
      const said = item.event.eventId;
      const correction = await correctionOf(tx, item.roomId);
      const known = await tx.one(roomRow, "SELECT room_id FROM filing_items WHERE event_id = ?", said);
      if (known !== undefined) return false;
      const eventId = correction === undefined ? said : anewId(said, correction);
      const added = await tx.run(
        `INSERT INTO filing_items (event_id, seq, room_id, kind, state, sealed)
         VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM filing_items), ?, ?, 'new', ?)
         ON CONFLICT (event_id) DO NOTHING`,
        eventId,
        item.roomId,
        item.event.kind,
        sealer.seal(JSON.stringify(item), `filing_items/${eventId}`),
      );
      if (added === 0) return false;
      if (picture !== undefined) await putBlob(tx, eventId, "picture", picture);
      return true;
    });

  /** The correction of identity that a case is filed under now. */
  async function correctionOf(q: Queries, roomId: string): Promise<string | undefined> {
    const row = await q.one(
      z.object({ event_id: z.string() }),
      `SELECT event_id FROM filing_items WHERE room_id = ? AND kind = 'identity' AND state = 'replaced'
       ORDER BY seq DESC LIMIT 1`,
      roomId,
    );
    return row && saidIn(row.event_id).eventId;
  }

  const putBlob = (tx: Queries, eventId: string, name: string, bytes: Uint8Array) =>
    tx.run(
      "INSERT INTO filing_blobs (event_id, name, sealed) VALUES (?, ?, ?) ON CONFLICT (event_id, name) DO UPDATE SET sealed = excluded.sealed",
      eventId,
      name,
      sealer.seal(bytes, `filing_blobs/${eventId}/${name}`),
    );

  async function blob(eventId: string, name: string): Promise<Uint8Array | undefined> {
    const row = await db.one(
      sealedRow,
      "SELECT sealed FROM filing_blobs WHERE event_id = ? AND name = ?",
      eventId,
      name,
    );
    return row === undefined ? undefined : sealer.open(row.sealed, `filing_blobs/${eventId}/${name}`);
  }

  /**
   * The next thing to do in a case: its request before all else, then the order of arrival. A parked one blocks its case, save what was
   * withdrawn, or is of the wrong patient, and of whom instead: the record learns of that at once.
   */
  async function head(roomId: string, q: Queries = db): Promise<Head | undefined> {
    const first = await q.one(
      headSchema,
      `SELECT event_id, room_id, kind, state, step, attempts, faults, reason, next_at_ms, waiting_since_ms
       FROM filing_items WHERE room_id = ? AND state IN ('new', 'planned', 'refusing', 'parked')
       ORDER BY CASE state WHEN 'parked' THEN 0 ELSE 1 END, CASE kind WHEN 'request' THEN 0 ELSE 1 END, seq LIMIT 1`,
      roomId,
    );
    if (first?.state === "parked") return withdrawalOf(roomId, q);
    if (first === undefined) return undefined;
    if (first.kind === "request") return first;
    const request = await q.one(
      roomRow,
      "SELECT room_id FROM filing_items WHERE room_id = ? AND kind = 'request' AND state IN ('filed', 'resolved') LIMIT 1",
      roomId,
    );
    return request === undefined ? undefined : first;
  }

  async function withdrawalOf(roomId: string, q: Queries): Promise<Head | undefined> {
    const heads = await q.all(
      headSchema,
      `SELECT event_id, room_id, kind, state, step, attempts, faults, reason, next_at_ms, waiting_since_ms
       FROM filing_items WHERE room_id = ? AND kind IN ('withdrawn', 'misfiled', 'identity') AND state IN ('new', 'planned', 'refusing')
       ORDER BY seq`,
      roomId,
    );
    // At the end of the set that it brought about, a correction has its turn like the others.
    return heads.find((each) => !isTheCorrection(each.event_id));
  }

  /** Whether something of this kind is still on its way into the record; where it is said, what came before an item. */
  const isOpen = async (roomId: string, kind: FileableKind, before?: string): Promise<boolean> =>
    (await db.one(
      roomRow,
      `SELECT room_id FROM filing_items
       WHERE room_id = ? AND kind = ? AND state IN ('new', 'planned', 'parked')
       AND seq < COALESCE((SELECT seq FROM filing_items WHERE event_id = ?), seq + 1) LIMIT 1`,
      roomId,
      kind,
      before ?? null,
    )) !== undefined;

  /** Whether a human took something of this kind out of the line. */
  const isByHand = async (roomId: string, kind: FileableKind): Promise<boolean> =>
    (await db.one(
      roomRow,
      "SELECT room_id FROM filing_items WHERE room_id = ? AND kind = ? AND state = 'resolved' LIMIT 1",
      roomId,
      kind,
    )) !== undefined;

  /** Everything of a case that counts: filed before, and this one. In the order in which it is filed. */
  async function itemsUpTo(
    roomId: string,
    eventId: string,
    /** Also a request that is not filed. */
    withRequest = false,
    q: Queries = db,
  ): Promise<(InboxItem & { id: string })[]> {
    const rows = await q.all(
      z.object({ event_id: z.string(), sealed: z.instanceof(Uint8Array) }),
      `SELECT event_id, sealed FROM filing_items WHERE room_id = ? AND (state = 'filed' OR event_id = ?
         ${withRequest ? "OR (kind = 'request' AND state IN ('new', 'planned', 'parked'))" : ""})
       ORDER BY CASE WHEN event_id = ? THEN 1 ELSE 0 END, CASE kind WHEN 'request' THEN 0 ELSE 1 END, seq`,
      roomId,
      eventId,
      eventId,
    );
    return rows.map((row) => ({
      ...parseInbox(sealer.openText(row.sealed, `filing_items/${row.event_id}`)),
      id: row.event_id,
    }));
  }

  /** When each photo of a case was read back. */
  async function photosFiledAt(roomId: string): Promise<Map<string, number>> {
    const rows = await db.all(
      z.object({ event_id: z.string(), done_at_ms: z.number() }),
      "SELECT event_id, done_at_ms FROM filing_items WHERE room_id = ? AND kind = 'photo' AND state = 'filed'",
      roomId,
    );
    return new Map(rows.map((row) => [row.event_id, row.done_at_ms]));
  }

  /** All or nothing, and only while the item is ours. */
  const held = (item: Pick<Held, "lease">, work: (tx: Queries) => Promise<void>): Promise<void> =>
    db.transaction(async (tx) => {
      await fence(tx, item.lease);
      await work(tx);
    });

  const putPlan = (tx: Queries, eventId: string, plan: Pick<Plan, "steps" | "entries">) =>
    tx.run(
      "INSERT INTO filing_plans (event_id, sealed) VALUES (?, ?) ON CONFLICT (event_id) DO UPDATE SET sealed = excluded.sealed",
      eventId,
      sealer.seal(JSON.stringify({ steps: plan.steps, entries: plan.entries }), `filing_plans/${eventId}`),
    );

  const savePlan = (item: Held, plan: Plan): Promise<void> =>
    held(item, async (tx) => {
      const eventId = item.event_id;
      await putPlan(tx, eventId, plan);
      for (const [name, bytes] of Object.entries(plan.blobs)) await putBlob(tx, eventId, name, bytes);
      await tx.run("UPDATE filing_items SET state = 'planned', step = 0 WHERE event_id = ?", eventId);
    });

  /**
   * The gate said no: the picture, and the key that it travelled with, leave our disk, and the room is told at once; the audit follows when
   * the record takes it.
   */
  const refuse = (
    item: Held,
    reason: string,
    audit: Pick<Plan, "steps" | "entries">,
    outcome: Filed,
    nowMs: number,
    receipt: Pick<Receipt, "receiptId" | "consentId" | "pictureSha256"> | undefined,
  ): Promise<void> =>
    held(item, async (tx) => {
      await putPlan(tx, item.event_id, audit);
      await tx.run("DELETE FROM filing_blobs WHERE event_id = ?", item.event_id);
      if (receipt !== undefined) await bury(tx, item, receipt, reason, nowMs);
      await close(tx, item, "refusing", reason, nowMs);
      await putOutcome(tx, `${item.event_id} refused`, item.room_id, outcome);
    });

  async function bury(
    tx: Queries,
    item: Head,
    receipt: Pick<Receipt, "receiptId" | "consentId" | "pictureSha256">,
    reason: string,
    nowMs: number,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO filing_tombstones (event_id, room_id, receipt_id, consent_id, picture_sha256, reason, destroyed_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
      item.event_id,
      item.room_id,
      receipt.receiptId,
      receipt.consentId,
      receipt.pictureSha256,
      reason,
      nowMs,
    );
    await tx.run(
      "UPDATE filing_items SET sealed = ? WHERE event_id = ?",
      sealer.seal("{}", `filing_items/${item.event_id}`),
      item.event_id,
    );
  }

  async function plan(eventId: string): Promise<{ steps: Step[]; entries: Entry[] }> {
    const row = await db.one(sealedRow, "SELECT sealed FROM filing_plans WHERE event_id = ?", eventId);
    if (row === undefined) throw new Error("A planned item has its plan");
    return parseSteps(sealer.openText(row.sealed, `filing_plans/${eventId}`));
  }

  const setStep = (item: Held, step: number): Promise<void> =>
    held(item, async (tx) => {
      await tx.run("UPDATE filing_items SET step = ? WHERE event_id = ?", step, item.event_id);
    });

  const putOutcome = (tx: Queries, id: string, roomId: string, outcome: Filed) =>
    tx.run(
      "INSERT INTO filing_outcomes (id, room_id, outcome) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
      id,
      roomId,
      JSON.stringify(outcome),
    );

  /** Filed: the entries, the word to the room and the end of the item, all or nothing. Plans are no longer needed. */
  const finish = (item: Held, entries: readonly Entry[], outcome: Filed, nowMs: number): Promise<void> =>
    held(item, async (tx) => {
      for (const entry of entries)
        await tx.run(
          `INSERT INTO filing_entries (event_id, id, room_id, kind, reference, content_type, sha256, binary_reference, filed_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, id) DO NOTHING`,
          item.event_id,
          entry.id,
          item.room_id,
          entry.kind,
          entry.reference,
          entry.contentType ?? null,
          entry.sha256 ?? null,
          entry.binary ?? null,
          nowMs,
        );
      await tx.run("DELETE FROM filing_plans WHERE event_id = ?", item.event_id);
      await tx.run("DELETE FROM filing_blobs WHERE event_id = ? AND name <> 'picture'", item.event_id);
      if (item.kind === "opinion") await dropPictures(tx, item.room_id);
      await close(tx, item, "filed", null, nowMs);
      await putOutcome(tx, `${item.event_id} filed`, item.room_id, outcome);
    });

  /** Begins the case anew under another patient, and ends what it was. */
  const beginAnew = (item: Held, patient: Patient, nowMs: number): Promise<void> =>
    held(item, (tx) => fileAnew(tx, sealer, item, patient, nowMs));

  /** What open plans of a case may have written already, half of it or all. */
  async function plannedEntries(roomId: string): Promise<{ eventId: string; references: string[] }[]> {
    const rows = await db.all(
      z.object({ event_id: z.string(), sealed: z.instanceof(Uint8Array) }),
      `SELECT p.event_id, p.sealed FROM filing_plans p JOIN filing_items i ON i.event_id = p.event_id
       WHERE i.room_id = ? AND i.state IN ('planned', 'parked') AND i.kind <> 'misfiled' ORDER BY i.seq`,
      roomId,
    );
    return rows.map((row) => ({
      eventId: row.event_id,
      references: parseSteps(sealer.openText(row.sealed, `filing_plans/${row.event_id}`)).entries.map(
        (entry) => entry.reference,
      ),
    }));
  }

  /** The pictures of filed photos are kept for the letter's figures and no longer: the record has them. */
  const dropPictures = (tx: Queries, roomId: string) =>
    tx.run(
      `DELETE FROM filing_blobs WHERE name = 'picture' AND event_id IN
       (SELECT event_id FROM filing_items WHERE room_id = ? AND state = 'filed')`,
      roomId,
    );

  /** The pictures of photos that were withdrawn: they are no figures any more. */
  const dropPicturesOf = (eventIds: readonly string[]): Promise<void> =>
    db.transaction(async (tx) => {
      for (const eventId of eventIds)
        await tx.run("DELETE FROM filing_blobs WHERE event_id = ? AND name = 'picture'", eventId);
    });

  /** Photos that wait for a human are asked about anew: what was withdrawn must not lie with us until somebody looks. */
  const reopenPhotos = (roomId: string) =>
    db.run(
      `UPDATE filing_items SET state = 'new', reason = NULL, step = 0, attempts = 0, faults = 0, next_at_ms = 0
       WHERE room_id = ? AND kind = 'photo' AND state = 'parked'`,
      roomId,
    );

  const close = (
    tx: Queries,
    item: Pick<Head, "event_id">,
    state: ItemState,
    reason: string | null,
    nowMs: number,
  ) =>
    tx.run(
      "UPDATE filing_items SET state = ?, reason = ?, done_at_ms = ? WHERE event_id = ?",
      state,
      reason,
      nowMs,
      item.event_id,
    );

  /** Ends an item that is not filed, and says so to the room unless there is nothing to say. */
  const end = (
    item: Held,
    state: "refused" | "parked" | "ignored",
    reason: string,
    outcome: Filed | undefined,
    nowMs: number,
  ): Promise<void> =>
    held(item, async (tx) => {
      await close(tx, item, state, reason, nowMs);
      if (state === "refused") await tx.run("DELETE FROM filing_plans WHERE event_id = ?", item.event_id);
      if (outcome !== undefined)
        await putOutcome(tx, `${item.event_id} ${state} ${nowMs}`, item.room_id, outcome);
    });

  const postpone = (item: Held, nextAtMs: number, isFault: boolean): Promise<void> =>
    held(item, async (tx) => {
      await tx.run(
        "UPDATE filing_items SET attempts = attempts + 1, faults = faults + ?, next_at_ms = ? WHERE event_id = ?",
        isFault ? 1 : 0,
        nextAtMs,
        item.event_id,
      );
    });

  /** Nobody waits any longer for his time. */
  const hurry = () =>
    db.run("UPDATE filing_items SET next_at_ms = 0 WHERE state IN ('new', 'planned', 'refusing')");

  /** Everything of the case that waits and was not told so yet: told once. */
  const tellWaiting = (
    item: Held,
    nowMs: number,
    outcomeOf: (eventId: string, kind: FileableKind) => Filed,
  ): Promise<void> =>
    held(item, async (tx) => {
      const roomId = item.room_id;
      const rows = await tx.all(
        z.object({ event_id: z.string(), kind: kindSchema }),
        "SELECT event_id, kind FROM filing_items WHERE room_id = ? AND state IN ('new', 'planned') AND waiting_since_ms IS NULL",
        roomId,
      );
      for (const row of rows) {
        await tx.run("UPDATE filing_items SET waiting_since_ms = ? WHERE event_id = ?", nowMs, row.event_id);
        await putOutcome(tx, `${row.event_id} waiting`, roomId, outcomeOf(row.event_id, row.kind));
      }
    });

  /** Puts a parked item back in line. False when there is none. */
  const retry = async (eventId: string): Promise<string | undefined> => {
    const changed = await db.run(
      "UPDATE filing_items SET state = 'new', reason = NULL, step = 0, attempts = 0, faults = 0, next_at_ms = 0 WHERE event_id = ? AND state = 'parked'",
      eventId,
    );
    if (changed === 0) return undefined;
    return (await db.one(roomRow, "SELECT room_id FROM filing_items WHERE event_id = ?", eventId))?.room_id;
  };

  const entriesOf = (roomId: string, those: "IN" | "NOT IN") =>
    db.all(
      entryRow,
      `SELECT id, kind, reference, content_type, sha256, binary_reference, filed_at_ms FROM filing_entries
       WHERE room_id = ? AND event_id ${those} (SELECT event_id FROM filing_items WHERE room_id = ? AND state = 'replaced')
       ORDER BY filed_at_ms, rowid`,
      roomId,
      roomId,
    );

  const rooms = async (sql: string, ...params: SqlValue[]): Promise<string[]> =>
    (await db.all(roomRow, sql, ...params)).map((row) => row.room_id);

  return {
    insert,
    blob,
    head,
    isOpen,
    isByHand,
    itemsUpTo,
    photosFiledAt,
    dropPictures: dropPicturesOf,
    reopenPhotos,
    tombstones: (roomId: string) =>
      db.all(
        tombstoneRow,
        `SELECT receipt_id, consent_id, picture_sha256, reason, destroyed_at_ms FROM filing_tombstones
         WHERE room_id = ? ORDER BY destroyed_at_ms`,
        roomId,
      ),
    savePlan,
    beginAnew,
    plannedEntries,
    keepPicture: (item: Held, bytes: Uint8Array): Promise<void> =>
      held(item, async (tx) => {
        await putBlob(tx, item.event_id, "picture", bytes);
      }),
    /** Under which name the record has the bytes of an event's photo. */
    binaryOf: async (eventId: string): Promise<string | undefined> =>
      (
        await db.one(
          z.object({ binary_reference: z.string() }),
          "SELECT binary_reference FROM filing_entries WHERE event_id = ? AND kind = 'photo' AND binary_reference IS NOT NULL",
          eventId,
        )
      )?.binary_reference,
    refuse,
    hurry,
    plan,
    setStep,
    finish,
    end,
    postpone,
    tellWaiting,
    retry,
    /** Where something waits that no process has taken. */
    openRooms: () =>
      rooms(
        `SELECT DISTINCT room_id FROM filing_items WHERE state IN ('new', 'planned', 'refusing')
         AND NOT EXISTS (SELECT 1 FROM filing_leases WHERE key = 'file ' || room_id)`,
      ),
    roomsToTell: () =>
      rooms(
        `SELECT DISTINCT room_id FROM filing_outcomes WHERE sent_at_ms IS NULL
         AND NOT EXISTS (SELECT 1 FROM filing_leases WHERE key = 'tell ' || room_id)`,
      ),
    nextOutcome: (roomId: string, q: Queries) =>
      q.one(
        outcomeRow,
        "SELECT seq, id, outcome FROM filing_outcomes WHERE room_id = ? AND sent_at_ms IS NULL ORDER BY seq LIMIT 1",
        roomId,
      ),
    markSent: (lease: Lease, seq: number, nowMs: number): Promise<void> =>
      held({ lease }, async (tx) => {
        await tx.run("UPDATE filing_outcomes SET sent_at_ms = ? WHERE seq = ?", nowMs, seq);
      }),
    /** What the record has of a case, under the patient that it is about. */
    entries: (roomId: string) => entriesOf(roomId, "NOT IN"),
    /** What it has of it under another, in error. */
    entriesInError: (roomId: string) => entriesOf(roomId, "IN"),
    parked: () =>
      db.all(
        parkedRow,
        "SELECT event_id, room_id, kind, reason, done_at_ms FROM filing_items WHERE state = 'parked' ORDER BY seq",
      ),
  };
}
