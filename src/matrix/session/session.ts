import { z } from "zod";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Me } from "#protocol/filing-desk.ts";
import { userIdSchema } from "#protocol/ids.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { randomBytes } from "../kit/bytes.ts";
import { type Clock, drop, pauseMs } from "../kit/clock.ts";
import type { DeviceStore } from "../kit/device-store.ts";
import type { OwnerLock } from "../kit/owner-lock.ts";
import { NotLoadedError } from "../kit/part.ts";
import type { Registry } from "../registry.ts";
import type { ConnectionState, SessionState, SignInError } from "../types.ts";
import { certifiedSigner } from "./certified-signer.ts";
import type { connect, firstSync, follow } from "./client.ts";
import { removeCryptoStores } from "./crypto-stores.ts";
import type { resetKeys, setUpKeys, standingOf, unlockKeys } from "./keys-setup.ts";
import { logIn } from "./login.ts";
import type { Identity, openSdk, Sdk, warmCrypto } from "./sdk.ts";
import type { Signer } from "./signing.ts";

/** A session that may read and send: this device is one of the person's own. */
export type Live = { readonly sdk: Sdk; readonly identity: Identity; readonly signer: Signer };

export type Session = {
  readonly state: StoreApi<SessionState>;
  /** Goes on where the last page ended. */
  start(): Promise<void>;
  signIn(localpart: string, password: string): Promise<Result<void, SignInError>>;
  unlock(recoveryKey: string): Promise<Result<void, "wrong-key" | ErrorCode>>;
  startAnew(password: string): Promise<Result<void, SignInError>>;
  recoveryKeySaved(): void;
  signOut(notice?: "signed-out-elsewhere" | null): Promise<void>;
  takeOver(): void;
  token(): string | null;
  /** The homeserver no longer knows this token. */
  tokenRefused(token: string): void;
};

/** What the session needs of the SDK. It is loaded apart, so that the sign-in page need not wait for it. */
export type Engine = {
  readonly openSdk: typeof openSdk;
  readonly warmCrypto: typeof warmCrypto;
  readonly connect: typeof connect;
  readonly firstSync: typeof firstSync;
  readonly follow: typeof follow;
  readonly standingOf: typeof standingOf;
  readonly setUpKeys: typeof setUpKeys;
  readonly unlockKeys: typeof unlockKeys;
  readonly resetKeys: typeof resetKeys;
};

export type SessionDeps = {
  readonly baseUrl: string;
  readonly device: DeviceStore;
  readonly lock: OwnerLock;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly engine: () => Promise<Engine>;
  readonly logOut: () => Promise<unknown>;
  readonly fetch: typeof globalThis.fetch;
  /** The user id of the hospital's archivist. */
  readonly archivist: () => Promise<string>;
  /** What the server takes the caller for. */
  readonly whoAmI: () => Promise<Result<Me, ErrorCode>>;
  /** Called once a session is ready; the signal ends with it. */
  readonly onLive: (live: Live, signal: AbortSignal) => void;
  /** Called with every started client, ready or not, for the state of the connection. */
  readonly onSync: (homeserver: ConnectionState["homeserver"]) => void;
  readonly onSignedOut: () => void;
  /** Called before a kept session goes on, at the start or taken over from another tab: what it left on the device is read. */
  readonly beforeResume: () => Promise<void>;
};

const savedSchema = z.object({
  userId: userIdSchema,
  deviceId: z.string(),
  accessToken: z.string(),
  /** Keys are set up: no question is asked at the next start. */
  ready: z.boolean(),
  /** Who administers and treats nobody has no keys: nothing is ever encrypted to them. */
  administrator: z.boolean().default(false),
});
type Saved = z.infer<typeof savedSchema>;

const bytesSchema = z.instanceof(Uint8Array).transform((each) => new Uint8Array(each));

type Open = { engine: Engine; sdk: Sdk; identity: Identity; stop: AbortController };

export function createSession(deps: SessionDeps): Session {
  const { device, clock } = deps;
  const state = createStore<SessionState>(() => ({ step: "starting" }));
  let open: Open | null = null;
  let identity: Identity | null = null;
  let secret: Uint8Array<ArrayBuffer> | null = null;

  const become = (next: SessionState): void => state.setState(next, true);

  const close = (): void => {
    open?.stop.abort();
    open?.sdk.client.stopClient();
    open = null;
    secret = null;
  };

  const lost = (): void => {
    close();
    become({ step: "other-tab" });
  };

  const storageKey = async (): Promise<Uint8Array> => {
    const kept = bytesSchema.safeParse(await device.get("session", "crypto-key"));
    if (kept.success) return kept.data;
    const made = randomBytes(32);
    await device.set("session", "crypto-key", made);
    return made;
  };

  const openClient = async (saved: Saved): Promise<Open> => {
    const stop = new AbortController();
    identity = saved;
    const engine = await deps.engine();
    const sdk = await engine.openSdk({
      baseUrl: deps.baseUrl,
      identity: { userId: saved.userId, deviceId: saved.deviceId, accessToken: saved.accessToken },
      storageKey: await storageKey(),
      secretKey: () => secret,
      onSecretKey: (key) => {
        secret = key;
      },
      archivist: deps.archivist,
      onCryptoFailure: (cause) => {
        stop.abort();
        become(stopped(cause));
      },
    });
    const opened = { engine, sdk, identity: saved, stop };
    open = opened;
    const onLoggedOut = () => tokenRefused(saved.accessToken);
    engine.follow(sdk, { onSync: deps.onSync, onLoggedOut }, stop.signal);
    return opened;
  };

  /** To a session that may read and send, or to the question for the recovery key. */
  const becomeReady = async (opened: Open, saved: Saved): Promise<void> => {
    const { engine, sdk, stop } = opened;
    const prepared = engine.firstSync(sdk, stop.signal);
    const connecting = engine.connect(sdk);
    if (!saved.ready) {
      await Promise.all([prepared, connecting]);
      const standing = await engine.standingOf(sdk);
      if (standing === "locked") {
        become({ step: "recovery-needed", userId: saved.userId });
        return;
      }
      if (standing === "new") {
        become({ step: "setting-up" });
        await engine.setUpKeys(sdk, offer);
      }
    }
    // A device that was set up before is ready at once, network or not.
    drop(prepared);
    drop(connecting);
    await goLive(opened, saved, stop.signal);
  };

  const goLive = async (opened: Open, saved: Saved, signal: AbortSignal): Promise<void> => {
    const signer = await certifiedSigner(device, deps.registry, clock, signal);
    if (!saved.ready) {
      await insist(() => deps.registry.sayReady(), clock, signal);
      await device.set("session", "identity", { ...saved, ready: true });
    }
    secret = null;
    if (signal.aborted) return;
    const key = await device.get("session", "recovery-key");
    become({
      step: "ready",
      userId: saved.userId,
      deviceId: saved.deviceId,
      recoveryKeyToSave: typeof key === "string" ? key : null,
    });
    deps.onLive({ sdk: opened.sdk, identity: opened.identity, signer }, signal);
  };

  const offer = (recoveryKey: string): Promise<void> => device.set("session", "recovery-key", recoveryKey);

  /** Opens a saved session, again and again while the network is away: nothing set up in part may be given up. */
  const resume = async (saved: Saved): Promise<void> => {
    if (saved.administrator) {
      identity = saved;
      become({ step: "administrator", userId: saved.userId, deviceId: saved.deviceId });
      return;
    }
    let opened: Open | null = null;
    for (let attempt = 0; ; attempt += 1) {
      try {
        opened ??= await openClient(saved);
        await becomeReady(opened, saved);
        return;
      } catch (cause) {
        const { step } = state.getState();
        if (step === "signed-out" || step === "other-tab" || step === "stopped") return;
        // One client at a time on the crypto store: a client that did not come up is let go before the next.
        const cameUp = open !== null;
        if (opened === null) close();
        if (!cameUp && attempt > 2) return become(stopped(cause));
        await clock.wait(pauseMs(attempt), opened?.stop.signal);
      }
    }
  };

  const tokenRefused = (token: string): void => {
    if (identity?.accessToken === token) drop(signOut("signed-out-elsewhere"));
  };

  const signOut = async (notice: "signed-out-elsewhere" | null = null): Promise<void> => {
    if (identity === null) return;
    const { sdk } = open ?? {};
    open?.stop.abort();
    if (notice === null) await deps.logOut();
    identity = null;
    close();
    deps.onSignedOut();
    // With the keys gone, what the crypto store still holds cannot be read; its files follow when the browser lets them.
    await device.wipe();
    markSession(false);
    become({ step: "signed-out", notice });
    drop(removeCryptoStores(null));
    sdk?.client.removeAllListeners();
  };

  const begin = async (): Promise<void> => {
    become({ step: "starting" });
    const saved = savedSchema.safeParse(await device.get("session", "identity"));
    drop(removeCryptoStores(saved.success ? saved.data.deviceId : null));
    if (saved.success) {
      await deps.beforeResume();
      return resume(saved.data);
    }
    const notice = hadSession() ? "storage-lost" : null;
    markSession(false);
    become({ step: "signed-out", notice });
    // While the person types. What does not arrive now is asked for again when it is needed.
    drop(deps.engine().then(({ warmCrypto }) => warmCrypto()));
  };

  return {
    state,
    token: () => identity?.accessToken ?? null,
    tokenRefused,
    signOut: (notice = null) => signOut(notice),
    async start() {
      if (hadSession()) drop(deps.engine());
      if (!(await deps.lock.tryOwn(lost))) return become({ step: "other-tab" });
      await begin();
    },
    takeOver() {
      drop(deps.lock.takeOver(lost).then(begin));
    },
    async signIn(localpart, password) {
      become({ step: "signing-in" });
      try {
        // Before anything is set up: what has not arrived by now would leave somebody halfway.
        await deps.engine();
      } catch (cause) {
        become(stopped(cause));
        return ok(undefined);
      }
      const answer = await logIn(deps.baseUrl, localpart, password, deps.fetch);
      if (!answer.ok) {
        become({ step: "signed-out", notice: null });
        return answer;
      }
      identity = answer.value;
      const me = await deps.whoAmI();
      const administrator = me.ok && me.value.administrator && !me.value.clinician;
      const saved = { ...answer.value, ready: false, administrator };
      await device.set("session", "identity", saved);
      markSession(true);
      become({ step: "setting-up" });
      await resume(saved);
      return ok(undefined);
    },
    async unlock(recoveryKey) {
      const opened = open;
      const saved = savedSchema.safeParse(await device.get("session", "identity"));
      if (opened === null || !saved.success) return err("not-signed-in");
      const hold = (key: Uint8Array<ArrayBuffer>): void => {
        secret = key;
      };
      try {
        const unlocked = await opened.engine.unlockKeys(opened.sdk, recoveryKey, hold);
        if (!unlocked.ok) return unlocked;
        become({ step: "setting-up" });
        await goLive(opened, saved.data, opened.stop.signal);
        return ok(undefined);
      } catch {
        become({ step: "recovery-needed", userId: saved.data.userId });
        return err("homeserver-unreachable");
      }
    },
    async startAnew(password) {
      const opened = open;
      const saved = savedSchema.safeParse(await device.get("session", "identity"));
      if (opened === null || !saved.success) return err("not-signed-in");
      become({ step: "setting-up" });
      try {
        await opened.engine.resetKeys(opened.sdk, password, offer);
        await goLive(opened, saved.data, opened.stop.signal);
        return ok(undefined);
      } catch (cause) {
        become({ step: "recovery-needed", userId: saved.data.userId });
        return err(isWrongPassword(cause) ? "wrong-password" : "homeserver-unreachable");
      }
    },
    recoveryKeySaved() {
      const now = state.getState();
      if (now.step === "ready") become({ ...now, recoveryKeyToSave: null });
      drop(device.delete("session", "recovery-key"));
    },
  };
}

/** Repeats a call of the registry until it is heard: without it, colleagues cannot reach this person. */
async function insist(
  call: () => Promise<Result<unknown, ErrorCode>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    if ((await call()).ok) return;
    await clock.wait(pauseMs(attempt), signal);
  }
}

/** A fault's name and nothing of its message, which may speak of rooms. */
const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : "unknown");

const stopped = (cause: unknown): SessionState => ({
  step: "stopped",
  why: cause instanceof NotLoadedError ? "not-loaded" : "storage",
  detail: nameOf(cause),
});

const isWrongPassword = (cause: unknown): boolean =>
  cause !== null &&
  typeof cause === "object" &&
  "httpStatus" in cause &&
  [401, 403].includes(Number(cause.httpStatus));

/** A mark outside IndexedDB, so that an evicted store is told from a first visit. It says nothing but that there was a session. */
const flag = "colloque.session";
const hadSession = (): boolean => globalThis.localStorage?.getItem(flag) === "1";
function markSession(present: boolean): void {
  if (present) globalThis.localStorage?.setItem(flag, "1");
  else globalThis.localStorage?.removeItem(flag);
}
