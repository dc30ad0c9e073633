import { z } from "zod";
import type { Patient } from "#protocol/patient.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Queries } from "../store/index.ts";
import { anewId, saidIn } from "./anew.ts";
import { type FileableKind, fileableKinds, type InboxItem, parseInbox } from "./work.ts";

const rowSchema = z.object({
  event_id: z.string(),
  kind: z.enum(fileableKinds),
  state: z.string(),
  reason: z.string().nullable(),
  sealed: z.instanceof(Uint8Array),
});
const blobSchema = z.object({ sealed: z.instanceof(Uint8Array) });

/** What was filed, what is on its way, and what was held back for the one reason that is now mended. */
const isOwed = ({ state, reason }: z.infer<typeof rowSchema>): boolean =>
  ["filed", "new", "planned", "parked"].includes(state) ||
  (["refused", "refusing"].includes(state) && reason === "of-the-wrong-patient");

/** These are about the other patient, and stay with what was filed there. */
const stays: readonly FileableKind[] = ["misfiled", "identity"];

/**
 * Puts a whole case in line again for another patient, in the order that it had, the correction itself last; what it was before counts no more.
 * Part of the transaction that is given: all of it or nothing.
 */
export async function fileAnew(
  tx: Queries,
  sealer: Sealer,
  correction: { readonly event_id: string; readonly room_id: string },
  patient: Patient,
  nowMs: number,
): Promise<void> {
  const { room_id: roomId, event_id: correctionId } = correction;
  const under = saidIn(correctionId).eventId;
  const rows = (
    await tx.all(
      rowSchema,
      `SELECT event_id, kind, state, reason, sealed FROM filing_items WHERE room_id = ? AND state <> 'replaced'
       ORDER BY CASE kind WHEN 'request' THEN 0 ELSE 1 END, CASE event_id WHEN ? THEN 1 ELSE 0 END, seq`,
      roomId,
      correctionId,
    )
  ).filter(isOwed);
  for (const row of rows) {
    const text = sealer.openText(row.sealed, place(row.event_id));
    // A picture that was refused is gone.
    if (text === "{}") continue;
    if (!stays.includes(row.kind) || row.event_id === correctionId) {
      const id = anewId(saidIn(row.event_id).eventId, under);
      await insert(tx, sealer, id, forPatient(parseInbox(text), patient, row.event_id));
      await movePicture(tx, sealer, row.event_id, id);
    }
    await tx.run("DELETE FROM filing_plans WHERE event_id = ?", row.event_id);
    await tx.run("DELETE FROM filing_blobs WHERE event_id = ?", row.event_id);
    await tx.run(
      "UPDATE filing_items SET state = 'replaced', done_at_ms = COALESCE(done_at_ms, ?) WHERE event_id = ?",
      nowMs,
      row.event_id,
    );
  }
}

const place = (eventId: string): string => `filing_items/${eventId}`;

const forPatient = ({ roomId, event }: InboxItem, patient: Patient, before: string): InboxItem => ({
  roomId,
  event: event.kind === "request" ? { ...event, request: { ...event.request, patient } } : event,
  before,
});

async function insert(tx: Queries, sealer: Sealer, id: string, item: InboxItem): Promise<void> {
  await tx.run(
    `INSERT INTO filing_items (event_id, seq, room_id, kind, state, sealed)
     VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM filing_items), ?, ?, 'new', ?)`,
    id,
    item.roomId,
    item.event.kind,
    sealer.seal(JSON.stringify(item), place(id)),
  );
}

/** Where we still have it; else it is read from the record when its turn comes. */
async function movePicture(tx: Queries, sealer: Sealer, from: string, to: string): Promise<void> {
  const row = await tx.one(
    blobSchema,
    "SELECT sealed FROM filing_blobs WHERE event_id = ? AND name = 'picture'",
    from,
  );
  if (row === undefined) return;
  const bytes = sealer.open(row.sealed, `filing_blobs/${from}/picture`);
  await tx.run(
    "INSERT INTO filing_blobs (event_id, name, sealed) VALUES (?, 'picture', ?)",
    to,
    sealer.seal(bytes, `filing_blobs/${to}/picture`),
  );
}
