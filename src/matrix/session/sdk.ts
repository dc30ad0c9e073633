import { createClient, type MatrixClient } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import { OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";
import { type Logger, logger as sdkLogger } from "matrix-js-sdk/lib/logger.js";

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
  /** The crypto layer failed while taking a sync: the client is already stopped. */
  readonly onCryptoFailure: (cause: unknown) => void;
};

const prefixStart = "colloque-";
const cryptoPrefix = (deviceId: string): string => `${prefixStart}${deviceId}`;

/** Deletes the crypto stores of devices that are no more: a sign-out may end before the browser lets go of them. */
export async function removeCryptoStores(keepDeviceId: string | null): Promise<void> {
  const kept = keepDeviceId === null ? null : cryptoPrefix(keepDeviceId);
  for (const { name } of await indexedDB.databases()) {
    if (name === undefined || !name.startsWith(prefixStart)) continue;
    if (kept === null || !name.startsWith(`${kept}::`)) indexedDB.deleteDatabase(name);
  }
}

export async function openSdk(options: SdkOptions): Promise<Sdk> {
  silenceGlobalLogger();
  const client = createClient({
    baseUrl: options.baseUrl,
    ...options.identity,
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
  await client.initRustCrypto({
    cryptoDatabasePrefix: cryptoPrefix(options.identity.deviceId),
    storageKey: options.storageKey,
  });
  const crypto = client.getCrypto();
  if (!isBackend(crypto)) throw new Error("The SDK gave no crypto backend");
  // Not kept by the SDK: said anew at every start, before the first sync.
  crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
  guardSync(client, crypto, options.onCryptoFailure);
  return { client, crypto };
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
