import { type Logger, toLog } from "../kit/log.ts";
import type { FailStop } from "./fail-stop.ts";

/** Rings rooms: each is looked at by one worker at a time, some side by side, and again when it was rung meanwhile. */
export type Bell = AsyncDisposable & {
  ring(roomId: string): void;
};

const sideBySide = 4;
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

export function createBell(parts: {
  readonly look: (roomId: string) => Promise<number | undefined>;
  readonly log: Logger;
  readonly brake: FailStop;
}): Bell {
  const { look, log, brake } = parts;
  const waiting = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();
  const failures = new Map<string, number>();
  let closed = false;

  function later(roomId: string, ms: number): void {
    if (closed) return;
    clearTimeout(timers.get(roomId));
    timers.set(
      roomId,
      setTimeout(() => ring(roomId), ms),
    );
  }

  async function work(roomId: string): Promise<void> {
    try {
      const again = await look(roomId);
      failures.delete(roomId);
      if (again !== undefined) later(roomId, again);
    } catch (error) {
      if (closed || brake.failed) return;
      const failed = (failures.get(roomId) ?? 0) + 1;
      failures.set(roomId, failed);
      log.warn({ roomId, failed, ...toLog(error) }, "a room could not be read; it will be tried again");
      later(roomId, Math.min(longestRetryMs, firstRetryMs * 2 ** failed));
    }
  }

  function next(): void {
    for (const roomId of waiting) {
      if (closed || running.size >= sideBySide) return;
      if (running.has(roomId)) continue;
      waiting.delete(roomId);
      const task = work(roomId).finally(() => {
        running.delete(roomId);
        next();
      });
      running.set(roomId, task);
    }
  }

  function ring(roomId: string): void {
    if (closed) return;
    clearTimeout(timers.get(roomId));
    timers.delete(roomId);
    waiting.add(roomId);
    next();
  }

  return {
    ring,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
