import { createStore, type StoreApi } from "zustand/vanilla";
import { type Health, healthSchema } from "#protocol/api.ts";
import type { Api } from "./api.ts";
import { type Clock, drop } from "./kit/clock.ts";
import type { ConnectionState } from "./types.ts";

/** What can be reached now: the sync says it of the homeserver, a question every 15 seconds of the other parts. */
export type Connection = {
  readonly store: StoreApi<ConnectionState>;
  readonly onSync: (homeserver: ConnectionState["homeserver"]) => void;
  /** Begins to ask. Not before all that a question needs is made: the session's token. */
  readonly begin: () => void;
  /** Nobody is signed in: no sync tells anything. */
  readonly idle: () => void;
};

const pollMs = 15_000;

export function createConnection(deps: {
  readonly api: Api;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onOnline: () => void;
}): Connection {
  const { api, clock, signal } = deps;
  const online = (): boolean => globalThis.navigator?.onLine !== false;
  const store = createStore<ConnectionState>(() => ({
    homeserver: online() ? "connecting" : "offline",
    sinceMs: clock.nowMs(),
    health: null,
  }));

  const become = (homeserver: ConnectionState["homeserver"]): void => {
    const before = store.getState().homeserver;
    if (before === homeserver) return;
    store.setState({ homeserver, sinceMs: clock.nowMs() });
    if (homeserver === "online") deps.onOnline();
  };

  const askHealth = async (): Promise<void> => {
    const answer = await api.get("/health", healthSchema);
    const health: Health | null = answer.ok ? answer.value : null;
    if (JSON.stringify(health) !== JSON.stringify(store.getState().health)) store.setState({ health });
    if (!answer.ok && answer.error === "homeserver-unreachable") become("offline");
  };

  const poll = async (): Promise<void> => {
    while (!signal.aborted) {
      if (globalThis.document === undefined || document.visibilityState === "visible") await askHealth();
      await clock.wait(pollMs, signal);
    }
  };
  const listen = (target: EventTarget | undefined, name: string, listener: () => void): void =>
    target?.addEventListener(name, listener, { signal });
  const { window, document: page } = globalThis;
  listen(window, "offline", () => become("offline"));
  listen(window, "online", () => {
    become("connecting");
    drop(askHealth());
    deps.onOnline();
  });
  listen(page, "visibilitychange", () => {
    if (page.visibilityState === "visible") drop(askHealth());
  });

  return {
    store,
    begin: () => drop(poll()),
    onSync: become,
    idle: () => become(online() ? "connecting" : "offline"),
  };
}
