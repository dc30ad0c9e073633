/** The current time and waiting, given from outside so that tests own them. */
export type Clock = {
  readonly nowMs: () => number;
  /** Resolves after that long, or at once when the signal says to stop. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
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

/** Pause before the nth retry (n from 0): one second, doubling, one minute at most, a quarter of it left to chance. */
export const pauseMs = (attempt: number): number =>
  Math.min(60_000, 1000 * 2 ** Math.min(attempt, 10)) * (0.75 + Math.random() / 4);

/** Marks a promise that is left alone on purpose: its failure is told elsewhere or means nothing. */
export function drop(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
