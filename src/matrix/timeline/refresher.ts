import { type Clock, pauseMs } from "../kit/clock.ts";

/**
 * Runs one reading of each key at a time; what asks meanwhile gets one more when it ends. A reading that fails is tried again after a
 * pause, on its own: the others go on.
 */
export function createRefresher<T>(deps: {
  readonly keyOf: (subject: T) => string;
  readonly read: (subject: T) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): (subject: T) => Promise<void> {
  const { keyOf, read, clock, signal } = deps;
  const running = new Map<string, { again: boolean; ended: Promise<void> }>();

  const run = async (subject: T, state: { again: boolean }): Promise<void> => {
    for (let attempt = 0; state.again && !signal.aborted; ) {
      state.again = false;
      try {
        await read(subject);
        attempt = 0;
      } catch {
        state.again = true;
        await clock.wait(pauseMs(attempt), signal);
        attempt += 1;
      }
    }
    running.delete(keyOf(subject));
  };

  return (subject) => {
    const mine = running.get(keyOf(subject));
    if (mine !== undefined) {
      mine.again = true;
      return mine.ended;
    }
    const state = { again: true, ended: Promise.resolve() };
    running.set(keyOf(subject), state);
    state.ended = run(subject, state);
    return state.ended;
  };
}
