import { z } from "zod";
import type { Database, Migration } from "../store/index.ts";
import { fence, type Lease } from "./leases.ts";
import type { Names } from "./record/names.ts";

const migrations: readonly Migration[] = [
  `CREATE TABLE filing_names (
     room_id TEXT NOT NULL,
     ours TEXT NOT NULL,
     theirs TEXT NOT NULL,
     PRIMARY KEY (room_id, ours)
   );`,
];
const nameRow = z.object({ ours: z.string(), theirs: z.string() });

export type NamesStore = Awaited<ReturnType<typeof createNamesStore>>;

/** What the record calls the documents of each case. It does not rely on being complete: what is not known here is found in the record. */
export async function createNamesStore(db: Database) {
  await db.migrate("filing-names", migrations);
  return {
    async of(roomId: string): Promise<Names> {
      const rows = await db.all(nameRow, "SELECT ours, theirs FROM filing_names WHERE room_id = ?", roomId);
      return new Map(rows.map((row) => [row.ours, row.theirs]));
    },
    /** The latest name counts: what was lost is named anew. */
    async learn(lease: Lease, roomId: string, learnt: Names): Promise<void> {
      if (learnt.size === 0) return;
      await db.transaction(async (tx) => {
        await fence(tx, lease);
        for (const [ours, theirs] of learnt)
          await tx.run(
            `INSERT INTO filing_names (room_id, ours, theirs) VALUES (?, ?, ?)
             ON CONFLICT (room_id, ours) DO UPDATE SET theirs = excluded.theirs`,
            roomId,
            ours,
            theirs,
          );
      });
    },
  };
}
