/** The current time and waiting, given from outside so that tests own them. */
export type Clock = {
  readonly nowMs: () => number;
  /** A clock that nobody sets, from some moment of this page on. It may stand still while the device sleeps. */
  readonly monoMs: () => number;
  /** Resolves after that long, or at once when the signal says to stop. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monoMs: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(done, ms);
      function done(): void {
        signal?.removeEventListener("abort", done);
        clearTimeout(timer);
        resolve();
      }
      signal?.addEventListener("abort", done);
    }),
};

/** A moment, by both clocks. */
export type Mark = { readonly wallMs: number; readonly monoMs: number };

export const markOf = ({ nowMs, monoMs }: Pick<Clock, "nowMs" | "monoMs">): Mark => ({
  wallMs: nowMs(),
  monoMs: monoMs(),
});

/** How long ago: a wall clock that was set back does not make it less, nor a sleep in which the other stood still. */
export const sinceMs = ({ nowMs, monoMs }: Pick<Clock, "nowMs" | "monoMs">, mark: Mark): number =>
  Math.max(0, nowMs() - mark.wallMs, monoMs() - mark.monoMs);

/** How long ago at the least: what one clock alone says counts for nothing. */
export const leastSinceMs = ({ nowMs, monoMs }: Pick<Clock, "nowMs" | "monoMs">, mark: Mark): number =>
  Math.max(0, Math.min(nowMs() - mark.wallMs, monoMs() - mark.monoMs));

/** Pause before the nth retry (n from 0): one second, doubling, one minute at most, a quarter of it left to chance. */
export const pauseMs = (attempt: number): number =>
  Math.min(60_000, 1000 * 2 ** Math.min(attempt, 10)) * (0.75 + Math.random() / 4);

/** Marks a promise that is left alone on purpose: its failure is told elsewhere or means nothing. */
export function drop(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
