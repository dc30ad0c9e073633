import { createStore, type StoreApi } from "zustand/vanilla";
import type { Door, Loadable } from "../../matrix/types.ts";
import { type Worklist, worklistOf } from "./worklist.ts";

export type Clock = {
  readonly now: () => number;
  /** Runs something later; returns how to call it off. */
  readonly later: (ms: number, run: () => void) => () => void;
};

export type WorklistModel = {
  readonly store: StoreApi<Worklist>;
  retry(localId: string): void;
  discard(localId: string): void;
  dispose(): void;
};

type Ports = {
  readonly door: Pick<Door, "cases" | "directory" | "config" | "session" | "retry" | "discard">;
  readonly clock: Clock;
};

const minuteMs = 60_000;

/** The worklist, told anew whenever a case changes and once a minute, as time left is part of it. */
export function createWorklistModel({ door, clock }: Ports): WorklistModel {
  const tell = () => worklistOf(readFacts(door, clock.now()));
  const store = createStore<Worklist>(tell);
  const update = () => store.setState(tell(), true);
  const stops = [
    door.cases.subscribe(update),
    door.directory.subscribe(update),
    door.config.subscribe(update),
    door.session.subscribe(update),
    everyMinute(clock, update),
  ];
  return {
    store,
    retry: (localId) => door.retry(localId),
    discard: (localId) => door.discard(localId),
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

export function everyMinute(clock: Clock, run: () => void): () => void {
  let off = clock.later(minuteMs, tick);
  function tick() {
    run();
    off = clock.later(minuteMs, tick);
  }
  return () => off();
}

export function readFacts(door: Pick<Door, "cases" | "directory" | "config" | "session">, nowMs: number) {
  const session = door.session.getState();
  return {
    cases: door.cases.getState(),
    directory: loadedValue(door.directory.getState()),
    bot: loadedValue(door.config.getState())?.bot ?? "",
    me: session.step === "ready" ? session.userId : "",
    nowMs,
  };
}

export const loadedValue = <T>(loadable: Loadable<T>): T | null =>
  loadable.state === "loaded" ? loadable.value : null;
