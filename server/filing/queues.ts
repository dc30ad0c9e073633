import type { Filed } from "#protocol/events.ts";
import type { Clock } from "../kit/role.ts";
import { backoffMs } from "./backoff.ts";
import type { FilingStore, Head } from "./store.ts";

export type QueueParts = {
  readonly store: Pick<FilingStore, "head" | "nextOutcome" | "markSent">;
  /** Takes one item further; false when it must wait for its time. */
  readonly advance: (item: Head) => Promise<boolean>;
  readonly tell: (roomId: string, filed: Filed, id: string) => Promise<void>;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly onFault: (fault: unknown, what: "filing" | "telling") => void;
};

/**
 * Two lines for each case, one that files and one that tells the room, each with one worker at a time: that is the order within a
 * case. Cases run beside each other, up to `concurrency` of them at the record. What can't go on now has a timer; nothing polls.
 */
export function createQueues(parts: QueueParts) {
  const { store, clock } = parts;
  const slots = createSlots(parts.concurrency);
  let stopped = false;

  const filing = createLines(async (roomId) => {
    while (!stopped) {
      const item = await store.head(roomId);
      if (item === undefined) return undefined;
      const waitMs = item.next_at_ms - clock();
      if (waitMs > 0) return waitMs;
      await slots.take(() => (stopped ? Promise.resolve(false) : parts.advance(item)));
      telling.start(roomId);
    }
    return undefined;
  }, "filing");

  const telling = createLines(async (roomId) => {
    while (!stopped) {
      const next = await store.nextOutcome(roomId);
      if (next === undefined) return undefined;
      await parts.tell(roomId, next.outcome, next.id);
      await store.markSent(next.seq, clock());
    }
    return undefined;
  }, "telling");

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
        waitMs = backoffMs(count, 0.5);
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
      stop: async () => {
        for (const timer of timers.values()) clearTimeout(timer);
        await Promise.all(running.values());
      },
    };
  }

  return {
    file: filing.start,
    tell: telling.start,
    stop: async (): Promise<void> => {
      stopped = true;
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
