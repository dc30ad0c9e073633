import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import type { Clock } from "../kit/role.ts";
import type { Database, Migration, Queries } from "../store/index.ts";

/**
 * An append-only table in which each row holds the hash of the one before: a row that is changed, removed or put in between
 * breaks the chain from there on. Triggers refuse changes by mistake; the chain shows changes made on purpose.
 * Rows that arrive together are written in one commit, since a commit waits for the disk.
 */
const migrations: readonly Migration[] = [
  `CREATE TABLE audit (
     seq INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     event TEXT NOT NULL,
     actor TEXT,
     case_id TEXT,
     details TEXT NOT NULL,
     previous TEXT NOT NULL,
     hash TEXT NOT NULL
   );
   CREATE INDEX audit_by_case ON audit (case_id, seq);
   CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
   CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;`,
];

/** What is kept of one event. `details` holds ids and codes alone. */
export type AuditEntry = {
  readonly event: string;
  readonly actor: string | undefined;
  readonly caseId: string | undefined;
  readonly details: Readonly<Record<string, Json>>;
};

const rowSchema = z.object({
  seq: z.number(),
  at: z.number(),
  event: z.string(),
  actor: z.string().nullable(),
  case_id: z.string().nullable(),
  details: z.string(),
  previous: z.string(),
  hash: z.string(),
});
type Row = z.infer<typeof rowSchema>;

/** The hash before the first row. */
const beginning = "0".repeat(64);

const hashOf = (row: Omit<Row, "hash">): string =>
  createHash("sha256").update(canonicalJson(row)).digest("hex");

const storedRow = z
  .object({ at: z.number(), actor: z.string().nullable(), details: z.string() })
  .transform((row) => ({
    at: row.at,
    actor: row.actor,
    details: z.record(z.string(), z.unknown()).parse(JSON.parse(row.details)),
  }));
type Stored = z.infer<typeof storedRow>;

export type Chain = {
  /** Resolves once the entry is on the disk. */
  append(entry: AuditEntry): Promise<void>;
  /** The latest rows of one kind of event in a case, newest first. */
  ofCase(caseId: string, event: string, limit: number): Promise<Stored[]>;
  /** The number of the first row that does not fit, or undefined when the whole chain holds. */
  firstBroken(): Promise<number | undefined>;
};

export async function openChain(db: Database, clock: Clock): Promise<Chain> {
  await db.migrate("audit", migrations);
  let waiting: { entry: AuditEntry; at: number }[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    const batch = waiting;
    waiting = [];
    writing = undefined;
    await db.transaction((tx) => insertAll(tx, batch));
  }

  return {
    append: (entry) => {
      waiting.push({ entry, at: clock() });
      // The first of a batch starts the write; those that come before it begins go along.
      writing ??= Promise.resolve().then(writeAll);
      return writing;
    },
    ofCase: (caseId, event, limit) =>
      db.all(
        storedRow,
        "SELECT at, actor, details FROM audit WHERE case_id = ? AND event = ? ORDER BY seq DESC LIMIT ?",
        caseId,
        event,
        limit,
      ),
    firstBroken: async () => {
      let previous = beginning;
      let seq = 0;
      for (;;) {
        const rows = await db.all(rowSchema, "SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT 500", seq);
        if (rows.length === 0) return undefined;
        for (const { hash, ...row } of rows) {
          if (row.seq !== seq + 1 || row.previous !== previous || hashOf(row) !== hash) return row.seq;
          previous = hash;
          seq = row.seq;
        }
      }
    },
  };
}

async function insertAll(tx: Queries, batch: readonly { entry: AuditEntry; at: number }[]): Promise<void> {
  const last = await tx.one(rowSchema, "SELECT * FROM audit ORDER BY seq DESC LIMIT 1");
  let seq = last?.seq ?? 0;
  let previous = last?.hash ?? beginning;
  for (const { entry, at } of batch) {
    seq += 1;
    const row = {
      seq,
      at,
      event: entry.event,
      actor: entry.actor ?? null,
      case_id: entry.caseId ?? null,
      details: canonicalJson(entry.details),
      previous,
    };
    const hash = hashOf(row);
    await tx.run(
      "INSERT INTO audit (seq, at, event, actor, case_id, details, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      row.seq,
      row.at,
      row.event,
      row.actor,
      row.case_id,
      row.details,
      row.previous,
      hash,
    );
    previous = hash;
  }
}
