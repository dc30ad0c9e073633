import { initAsync } from "@matrix-org/matrix-sdk-crypto-wasm";
// The SDK's modules one by one, here and beside: its index would bring what it has for widgets along.
import { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import { OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";
import { type Logger, logger as sdkLogger } from "matrix-js-sdk/lib/logger.js";
import { MatrixScheduler } from "matrix-js-sdk/lib/scheduler.js";
import { MemoryStore } from "matrix-js-sdk/lib/store/memory.js";
import { drop } from "../kit/clock.ts";
import { cryptoPrefix } from "./crypto-stores.ts";
import { decryptStrictly } from "./strict-decrypt.ts";

/** The SDK speaks of rooms and events in its log: it is silenced, whole. */
export const silentLogger: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  getChild: () => silentLogger,
};

export type Identity = { readonly userId: string; readonly deviceId: string; readonly accessToken: string };

/** A signed-in client with its crypto, held to devices that their owners signed. */
export type Sdk = { readonly client: MatrixClient; readonly crypto: CryptoBackend };

export type SdkOptions = {
  readonly baseUrl: string;
  readonly identity: Identity;
  readonly storageKey: Uint8Array;
  /** Gives the key of the secret storage while it is known. */
  readonly secretKey: () => Uint8Array<ArrayBuffer> | null;
  readonly onSecretKey: (key: Uint8Array<ArrayBuffer>) => void;
  /** The user id of the hospital's archivist, who hands keys over. */
  readonly archivist: () => Promise<string>;
  /** The crypto layer failed while taking a sync: the client is already stopped. */
  readonly onCryptoFailure: (cause: unknown) => void;
};

export async function openSdk(options: SdkOptions): Promise<Sdk> {
  silenceGlobalLogger();
  const client = new MatrixClient({
    baseUrl: options.baseUrl,
    ...options.identity,
    store: new MemoryStore({ localStorage: globalThis.localStorage }),
    scheduler: new MatrixScheduler(),
    logger: silentLogger,
    // Calls have a door of their own.
    disableVoip: true,
    cryptoCallbacks: {
      getSecretStorageKey: async ({ keys }) => {
        const [id] = Object.keys(keys);
        const key = options.secretKey();
        return id === undefined || key === null ? null : [id, key];
      },
      cacheSecretStorageKey: (_id, _info, key) => options.onSecretKey(new Uint8Array(key)),
    },
  });
  const stores = {
    cryptoDatabasePrefix: cryptoPrefix(options.identity.deviceId),
    storageKey: options.storageKey,
  };
  await withBundlesAside(() => client.initRustCrypto(stores));
  const crypto = client.getCrypto();
  if (!isBackend(crypto)) throw new Error("The SDK gave no crypto backend");
  // Not kept by the SDK: said anew at every start, before the first sync.
  crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
  guardSync(client, crypto, options.onCryptoFailure);
  decryptStrictly(client, crypto, options.archivist);
  return { client, crypto };
}

/**
 * While it starts, the SDK fetches every key bundle that it waits for, one after the other, and does not come up when one cannot be had:
 * a homeserver that is away, or a file that is gone, would keep a device from its own cases. Here they are fetched beside the start.
 */
async function withBundlesAside(start: () => Promise<void>): Promise<void> {
  const { RustCrypto } = await import("matrix-js-sdk/lib/rust-crypto/rust-crypto.js");
  const { maybeAcceptKeyBundle } = RustCrypto.prototype;
  RustCrypto.prototype.maybeAcceptKeyBundle = function (...bundle) {
    drop(maybeAcceptKeyBundle.apply(this, bundle));
    return Promise.resolve(false);
  };
  try {
    await start();
  } finally {
    RustCrypto.prototype.maybeAcceptKeyBundle = maybeAcceptKeyBundle;
  }
}

/**
 * The SDK swallows what the crypto layer throws while it takes a sync, and then acknowledges that sync: keys inside would be lost
 * for ever. Here the client is stopped before it can ask for the next one, so that the homeserver keeps them.
 */
export function guardSync(
  client: Pick<MatrixClient, "stopClient">,
  crypto: Pick<CryptoBackend, "processSyncChanges">,
  onFailure: (cause: unknown) => void,
): void {
  const process = crypto.processSyncChanges.bind(crypto);
  crypto.processSyncChanges = async (changes) => {
    try {
      return await process(changes);
    } catch (cause) {
      client.stopClient();
      onFailure(cause);
      throw cause;
    }
  };
}

const isBackend = (crypto: unknown): crypto is CryptoBackend =>
  typeof crypto === "object" &&
  crypto !== null &&
  "processSyncChanges" in crypto &&
  "encryptEvent" in crypto &&
  "markRoomAsPendingKeyBundle" in crypto;

/** Some modules of the SDK have no logger but this one, and give it children that begin to talk anew. */
function silenceGlobalLogger(): void {
  if ("setLevel" in sdkLogger && typeof sdkLogger.setLevel === "function")
    sdkLogger.setLevel("silent", false);
  sdkLogger.getChild = () => silentLogger;
}

/** Fetches and compiles the crypto layer ahead: by the time the person has typed the password, it is there. */
export async function warmCrypto(): Promise<void> {
  await Promise.all([initAsync(), import("matrix-js-sdk/lib/rust-crypto/index.js")]);
}
