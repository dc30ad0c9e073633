import { createStore, type StoreApi } from "zustand/vanilla";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Result } from "#protocol/result.ts";
import { type Clock, drop, pauseMs } from "./kit/clock.ts";
import type { Loadable } from "./types.ts";

/** Something read from the server and kept on the device, so that it is there offline too. */
export type Loading<T> = {
  readonly store: StoreApi<Loadable<T>>;
  /** Resolves with the first value there is. */
  readonly value: () => Promise<T>;
  /** Reads, again and again until it is there once; with a value already, a failure changes nothing. */
  readonly refresh: () => Promise<void>;
  readonly reset: () => void;
};

export function createLoading<T>(deps: {
  readonly fetch: () => Promise<Result<T, ErrorCode>>;
  readonly kept?: () => Promise<T | null>;
  readonly keep?: (value: T) => Promise<void>;
  readonly clock: Clock;
}): Loading<T> {
  const store = createStore<Loadable<T>>(() => ({ state: "loading" }));
  let running: Promise<void> | null = null;
  let retryNow = new AbortController();

  const loaded = (): boolean => store.getState().state === "loaded";

  const readUntilThere = async (): Promise<void> => {
    if (!loaded()) {
      const kept = await deps.kept?.().catch(() => null);
      if (kept !== null && kept !== undefined) store.setState({ state: "loaded", value: kept }, true);
    }
    for (let attempt = 0; ; attempt += 1) {
      const answer = await deps.fetch();
      if (answer.ok) {
        store.setState({ state: "loaded", value: answer.value }, true);
        await deps.keep?.(answer.value).catch(() => undefined);
        return;
      }
      if (loaded()) return;
      retryNow = new AbortController();
      store.setState({ state: "failed", code: answer.error, retry: () => retryNow.abort() }, true);
      await deps.clock.wait(pauseMs(attempt), retryNow.signal);
    }
  };

  const refresh = (): Promise<void> => {
    running ??= readUntilThere().finally(() => {
      running = null;
    });
    return running;
  };

  return {
    store,
    refresh,
    reset: () => store.setState({ state: "loading" }, true),
    value: () =>
      new Promise((resolve) => {
        const now = store.getState();
        if (now.state === "loaded") return resolve(now.value);
        drop(refresh());
        const stop = store.subscribe((next) => {
          if (next.state !== "loaded") return;
          stop();
          resolve(next.value);
        });
      }),
  };
}
