import { z } from "zod";
import type { Database, Migration, Queries } from "../store/index.ts";

/**
 * Who files what, when several processes share one database. A lease is one row: its key (a case's filing, or its telling) and the process
 * that has it. It is over when its process gives it back, dies, or hangs; then another may take it.
 *
 * No clock of the day takes part, so that none that is set forward or back can do harm: a process shows that it lives by counting its beats,
 * and the others measure with their own running time how long the count has stood still. That a process is dead is seen at once (its
 * presence), that it hangs after `patienceMs`.
 *
 * Whoever was thought dead and goes on has lost its leases for good: what it writes is refused (`fence`), and it sends nothing more.
 */
const migrations: readonly Migration[] = [
  `CREATE TABLE filing_workers (id TEXT PRIMARY KEY, beat INTEGER NOT NULL);
   CREATE TABLE filing_leases (
     token INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     worker TEXT NOT NULL
   );
   CREATE INDEX filing_leases_worker ON filing_leases (worker);`,
];
const workerRow = z.object({ id: z.string(), beat: z.number(), leases: z.number() });
const tokenRow = z.object({ token: z.number() });

/** A number that is never given twice. */
export type Lease = number;

/** The lease went to another process meanwhile: nothing may be written in its name. */
export class LostLease extends Error {
  override readonly name = "LostLease";
  constructor() {
    super("Another process has taken over");
  }
}

/** Goes first in each transaction that writes in the name of a lease. */
export async function fence(tx: Queries, lease: Lease): Promise<void> {
  const found = await tx.one(tokenRow, "SELECT token FROM filing_leases WHERE token = ?", lease);
  if (found === undefined) throw new LostLease();
}

export type LeaseOptions = {
  readonly db: Database;
  /** After how long without a beat a process counts as hanging. */
  readonly patienceMs?: number;
};

export type Leases = Awaited<ReturnType<typeof createLeases>>;

export async function createLeases({ db, patienceMs = 12_000 }: LeaseOptions) {
  await db.migrate("filing-leases", migrations);
  const presence = db.presence();
  const held = new Set<Lease>();
  /** Given back while the disk took nothing. */
  const owed = new Set<Lease>();
  /** What the others' counts were, and how long we have seen them stand there. */
  const seen = new Map<string, { beat: number; stoodMs: number; lookedMs: number }>();
  let beatAtMs = 0;
  let isLost = false;
  const timer = setInterval(() => void beat().catch(() => undefined), patienceMs / 4);

  async function beat(): Promise<void> {
    for (const lease of owed) await giveBack(lease);
    if (held.size === 0 || isLost) return;
    const nowMs = performance.now();
    if ((await count(db)) === 1) beatAtMs = nowMs;
    else isLost = true;
  }

  const count = (q: Queries): Promise<number> =>
    q.run("UPDATE filing_workers SET beat = beat + 1 WHERE id = ?", presence.id);

  /** Takes what nobody has; undefined while somebody has it. */
  async function take(key: string): Promise<Lease | undefined> {
    const holder = await db.one(tokenRow, "SELECT token FROM filing_leases WHERE key = ?", key);
    if (holder !== undefined || isLost) return undefined;
    const nowMs = performance.now();
    const taken = await db.transaction(async (tx) => {
      if ((await count(tx)) === 0) {
        // Taken for dead while we hold leases: those are lost, and the work under them ends before any other begins.
        if (held.size > 0) {
          isLost = true;
          return undefined;
        }
        await tx.run("INSERT INTO filing_workers (id, beat) VALUES (?, 1)", presence.id);
      }
      return tx.one(
        tokenRow,
        "INSERT INTO filing_leases (key, worker) VALUES (?, ?) ON CONFLICT (key) DO NOTHING RETURNING token",
        key,
        presence.id,
      );
    });
    if (taken === undefined) return undefined;
    beatAtMs = nowMs;
    held.add(taken.token);
    return taken.token;
  }

  /** Gives back a lease, whether it is still ours or not. */
  async function release(lease: Lease): Promise<void> {
    forget(lease);
    owed.add(lease);
    await giveBack(lease).catch(() => undefined);
  }

  async function giveBack(lease: Lease): Promise<void> {
    await db.run("DELETE FROM filing_leases WHERE token = ?", lease);
    owed.delete(lease);
  }

  function forget(lease: Lease): void {
    held.delete(lease);
    if (held.size === 0) isLost = false;
  }

  /**
   * Looks for work under a lease, and gives the lease back in the same breath when there is none: whoever put work there before that and
   * found the lease taken may rely on its being seen.
   */
  async function lookOrRelease<T>(
    lease: Lease,
    look: (tx: Queries) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const found = await db.transaction(async (tx) => {
      await fence(tx, lease);
      const work = await look(tx);
      if (work === undefined) await tx.run("DELETE FROM filing_leases WHERE token = ?", lease);
      return work;
    });
    if (found === undefined) forget(lease);
    return found;
  }

  /** Frees what the dead held, and those that hang. */
  async function free(): Promise<void> {
    const others = await db.all(
      workerRow,
      `SELECT id, beat, (SELECT count(*) FROM filing_leases WHERE worker = filing_workers.id) AS leases
       FROM filing_workers WHERE id <> ?`,
      presence.id,
    );
    for (const other of others)
      if (presence.isGone(other.id) || hangs(other)) {
        seen.delete(other.id);
        await db.transaction(async (tx) => {
          const isStill = await tx.run(
            "DELETE FROM filing_workers WHERE id = ? AND beat = ?",
            other.id,
            other.beat,
          );
          if (isStill === 1) await tx.run("DELETE FROM filing_leases WHERE worker = ?", other.id);
        });
      }
  }

  function hangs({ id, beat, leases }: z.infer<typeof workerRow>): boolean {
    const lookedMs = performance.now();
    const before = seen.get(id);
    const isStill = leases > 0 && before?.beat === beat;
    // A machine that was asleep wakes them too: they have time for a beat before we look again.
    const stoodMs = isStill ? before.stoodMs + Math.min(lookedMs - before.lookedMs, patienceMs / 2) : 0;
    seen.set(id, { beat, stoodMs, lookedMs });
    return stoodMs >= patienceMs;
  }

  /** False when others may think by now that we are gone: then no request leaves. */
  const isCurrent = (): boolean =>
    held.size === 0 || (!isLost && performance.now() - beatAtMs < (patienceMs * 2) / 3);

  return {
    /** How often to look for what others left. */
    lookEveryMs: patienceMs / 3,
    take,
    release,
    lookOrRelease,
    free,
    isCurrent,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      presence[Symbol.dispose]();
    },
  };
}
