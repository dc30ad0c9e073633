import { makeKeyPair, type PhoneKey, phoneKeyOf } from "./seal.ts";

/** This device's key for a link, kept until the answer is sent so that a reload is still the same device. */
const storeName = "keys";

function openStore(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("colloque-phone", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const db = await openStore();
  try {
    return await new Promise((resolve, reject) => {
      const request = act(db.transaction(storeName, mode).objectStore(storeName));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    db.close();
  }
}

const isPair = (value: unknown): value is CryptoKeyPair =>
  typeof value === "object" && value !== null && "privateKey" in value && "publicKey" in value;

/** The key of this link on this device. A browser that keeps nothing (private window) has one until the page is left. */
export async function deviceKey(linkId: string): Promise<PhoneKey> {
  const kept: unknown = await inStore("readonly", (store) => store.get(linkId)).catch(() => undefined);
  if (isPair(kept)) return phoneKeyOf(kept);
  const pair = await makeKeyPair();
  await inStore("readwrite", (store) => store.put(pair, linkId)).catch(() => undefined);
  return phoneKeyOf(pair);
}

/** Nothing of the patient's stays in the browser but the address. */
export const forgetKey = (linkId: string): Promise<unknown> =>
  inStore("readwrite", (store) => store.delete(linkId)).catch(() => undefined);
