import { z } from "zod";
import { type CopyObstacle, copyObstacleSchema, copyToSchema } from "#protocol/copies.ts";
import type { Sealer } from "../../kit/seal.ts";
import type { Database, Migration, Queries } from "../../store/index.ts";

/** Whom a copy goes to is sealed: who treats a patient is a patient's data. */
const migrations: readonly Migration[] = [
  `CREATE TABLE filing_copies (
     copy_id TEXT PRIMARY KEY,
     room_id TEXT NOT NULL,
     entry_id TEXT NOT NULL,
     asked_by TEXT NOT NULL,
     asked_at_ms INTEGER NOT NULL,
     state TEXT NOT NULL DEFAULT 'waiting',
     obstacle TEXT,
     attempts INTEGER NOT NULL DEFAULT 0,
     handed_at_ms INTEGER,
     sealed BLOB NOT NULL
   );
   CREATE INDEX filing_copies_room ON filing_copies (room_id, asked_at_ms);
   CREATE INDEX filing_copies_waiting ON filing_copies (copy_id) WHERE state = 'waiting';`,
];

const recipientSchema = z.object({
  to: copyToSchema,
  family: z.string(),
  given: z.string(),
  title: z.string(),
  rpps: z.string().optional(),
  secureMail: z.string().optional(),
});
/** Whom a copy goes to, as the record knew them when it was asked for. */
export type CopyRecipient = z.infer<typeof recipientSchema>;

const rowSchema = z.object({
  copy_id: z.string(),
  room_id: z.string(),
  entry_id: z.string(),
  asked_by: z.string(),
  asked_at_ms: z.number(),
  state: z.enum(["waiting", "handed", "failed"]),
  obstacle: copyObstacleSchema.nullable(),
  attempts: z.number(),
  handed_at_ms: z.number().nullable(),
  sealed: z.instanceof(Uint8Array),
});
export type CopyRow = Omit<z.infer<typeof rowSchema>, "sealed"> & { readonly recipient: CopyRecipient };

export type CopyStore = Awaited<ReturnType<typeof createCopyStore>>;

export async function createCopyStore(db: Database, sealer: Sealer) {
  await db.migrate("filing-copies", migrations);
  const place = (copyId: string) => `filing_copies/${copyId}`;
  const opened = ({ sealed, ...row }: z.infer<typeof rowSchema>): CopyRow => ({
    ...row,
    recipient: recipientSchema.parse(JSON.parse(sealer.openText(sealed, place(row.copy_id)))),
  });
  return {
    /** Durable when it resolves. Asked again under the same id, nothing changes. */
    insert: async (
      row: Pick<CopyRow, "copy_id" | "room_id" | "entry_id" | "asked_by" | "asked_at_ms" | "recipient">,
    ): Promise<void> => {
      await db.run(
        `INSERT INTO filing_copies (copy_id, room_id, entry_id, asked_by, asked_at_ms, sealed) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (copy_id) DO NOTHING`,
        row.copy_id,
        row.room_id,
        row.entry_id,
        row.asked_by,
        row.asked_at_ms,
        sealer.seal(JSON.stringify(row.recipient), place(row.copy_id)),
      );
    },
    one: async (copyId: string): Promise<CopyRow | undefined> => {
      const row = await db.one(rowSchema, "SELECT * FROM filing_copies WHERE copy_id = ?", copyId);
      return row === undefined ? undefined : opened(row);
    },
    ofRoom: async (roomId: string, q: Queries = db): Promise<CopyRow[]> =>
      (
        await q.all(
          rowSchema,
          "SELECT * FROM filing_copies WHERE room_id = ? ORDER BY asked_at_ms, copy_id",
          roomId,
        )
      ).map(opened),
    waiting: async (): Promise<string[]> =>
      (
        await db.all(
          z.object({ copy_id: z.string() }),
          "SELECT copy_id FROM filing_copies WHERE state = 'waiting' ORDER BY asked_at_ms",
        )
      ).map((row) => row.copy_id),
    tried: (copyId: string) =>
      db.run("UPDATE filing_copies SET attempts = attempts + 1 WHERE copy_id = ?", copyId),
    handed: (copyId: string, atMs: number) =>
      db.run(
        "UPDATE filing_copies SET state = 'handed', handed_at_ms = ? WHERE copy_id = ? AND state = 'waiting'",
        atMs,
        copyId,
      ),
    failed: (copyId: string, obstacle: CopyObstacle) =>
      db.run(
        "UPDATE filing_copies SET state = 'failed', obstacle = ? WHERE copy_id = ? AND state = 'waiting'",
        obstacle,
        copyId,
      ),
  };
}
