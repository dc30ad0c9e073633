import { describe, expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import { err, ok } from "#protocol/result.ts";
import type { ConnectionState, Door, Loadable, SessionState } from "../../matrix/types.ts";
import { createSessionModel, keyGroups, localpartOf } from "./session-model.ts";

type Ports = Parameters<typeof createSessionModel>[0];

function setUp(password = "colloque-demo") {
  const session = createStore<SessionState>(() => ({ step: "signed-out", notice: null }));
  const door: Ports["door"] = {
    session,
    config: createStore<Loadable<never>>(() => ({ state: "loading" })),
    connection: createStore<ConnectionState>(() => ({ homeserver: "online", sinceMs: 0, health: null })),
    signIn: (_name, typed) =>
      Promise.resolve(typed === password ? ok(undefined) : err("wrong-password" as const)),
    unlock: () => Promise.resolve(err("wrong-key" as const)),
    startAnew: () => Promise.resolve(ok(undefined)),
    recoveryKeySaved: () => {},
    signOut: () => Promise.resolve(),
    takeOver: () => {},
  } satisfies Partial<Door>;
  let nowMs = 0;
  const timers: (() => void)[] = [];
  const clock = {
    now: () => nowMs,
    later: (_ms: number, run: () => void) => {
      timers.push(run);
      return () => {};
    },
  };
  const pass = (ms: number) => {
    nowMs += ms;
    timers.splice(0).forEach((run) => {
      run();
    });
  };
  return { model: createSessionModel({ door, clock }), session, pass };
}

describe("signing in", () => {
  test("a wrong password is said, and the right one is not", async () => {
    const { model } = setUp();
    await model.signIn("martin", "nope", "own");
    expect(model.store.getState().attempt).toEqual({ step: "failed", error: "wrong-password" });
    await model.signIn("martin", "colloque-demo", "own");
    expect(model.store.getState().attempt).toEqual({ step: "idle" });
  });

  test("a wrong recovery key is said", async () => {
    const { model } = setUp();
    await model.unlock("abcd");
    expect(model.store.getState().attempt).toEqual({ step: "failed", error: "wrong-key" });
  });

  test("the seconds of setting up are counted, and end with it", () => {
    const { model, session, pass } = setUp();
    session.setState({ step: "setting-up" }, true);
    pass(12_000);
    expect(model.store.getState().settingUpForS).toBe(12);
    session.setState({ step: "ready", userId: "@a:b", deviceId: "D", recoveryKeyToSave: null }, true);
    expect(model.store.getState().settingUpForS).toBeNull();
  });

  test("the account is found in what people type", () => {
    expect([" Martin ", "@martin:valombre.example", "martin@valombre.example"].map(localpartOf)).toEqual([
      "martin",
      "martin",
      "martin",
    ]);
  });

  test("a recovery key is shown in groups of four", () => {
    expect(keyGroups("EsTj 3yST y93F SLpB")).toEqual(["EsTj", "3yST", "y93F", "SLpB"]);
  });
});
