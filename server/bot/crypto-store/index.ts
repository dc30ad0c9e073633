import { openDisk } from "./disk.ts";
import { installIndexedDb, openDurableFactory } from "./durable-indexeddb.ts";

/** The archivist's Matrix keys, on disk. */
export type CryptoStore = AsyncDisposable & {
  readonly indexedDb: IDBFactory;
  /** Nothing was ever written here: a first start, or a lost disk. */
  readonly isEmpty: boolean;
};

/**
 * Opens the durable store and makes it the `indexedDB` of this process, which the Matrix SDK then finds. `onFault` hears of a commit
 * that did not reach the disk; from then on the process must not send anything more.
 */
export async function openCryptoStore(path: string, onFault: (error: unknown) => void): Promise<CryptoStore> {
  const disk = openDisk(path);
  const isEmpty = disk.databases().length === 0;
  let open = true;
  // Once closed, a late write is lost as in a kill: the SDK was never told that it was done, and the process is ending.
  const indexedDb = await openDurableFactory(disk, (error) => {
    if (open) onFault(error);
  });
  installIndexedDb(indexedDb);
  return {
    indexedDb,
    isEmpty,
    [Symbol.asyncDispose]: async () => {
      open = false;
      disk[Symbol.dispose]();
    },
  };
}
