import type { Filed } from "#protocol/events.ts";
import type { Clock } from "../kit/role.ts";
import { backoffMs, dueInMs } from "./backoff.ts";
import { type Lease, type Leases, LostLease } from "./leases.ts";
import type { FilingStore, Head, Held } from "./store.ts";

export type QueueParts = {
  readonly store: Pick<FilingStore, "head" | "nextOutcome" | "markSent" | "openRooms" | "roomsToTell">;
  readonly leases: Leases;
  /** Takes one item further; false when it must wait for its time. */
  readonly advance: (item: Held) => Promise<boolean>;
  readonly tell: (roomId: string, filed: Filed, id: string) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly concurrency: number;
  readonly onFault: (fault: unknown, what: "filing" | "telling" | "looking") => void;
};

/**
 * Two lines for each case, one that files and one that tells the room, each with one worker at a time on this database, by a lease: that is
 * the order within a case. Cases run beside each other, up to `concurrency` of them at the record. What can't go on now has a timer; only
 * what another process left when it died is looked for.
 */
export function createQueues(parts: QueueParts) {
  const { store, leases, clock } = parts;
  const slots = createSlots(parts.concurrency);
  let stopped = false;

  const waitOf = (item: Head): number => dueInMs(item.next_at_ms, clock());

  const filing = createLines(async (roomId) => {
    const first = await store.head(roomId);
    // No lease for a look: most looks find nothing to do yet.
    if (first === undefined || waitOf(first) > 0) return first && waitOf(first);
    return underLease(`file ${roomId}`, async (lease) => {
      while (!stopped) {
        const item = await leases.lookOrRelease(lease, (tx) => store.head(roomId, tx));
        if (item === undefined) return undefined;
        if (waitOf(item) > 0) return waitOf(item);
        await slots.take(() => (stopped ? Promise.resolve(false) : parts.advance({ ...item, lease })));
        telling.start(roomId);
      }
      return undefined;
    });
  }, "filing");

  const telling = createLines(
    (roomId) =>
      underLease(`tell ${roomId}`, async (lease) => {
        while (!stopped) {
          const next = await leases.lookOrRelease(lease, (tx) => store.nextOutcome(roomId, tx));
          if (next === undefined) return undefined;
          await parts.tell(roomId, next.outcome, next.id);
          await store.markSent(lease, next.seq, clock());
        }
        return undefined;
      }),
    "telling",
  );

  /** Nothing when another process has it: that one sees what is there before it leaves. */
  async function underLease(
    key: string,
    work: (lease: Lease) => Promise<number | undefined>,
  ): Promise<number | undefined> {
    const lease = await leases.take(key);
    if (lease === undefined) return undefined;
    try {
      return await work(lease);
    } catch (fault) {
      if (!(fault instanceof LostLease)) throw fault;
      return undefined;
    } finally {
      await leases.release(lease);
    }
  }

  /** What nobody has: from before a restart, or left by a process that died or hangs. Each keeps its own time. */
  async function look(): Promise<void> {
    await leases.free();
    for (const roomId of await store.openRooms()) filing.startIfIdle(roomId);
    for (const roomId of await store.roomsToTell()) telling.startIfIdle(roomId);
  }
  const looking = setInterval(
    () => void look().catch((fault: unknown) => parts.onFault(fault, "looking")),
    leases.lookEveryMs,
  );

  /** One line per case: `run` says how long to wait before going on, or nothing when there is nothing left. */
  function createLines(run: (roomId: string) => Promise<number | undefined>, what: "filing" | "telling") {
    const running = new Map<string, Promise<void>>();
    const again = new Set<string>();
    const timers = new Map<string, NodeJS.Timeout>();
    const faults = new Map<string, number>();

    function start(roomId: string): void {
      if (stopped) return;
      clearTimeout(timers.get(roomId));
      timers.delete(roomId);
      // Somebody is at it: have him look once more before he leaves.
      if (running.has(roomId)) {
        again.add(roomId);
        return;
      }
      running.set(roomId, loop(roomId));
    }

    async function loop(roomId: string): Promise<void> {
      let waitMs: number | undefined;
      try {
        do {
          again.delete(roomId);
          waitMs = await run(roomId);
        } while (again.has(roomId) && !stopped);
        faults.delete(roomId);
      } catch (fault) {
        // Our own database, or the bot: neither may be skipped, both may come back.
        const count = faults.get(roomId) ?? 0;
        faults.set(roomId, count + 1);
        waitMs = backoffMs(count, parts.random());
        parts.onFault(fault, what);
      }
      running.delete(roomId);
      if (stopped) return;
      if (again.delete(roomId)) start(roomId);
      else if (waitMs !== undefined)
        timers.set(
          roomId,
          setTimeout(() => start(roomId), Math.max(10, waitMs)),
        );
    }

    return {
      start,
      startIfIdle: (roomId: string): void => {
        if (!running.has(roomId) && !timers.has(roomId)) start(roomId);
      },
      stop: async () => {
        for (const timer of timers.values()) clearTimeout(timer);
        await Promise.all(running.values());
      },
    };
  }

  return {
    file: filing.start,
    tell: telling.start,
    look,
    stop: async (): Promise<void> => {
      stopped = true;
      clearInterval(looking);
      await Promise.all([filing.stop(), telling.stop()]);
    },
  };
}

/** At most `count` at the same time, in the order of asking. */
function createSlots(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    take: async <T>(work: () => Promise<T>): Promise<T> => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
