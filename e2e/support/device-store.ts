import type { Page } from "@playwright/test";

/** One entry of the small store of a device, opened: where it lies, and what is in it as text. */
type KeptEntry = { readonly place: string; readonly text: string };

/**
 * Everything that the product keeps on this device, opened with the device's own key, which only its own page can use. What Matrix keeps of keys
 * and the browser of the program is not in it.
 */
export const keptOnDevice = (page: Page): Promise<KeptEntry[]> =>
  page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error("The store of the device could not be read"));
      });
    const db = await asked(indexedDB.open("colloque"));
    const all = db.transaction(["keys", "sealed"]);
    const key: CryptoKey = await asked(all.objectStore("keys").get("seal"));
    const sealed = all.objectStore("sealed");
    const [places, boxes] = await Promise.all([asked(sealed.getAllKeys()), asked(sealed.getAll())]);
    db.close();
    return Promise.all(
      boxes.map(async ({ iv, box }, at) => {
        const place = String(places[at]);
        const additionalData = new TextEncoder().encode(place);
        const clear = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, box);
        return { place, text: new TextDecoder().decode(clear) };
      }),
    );
  });

/** The areas in which any of the words lies, once each. */
export const areasWith = (kept: readonly KeptEntry[], words: readonly string[]): string[] => [
  ...new Set(
    kept
      .filter(({ text }) => words.some((word) => text.includes(word)))
      .map(({ place }) => place.split("/")[0] ?? ""),
  ),
];
