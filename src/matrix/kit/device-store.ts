import { type IDBPDatabase, openDB } from "idb";
import { type Bytes, randomBytes, utf8 } from "./bytes.ts";
import { pack, unpack } from "./pack.ts";

/**
 * What this device keeps: session, drafts, outbox and the pictures of the outbox, cases as they were read last, the registry's last words,
 * and the pictures that were given to it, encrypted.
 */
export type Area = "session" | "vault" | "outbox" | "pictures" | "cases" | "words" | "shelf";

/** No room left on this device. Nothing was written. */
export class StorageFullError extends Error {
  override readonly name = "StorageFullError";
}

/**
 * The small store of this device in IndexedDB. Everything is sealed with AES-GCM under a key that cannot be taken out of the
 * browser, and bound to its place, so that entries cannot be swapped. Private keys live beside it as non-extractable CryptoKeys.
 */
export type DeviceStore = {
  get(area: Area, key: string): Promise<unknown>;
  /** Throws StorageFullError when the device is full. */
  set(area: Area, key: string, value: unknown): Promise<void>;
  /** All of them or, when the device is full or the page ends, none. Throws StorageFullError. */
  setAll(entries: readonly Entry[]): Promise<void>;
  delete(area: Area, key: string): Promise<void>;
  keys(area: Area): Promise<string[]>;
  keyPair(name: string, make: () => Promise<CryptoKeyPair>): Promise<CryptoKeyPair>;
  /** Empties everything: sign-out. */
  wipe(): Promise<void>;
};

export type Entry = { readonly area: Area; readonly key: string; readonly value: unknown };

type Sealed = { iv: Bytes; box: ArrayBuffer };

export async function openDeviceStore(name = "colloque"): Promise<DeviceStore> {
  const db = await openDB(name, 1, {
    upgrade(database) {
      database.createObjectStore("keys");
      database.createObjectStore("sealed");
    },
  });
  let sealKey = await loadSealKey(db);
  const place = (area: Area, key: string): string => `${area}/${key}`;

  const seal = async (at: string, value: unknown): Promise<Sealed> => {
    const iv = randomBytes(12);
    const params = { name: "AES-GCM", iv, additionalData: utf8(at) };
    return { iv, box: await crypto.subtle.encrypt(params, sealKey, pack(value)) };
  };

  const setAll = async (entries: readonly Entry[]): Promise<void> => {
    // Sealed first: a transaction of IndexedDB ends by itself while anything else is awaited.
    const sealed = await Promise.all(
      entries.map(async ({ area, key, value }) => {
        const at = place(area, key);
        return { at, box: await seal(at, value) };
      }),
    );
    try {
      const tx = db.transaction("sealed", "readwrite");
      await Promise.all([...sealed.map(({ at, box }) => tx.store.put(box, at)), tx.done]);
    } catch (cause) {
      throw isQuota(cause) ? new StorageFullError("The device is full", { cause }) : cause;
    }
  };

  return {
    async get(area, key) {
      const at = place(area, key);
      const sealed: Sealed | undefined = await db.get("sealed", at);
      if (sealed === undefined) return undefined;
      const params = { name: "AES-GCM", iv: sealed.iv, additionalData: utf8(at) };
      return unpack(new Uint8Array(await crypto.subtle.decrypt(params, sealKey, sealed.box)));
    },
    set: (area, key, value) => setAll([{ area, key, value }]),
    setAll,
    async delete(area, key) {
      await db.delete("sealed", place(area, key));
    },
    async keys(area) {
      const range = IDBKeyRange.bound(`${area}/`, `${area}0`, false, true);
      const found = await db.getAllKeys("sealed", range);
      return found.map((key) => String(key).slice(area.length + 1));
    },
    async keyPair(keyName, make) {
      const kept: CryptoKeyPair | undefined = await db.get("keys", keyName);
      if (kept !== undefined) return kept;
      const made = await make();
      await db.put("keys", made, keyName);
      return made;
    },
    async wipe() {
      const tx = db.transaction(["keys", "sealed"], "readwrite");
      await Promise.all([tx.objectStore("keys").clear(), tx.objectStore("sealed").clear(), tx.done]);
      sealKey = await loadSealKey(db);
    },
  };
}

async function loadSealKey(db: IDBPDatabase): Promise<CryptoKey> {
  const kept: CryptoKey | undefined = await db.get("keys", "seal");
  if (kept !== undefined) return kept;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  await db.put("keys", made, "seal");
  return made;
}

const isQuota = (cause: unknown): boolean =>
  cause instanceof DOMException &&
  (cause.name === "QuotaExceededError" ||
    (cause.name === "AbortError" && cause.message.includes("QuotaExceeded")));
