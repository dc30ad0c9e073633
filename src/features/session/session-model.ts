import { createStore, type StoreApi } from "zustand/vanilla";
import type { Config } from "#protocol/api.ts";
import type { Door, Loadable, SessionState, SignInError, Station } from "../../matrix/types.ts";

/** What somebody just tried on the screen of the moment: signing in, unlocking, starting anew. */
export type Attempt =
  | { readonly step: "idle" }
  | { readonly step: "busy" }
  | { readonly step: "failed"; readonly error: SignInError | "wrong-key" };

export type SessionView = {
  readonly session: SessionState;
  readonly config: Loadable<Config>;
  readonly offline: boolean;
  readonly attempt: Attempt;
  /** Seconds since keys began to be set up; null when they are not. */
  readonly settingUpForS: number | null;
  /** The person put the recovery key off until the next start. */
  readonly keyPutOff: boolean;
};

export type SessionModel = {
  readonly store: StoreApi<SessionView>;
  signIn(name: string, password: string, station: Station): Promise<void>;
  unlock(recoveryKey: string): Promise<void>;
  startAnew(password: string): Promise<void>;
  keySaved(): void;
  putKeyOff(): void;
  showKey(): void;
  signOut(): Promise<void>;
  takeOver(): void;
  /** A new screen begins without the last one's error. */
  forgetAttempt(): void;
  dispose(): void;
};

type Ports = {
  readonly door: Pick<
    Door,
    | "session"
    | "config"
    | "connection"
    | "signIn"
    | "unlock"
    | "startAnew"
    | "recoveryKeySaved"
    | "signOut"
    | "takeOver"
  >;
  readonly clock: {
    readonly now: () => number;
    readonly later: (ms: number, run: () => void) => () => void;
  };
};

export function createSessionModel({ door, clock }: Ports): SessionModel {
  let settingUpSinceMs: number | null = null;
  let offTick = () => {};
  let own: Pick<SessionView, "attempt" | "keyPutOff"> = { attempt: { step: "idle" }, keyPutOff: false };

  const tell = (): SessionView => ({
    ...own,
    session: door.session.getState(),
    config: door.config.getState(),
    offline: door.connection.getState().homeserver === "offline",
    settingUpForS: settingUpSinceMs === null ? null : Math.floor((clock.now() - settingUpSinceMs) / 1000),
  });
  const store = createStore<SessionView>(tell);
  const update = () => {
    followSettingUp();
    store.setState(tell(), true);
  };
  const set = (more: Partial<typeof own>) => {
    own = { ...own, ...more };
    update();
  };

  /** Anything over ten seconds says how long: seconds count only while keys are being set up. */
  const followSettingUp = () => {
    const going = door.session.getState().step === "setting-up";
    if (!going) {
      settingUpSinceMs = null;
      offTick();
      offTick = () => {};
    } else if (settingUpSinceMs === null) {
      settingUpSinceMs = clock.now();
      tick();
    }
  };
  const tick = () => {
    offTick = clock.later(1000, () => {
      tick();
      store.setState(tell(), true);
    });
  };

  const attempt = async (
    run: () => Promise<{ ok: true } | { ok: false; error: SignInError | "wrong-key" }>,
  ) => {
    if (own.attempt.step === "busy") return;
    set({ attempt: { step: "busy" } });
    const answer = await run();
    set({ attempt: answer.ok ? { step: "idle" } : { step: "failed", error: answer.error } });
  };

  followSettingUp();
  const stops = [
    door.session.subscribe(update),
    door.config.subscribe(update),
    door.connection.subscribe(update),
  ];

  return {
    store,
    signIn: (name, password, station) => attempt(() => door.signIn(localpartOf(name), password, station)),
    unlock: (recoveryKey) => attempt(() => door.unlock(recoveryKey.trim())),
    startAnew: (password) => attempt(() => door.startAnew(password)),
    keySaved: () => door.recoveryKeySaved(),
    putKeyOff: () => set({ keyPutOff: true }),
    showKey: () => set({ keyPutOff: false }),
    signOut: () => door.signOut(),
    takeOver: () => door.takeOver(),
    forgetAttempt: () => set({ attempt: { step: "idle" } }),
    dispose() {
      offTick();
      for (const stop of stops) stop();
    },
  };
}

/** People type "Martin ", "@martin:valombre.example" or an e-mail-like name; the account is "martin". */
export function localpartOf(typed: string): string {
  const bare = typed.trim().toLowerCase().replace(/^@/, "");
  return bare.split(/[:@]/)[0] ?? bare;
}

/** The recovery key as a person copies it: groups of four. */
export const keyGroups = (key: string): readonly string[] => key.replace(/\s+/g, "").match(/.{1,4}/g) ?? [];
