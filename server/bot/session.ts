import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { MatrixClient } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { type Logger, toLog } from "../kit/log.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import { type CryptoStore, openCryptoStore } from "./crypto-store/index.ts";
import type { FailStop } from "./fail-stop.ts";
import type { Http } from "./http.ts";
import { type Account, ArchivistRefuses, deviceIdOf, logIn, publishedKeys } from "./login.ts";
import { recoveryKeyFile } from "./recovery-key.ts";
import {
  ClientEvent,
  createClient,
  decodeRecoveryKey,
  Filter,
  HttpApiEvent,
  OnlySignedDevicesIsolationMode,
  SyncState,
} from "./sdk.ts";
import { guardCrypto, learnDevices, takeHandedKeys, withoutHandedKeys } from "./sdk-inside.ts";
import { createSdkLog } from "./sdk-log.ts";
import { type DeviceRow, devices, putDevice, setToken } from "./store.ts";
import { nameStore, oldestStore, setStoreAside, storePath } from "./store-files.ts";
import { decryptStrictly } from "./strict-decrypt.ts";
import { createThinSync, type ThinSync } from "./thin-sync.ts";

/**
 * The archivist as a Matrix device.
 *
 * Phases of a start: keys from the disk → login, or the kept token → is this device still the one that the homeserver knows? → crypto
 * layer, strict mode, brake → first sync → identity, secret storage, key backup (after the sync: before it, each waits for echoes
 * that cannot come) → own device signed, or no start.
 */
export type Session = AsyncDisposable & {
  readonly client: MatrixClient;
  readonly crypto: CryptoApi;
  readonly userId: string;
  readonly deviceNumber: number;
  readonly deviceId: string;
  readonly token: string;
  /** Learns a person's devices anew; false when that was done a moment ago. */
  readonly learnDevices: (userId: string) => Promise<boolean>;
  /** Takes in the keys that came with the invitation to a room, if they did not yet; false when that was tried a moment ago. */
  readonly takeHandedKeys: (roomId: string) => Promise<boolean>;
  /** Tells of each room where something was said, once the keys that came with it are in. */
  readonly onNews: (ring: (roomId: string) => void) => Disposable;
  /** Whether the last sync worked. */
  readonly isUp: () => boolean;
};

export type SessionParts = {
  readonly db: Database;
  readonly http: Http;
  readonly log: Logger;
  readonly sealer: Sealer;
  readonly brake: FailStop;
  readonly account: Account;
  readonly storeKey: Uint8Array;
  readonly dataDir: string;
  /** Gives up a start that waits for the homeserver. */
  readonly signal: AbortSignal;
};

/** An empty file of this name in the data folder asks for a new device. */
const newDeviceFile = "archivist-new-device";

/** The device that acts, as it was left at the last end. */
export async function openSession(parts: SessionParts): Promise<Session> {
  await takeNewDeviceIfAsked(parts);
  const known = await devices(parts.db);
  const acting = known.find((each) => each.state === "acting") ?? (await firstDevice(parts));
  nameStore(parts.dataDir, acting.number);
  // While the one before it is leaving, the backup still has what shall end with it.
  const restores = known.every((each) => each.state !== "leaving");
  return openDevice(parts, acting, restores);
}

/** A database that was lost or never there: the keys say which device this is. */
async function firstDevice({ db, dataDir }: SessionParts): Promise<Pick<DeviceRow, "number" | "token">> {
  const number = oldestStore(dataDir) ?? 1;
  await putDevice(db, number, "acting", null, Date.now());
  return { number, token: undefined };
}

/** Opens a device, whose keys are there or begin now. `restores`: a device without the backup's key takes in what the backup has. */
export async function openDevice(
  parts: SessionParts,
  device: Pick<DeviceRow, "number" | "token">,
  restores: boolean,
): Promise<Session> {
  const { http, brake, account, dataDir } = parts;
  const keys = await openCryptoStore(storePath(dataDir, device.number), brake.fail);
  let client: MatrixClient | undefined;
  try {
    const login = await logIn(parts, device);
    const published = await publishedKeys(http, login.token, account.userId);
    refuseLostKeys(keys, published.devices.has(login.deviceId), dataDir, device.number);

    const thinSync = createThinSync(http.fetch);
    const matrix = createMatrixClient(parts, login, thinSync.fetch);
    client = matrix;
    const store = { cryptoDatabasePrefix: "archivist", storageKey: parts.storeKey };
    await withoutHandedKeys(() => matrix.initRustCrypto(store));
    const crypto = matrix.getCrypto();
    if (crypto === undefined) throw new Error("The crypto layer did not start");
    crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
    guardCrypto(crypto, brake);
    decryptStrictly(matrix, crypto, account.userId);
    refuseOtherDevice(
      published.devices.get(login.deviceId),
      (await crypto.getOwnDeviceKeys()).ed25519,
      dataDir,
      device.number,
    );
    stopOnSilentErrors(matrix, parts.db, device.number, brake);

    await firstSync(matrix, account.userId, parts.signal);
    await setUpIdentity(matrix, crypto, parts, restores);
    return {
      client: matrix,
      crypto,
      userId: account.userId,
      deviceNumber: device.number,
      deviceId: login.deviceId,
      token: login.token,
      learnDevices: notAgainFor(30_000, (userId) => learnDevices(crypto, userId)),
      takeHandedKeys: notAgainFor(10_000, (roomId) =>
        takeHandedKeys(crypto, roomId).catch((error: unknown) =>
          parts.log.warn(
            { roomId, ...toLog(error) },
            "the keys handed over with a case could not be had yet",
          ),
        ),
      ),
      onNews: newsFrom(matrix, thinSync),
      isUp: () => !brake.failed && isSyncing(matrix.getSyncState()),
      [Symbol.asyncDispose]: async () => {
        matrix.stopClient();
        await keys[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    client?.stopClient();
    await keys[Symbol.asyncDispose]();
    throw error;
  }
}

/** The secret storage key is in memory only while it is needed; at rest it is in the recovery file alone. */
function createMatrixClient(
  parts: SessionParts,
  login: { deviceId: string; token: string },
  fetchFn: typeof globalThis.fetch,
): MatrixClient {
  const file = recoveryKeyFile(parts.dataDir, parts.storeKey);
  return createClient({
    baseUrl: parts.http.baseUrl,
    fetchFn,
    userId: parts.account.userId,
    deviceId: login.deviceId,
    accessToken: login.token,
    logger: createSdkLog(parts.log),
    cryptoCallbacks: {
      getSecretStorageKey: async ({ keys }) => {
        const key = file.read();
        const [id] = Object.keys(keys);
        return key === undefined || id === undefined ? null : [id, decodeRecoveryKey(key)];
      },
    },
  });
}

async function takeNewDeviceIfAsked({ db, dataDir, storeKey }: SessionParts): Promise<void> {
  const request = join(dataDir, newDeviceFile);
  if (!existsSync(request)) return;
  const recovery = recoveryKeyFile(dataDir, storeKey);
  if (recovery.read() === undefined)
    throw new ArchivistRefuses(
      `A new device of the archivist needs its recovery key: put it into ${recovery.path} and start again.`,
    );
  const known = await devices(db);
  const acting = known.find((each) => each.state === "acting")?.number ?? oldestStore(dataDir) ?? 1;
  const next = Math.max(acting, ...known.map((each) => each.number)) + 1;
  setStoreAside(dataDir, acting, deviceIdOf(next));
  await db.transaction(async (tx) => {
    await putDevice(tx, acting, "gone", null, Date.now());
    await putDevice(tx, next, "acting", null, Date.now());
  });
  rmSync(request);
}

const recoveryWords = (dataDir: string, number: number): string =>
  `Put the key file ${storePath(dataDir, number)} back from its backup; or, if it is lost, create an empty file ${join(dataDir, newDeviceFile)} and start ` +
  "again: the archivist then takes a new device and reads old cases with its recovery key, which is in your vault and, sealed, beside " +
  "that file. What it cannot read even so is listed for a person to file.";

/** A device that forgot its keys and keeps its name breaks every conversation. Better not to start. */
function refuseLostKeys(keys: CryptoStore, deviceIsKnown: boolean, dataDir: string, number: number): void {
  if (keys.isEmpty && deviceIsKnown)
    throw new ArchivistRefuses(
      `The archivist's keys are gone, but the homeserver knows its device. ${recoveryWords(dataDir, number)}`,
    );
}

function refuseOtherDevice(
  published: string | undefined,
  own: string,
  dataDir: string,
  number: number,
): void {
  if (published !== undefined && published !== own)
    throw new ArchivistRefuses(
      `The archivist's keys are not those of the device that the homeserver knows. ${recoveryWords(dataDir, number)}`,
    );
}

/** What the SDK reports and otherwise passes over. */
function stopOnSilentErrors(client: MatrixClient, db: Database, number: number, brake: FailStop): void {
  client.on(ClientEvent.SyncUnexpectedError, (error) => brake.fail(error));
  client.on(HttpApiEvent.SessionLoggedOut, (error) => {
    void setToken(db, number, null).finally(() => brake.fail(error));
  });
}

function newsFrom(client: MatrixClient, thinSync: ThinSync): Session["onNews"] {
  return (ring) => {
    const onSync = (state: SyncState): void => {
      if (isSyncing(state)) for (const roomId of thinSync.takeNews()) ring(roomId);
    };
    client.on(ClientEvent.Sync, onSync);
    return { [Symbol.dispose]: () => void client.off(ClientEvent.Sync, onSync) };
  };
}

function firstSync(client: MatrixClient, userId: string, signal: AbortSignal): Promise<void> {
  const filter = Filter.fromJson(userId, "", {
    presence: { types: [] },
    // Who says what is asked of the room; that something was said is enough.
    room: { timeline: { limit: 1 }, ephemeral: { types: [] } },
  });
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    client.on(ClientEvent.Sync, (state) => {
      if (state === SyncState.Prepared) resolve();
    });
    client.startClient({ filter, disablePresence: true, lazyLoadMembers: false }).catch(reject);
  });
}

async function setUpIdentity(
  client: MatrixClient,
  crypto: CryptoApi,
  parts: SessionParts,
  restores: boolean,
): Promise<void> {
  const file = recoveryKeyFile(parts.dataDir, parts.storeKey);
  const { userId } = parts.account;
  const hasIdentity = await crypto.userHasCrossSigningKeys(userId, true);
  const hasStorage = (await client.secretStorage.getDefaultKeyId()) !== null;
  const isWhole = hasStorage && (await crypto.isCrossSigningReady());
  if (!isWhole && hasIdentity && hasStorage && file.read() === undefined)
    throw new ArchivistRefuses(
      `The archivist has an identity on the homeserver, and its recovery key is missing here: put it into ${file.path} and start again.`,
    );
  await crypto.bootstrapCrossSigning({
    // The first upload needs no password; a later one would replace the identity that colleagues know, and is never made.
    authUploadDeviceSigningKeys: async (makeRequest) => {
      await makeRequest(null);
    },
  });
  await crypto.bootstrapSecretStorage({
    createSecretStorageKey: async () => {
      const key = await crypto.createRecoveryKeyFromPassphrase();
      if (key.encodedPrivateKey === undefined) throw new Error("No recovery key was made");
      file.write(key.encodedPrivateKey);
      return key;
    },
    setupNewKeyBackup: !hasStorage,
  });
  if ((await crypto.checkKeyBackupAndEnable()) === null && !hasStorage) await crypto.resetKeyBackup();
  if (restores && (await crypto.getSessionBackupPrivateKey()) === null) {
    await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    await crypto.checkKeyBackupAndEnable();
    await crypto.restoreKeyBackup();
  }
  if (!(await isSignedByOwner(crypto, userId, client.getDeviceId() ?? "", parts.signal)))
    throw new ArchivistRefuses(
      "The archivist's device is not signed by its own identity, so nobody would write to it.",
    );
}

/** The same for each person or room at most once in that time; says whether it was done. */
function notAgainFor(ms: number, work: (id: string) => Promise<void>) {
  const doneAt = new Map<string, number>();
  return async (id: string): Promise<boolean> => {
    if (Date.now() - (doneAt.get(id) ?? 0) < ms) return false;
    doneAt.set(id, Date.now());
    await work(id);
    return true;
  };
}

/** How long the homeserver may take to tell this device of its own new signature: it comes back with a sync and a query for keys. */
const signatureMs = 60_000;

async function isSignedByOwner(
  crypto: CryptoApi,
  userId: string,
  deviceId: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const deadlineMs = Date.now() + signatureMs; ; ) {
    const own = await crypto.getDeviceVerificationStatus(userId, deviceId);
    if (own?.signedByOwner === true || Date.now() > deadlineMs) return own?.signedByOwner === true;
    await delay(200, undefined, { signal });
  }
}

const isSyncing = (state: SyncState | null): boolean =>
  state === SyncState.Prepared || state === SyncState.Syncing || state === SyncState.Catchup;
