import { createStore, type StoreApi } from "zustand/vanilla";
import { type Config, configSchema, type Directory, directorySchema } from "#protocol/api.ts";
import { type Me, meSchema } from "#protocol/filing-desk.ts";
import type { Clinician } from "#protocol/people.ts";
import { type Api, createApi } from "./api.ts";
import { type CallsState, noCalls } from "./calls/types.ts";
import { type Cases, createCases } from "./cases.ts";
import { type Connection, createConnection } from "./connection.ts";
import { type Consents, createConsents } from "./consents.ts";
import { followExpiries } from "./expiries.ts";
import { type Clock, drop } from "./kit/clock.ts";
import { type DeviceStore, openDeviceStore } from "./kit/device-store.ts";
import { lateDeviceStore } from "./kit/late-device-store.ts";
import { createOwnerLock } from "./kit/owner-lock.ts";
import { createPart } from "./kit/part.ts";
import type { LiveParts } from "./live.ts";
import { createLoading, type Loading } from "./loading.ts";
import { createEmergencies, type Emergencies } from "./media/emergencies.ts";
import { createLastWords } from "./media/last-words.ts";
import { createLeases, type Leases } from "./media/leases.ts";
import { createPictureReader, type PictureReader } from "./media/read.ts";
import { createShelf } from "./media/shelf.ts";
import { createUpload } from "./media/upload.ts";
import { createOutbox, type Outbox } from "./outbox/outbox.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { logOut } from "./session/login.ts";
import { createSession, type Live, type Session } from "./session/session.ts";
import { createStation, type StationKept } from "./station.ts";
import type { Vault } from "./types.ts";
import { createVault } from "./vault.ts";
import { createWithdrawals, type Withdrawals } from "./withdrawals.ts";
import type { Language } from "./words.ts";

/** The parts behind the door, put together once. */
export type DoorCore = {
  readonly clock: Clock;
  readonly api: Api;
  readonly registry: Registry;
  readonly session: Session;
  readonly config: Loading<Config>;
  readonly directory: Loading<Directory>;
  readonly me: Loading<Me>;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly cases: Cases;
  readonly consents: Consents;
  readonly leases: Leases;
  readonly emergencies: Emergencies;
  readonly pictures: PictureReader;
  readonly station: StationKept;
  readonly withdrawals: Withdrawals;
  readonly vault: Vault;
  readonly calls: StoreApi<CallsState>;
  readonly clinicians: () => readonly Clinician[];
  /** The parts of the session, while there is one that is ready. */
  readonly live: () => LiveParts | null;
  readonly start: () => Promise<void>;
  readonly whenStarted: <T>(then: () => Promise<T>) => Promise<T>;
};

export type CoreOptions = { readonly baseUrl: string; readonly language: Language; readonly clock: Clock };

export function openCore({ baseUrl, language, clock }: CoreOptions): DoorCore {
  const page = new AbortController();
  const device: DeviceStore = lateDeviceStore(openDeviceStore());
  let live: LiveParts | null = null;
  const engine = createPart(() => import("./engine.ts"));
  const livekit = createPart(() => import("../livekit/index.ts"));
  const calls = createStore<CallsState>(() => noCalls);

  const api = createApi({
    baseUrl,
    token: () => session.token(),
    onUnknownToken: (token) => session.tokenRefused(token),
  });
  const registry = createRegistry(api);
  const outbox = createOutbox({ device, clock });
  const consents = createConsents(device, clock);
  const config = createLoading({
    fetch: () => api.get("/config", configSchema),
    kept: async () => configSchema.safeParse(await device.get("session", "config")).data ?? null,
    keep: (value) => device.set("session", "config", value),
    clock,
  });
  const directory = createLoading({
    fetch: () => api.get("/directory", directorySchema),
    kept: async () => directorySchema.safeParse(await device.get("session", "directory")).data ?? null,
    keep: (value) => device.set("session", "directory", value),
    clock,
  });
  const me = createLoading({ fetch: () => api.get("/me", meSchema), clock });
  const clinicians = (): readonly Clinician[] => {
    const now = directory.store.getState();
    return now.state === "loaded" ? now.value.clinicians : [];
  };
  const registryKey = async () => (await config.value()).registryKey;
  const station = createStation(device);
  /** The organisation's rules as they hold on this device. */
  const rules = async () => {
    const { consentRules } = await config.value();
    return (await station.isShared()) ? { ...consentRules, offlineHours: 0 } : consentRules;
  };
  const mayKeep = async () => (await rules()).offlineHours > 0;
  const shelf = createShelf({ device, mayKeep, clock });
  const emergencies = createEmergencies(clock);
  const leases = createLeases({
    registry,
    registryKey,
    words: createLastWords({ device, registryKey, mayKeep, clock }),
    onWithdrawn: (consentId) => pictures.forget(consentId),
    clock,
    signal: page.signal,
  });
  const pictures = createPictureReader({
    api,
    leases,
    registryKey,
    clinicians,
    userId: () => live?.live.identity.userId ?? "",
    rules,
    emergencies,
    shelf,
  });
  const withdrawals = createWithdrawals({ outbox, consents, leases, pictures });
  const connection = createConnection({ api, clock, signal: page.signal, onOnline: () => outbox.wake() });
  const cases = createCases(outbox, connection.store);

  const goLive = async (ready: Live, signal: AbortSignal): Promise<void> => {
    const [known, { createLive }] = await Promise.all([config.value(), engine(), directory.value()]);
    if (signal.aborted) return;
    const upload = createUpload(baseUrl, () => session.token());
    const parts = createLive({
      live: ready,
      config: known,
      device,
      registry,
      leases,
      consents,
      upload,
      clinicians,
      api,
      calls,
      openMedia: async (identity) => (await livekit()).createMediaRoom(identity),
      language,
      clock,
      signal,
    });
    live = parts;
    signal.addEventListener("abort", () => {
      live = null;
    });
    withdrawals.follow(parts.timeline.store, known.bot, signal);
    followExpiries(
      { timeline: parts.timeline.store, bot: known.bot, outbox, consents, leases, pictures, device },
      signal,
    );
    cases.follow(parts.timeline.store, { userId: ready.identity.userId, bot: known.bot }, signal);
    whenSynced(parts, () => outbox.run(parts.ports, signal), signal);
    drop(directory.refresh());
    drop(me.refresh());
  };

  const session: Session = createSession({
    baseUrl,
    device,
    lock: createOwnerLock(globalThis.navigator?.locks),
    registry,
    clock,
    engine,
    logOut: () => logOut(api),
    fetch: (input, init) => globalThis.fetch(input, init),
    archivist: async () => (await config.value()).bot,
    whoAmI: () => api.get("/me", meSchema),
    onLive: (ready, signal) => drop(goLive(ready, signal)),
    beforeResume: () => outbox.load(),
    onSync: connection.onSync,
    onSignedOut: () => {
      cases.clear();
      outbox.clear();
      emergencies.clear();
      leases.clear();
      pictures.clear();
      directory.reset();
      me.reset();
      connection.idle();
    },
  });

  session.state.subscribe(({ step }) => {
    if (step !== "administrator") return;
    drop(directory.refresh());
    drop(me.refresh());
  });

  let starting: Promise<void> | null = null;
  const start = (): Promise<void> => {
    if (starting === null) {
      starting = session.start();
      connection.begin();
    }
    drop(config.refresh());
    return starting;
  };

  return {
    clock,
    api,
    registry,
    session,
    config,
    directory,
    me,
    connection,
    outbox,
    cases,
    consents,
    leases,
    emergencies,
    pictures,
    station,
    withdrawals,
    vault: createVault(device),
    calls,
    clinicians,
    live: () => live,
    start,
    async whenStarted(then) {
      await start();
      return then();
    },
  };
}

/** The outbox looks into the rooms before it sends: not before they are read. */
function whenSynced(parts: LiveParts, then: () => void, signal: AbortSignal): void {
  const { store } = parts.timeline;
  if (store.getState().synced) {
    then();
    return;
  }
  const stop = store.subscribe(({ synced }) => {
    if (!synced) return;
    stop();
    if (!signal.aborted) then();
  });
  signal.addEventListener("abort", stop, { once: true });
}
