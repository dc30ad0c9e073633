import * as fake from "fake-indexeddb";
import type { Disk, Shape, StoreChange } from "./disk.ts";
import { keyText } from "./key-text.ts";
import { type RawDatabase, type RawStore, rawDatabaseOf, rollbackLogOf } from "./raw-store.ts";

/**
 * fake-indexeddb with a disk under it.
 *
 * Phases of a write: the SDK's requests change the store in memory and mark what they touched → the transaction completes → OUR
 * listener, which is the first, writes all of it to the disk in one SQLite transaction → only then do the SDK's own listeners
 * learn of the commit. An upgrade of the schema rewrites the whole database, which is rare and small.
 *
 * A write that fails on the disk (full, torn away) reaches `onFault`, and the SDK never hears that the transaction is done.
 * What this does not give: more memory than RAM, or a second process on the same file.
 */
export async function openDurableFactory(disk: Disk, onFault: (error: unknown) => void): Promise<IDBFactory> {
  const factory = new fake.IDBFactory();
  for (const { name, shape } of disk.databases()) await restore(factory, disk, name, shape);
  writeThrough(factory, disk, onFault);
  return factory;
}

/** Makes the factory and its classes the process's own: the SDK looks them all up as globals. */
export function installIndexedDb(factory: IDBFactory): void {
  const { default: _unused, indexedDB: _replaced, forceCloseDatabase: _internal, ...classes } = { ...fake };
  for (const [name, value] of Object.entries({ ...classes, indexedDB: factory }))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

function restore(factory: IDBFactory, disk: Disk, name: string, shape: Shape): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, shape.version);
    request.onupgradeneeded = () => {
      for (const each of shape.stores) {
        const store = request.result.createObjectStore(each.name, {
          keyPath: each.keyPath,
          autoIncrement: each.autoIncrement,
        });
        for (const { name: index, keyPath, multiEntry, unique } of each.indexes)
          store.createIndex(index, keyPath, { multiEntry, unique });
        for (const { key, value } of disk.records(name, each.name))
          each.keyPath === null ? store.put(value, key) : store.put(value);
      }
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
    request.onerror = () => reject(request.error);
  });
}

/** What a running transaction has touched, by object store. */
type Touched = Map<RawStore, { cleared: boolean; keys: Map<string, unknown> }>;

function writeThrough(factory: IDBFactory, disk: Disk, onFault: (error: unknown) => void): void {
  /** Keyed by the transaction's undo list: the one thing that every write of it carries. An aborted one is simply forgotten. */
  const running = new WeakMap<object, Touched>();
  const watched = new WeakSet<object>();

  /** Runs before any listener of the SDK, and stops them all if the disk did not take it. */
  const onCommit = (transaction: IDBTransaction, save: () => void): void =>
    transaction.addEventListener("complete", (event) => {
      try {
        save();
      } catch (error) {
        event.stopImmediatePropagation();
        onFault(error);
      }
    });

  const watchConnection = (connection: IDBDatabase): void => {
    const raw = rawDatabaseOf(connection);
    for (const store of raw.rawObjectStores.values()) {
      if (watched.has(store)) continue;
      watched.add(store);
      markWrites(store, running);
    }
    if (watched.has(connection)) return;
    watched.add(connection);
    const begin = connection.transaction.bind(connection);
    connection.transaction = (...given) => {
      const transaction = begin(...given);
      if (transaction.mode === "readwrite")
        onCommit(transaction, () => {
          const touched = running.get(rollbackLogOf(transaction));
          if (touched !== undefined) disk.write(raw.name, changesOf(touched));
        });
      return transaction;
    };
  };

  const open = factory.open.bind(factory);
  factory.open = (...given) => {
    const request = open(...given);
    request.addEventListener("upgradeneeded", () => {
      const raw = rawDatabaseOf(request.result);
      const { transaction } = request;
      if (transaction === null) throw new Error("An upgrade without its transaction");
      onCommit(transaction, () => disk.writeAll(raw.name, shapeOf(raw), recordsOf(raw)));
    });
    request.addEventListener("success", () => watchConnection(request.result));
    return request;
  };
  const drop = factory.deleteDatabase.bind(factory);
  factory.deleteDatabase = (name) => {
    const request = drop(name);
    request.addEventListener("success", (event) => {
      try {
        disk.drop(name);
      } catch (error) {
        event.stopImmediatePropagation();
        onFault(error);
      }
    });
    return request;
  };
}

/** Notes each key that a transaction writes, before it is written; what stands there is read at the commit. */
function markWrites(store: RawStore, running: WeakMap<object, Touched>): void {
  const entryOf = (rollbackLog: object) => {
    const touched: Touched = running.get(rollbackLog) ?? new Map();
    running.set(rollbackLog, touched);
    const entry = touched.get(store) ?? { cleared: false, keys: new Map<string, unknown>() };
    touched.set(store, entry);
    return entry;
  };
  const { storeRecord, deleteRecord, clear } = store;
  // The undo steps call these without a log: they restore what the disk still has.
  store.storeRecord = (record, noOverwrite, log) => {
    const key = storeRecord.call(store, record, noOverwrite, log);
    if (log !== undefined) entryOf(log).keys.set(keyText(key), key);
    return key;
  };
  store.deleteRecord = (key, log) => {
    if (log !== undefined) {
      const { keys } = entryOf(log);
      const range = key instanceof fake.IDBKeyRange ? key : fake.IDBKeyRange.only(key);
      for (const record of store.records.values(range)) keys.set(keyText(record.key), record.key);
    }
    deleteRecord.call(store, key, log);
  };
  store.clear = (log) => {
    if (log !== undefined) {
      const entry = entryOf(log);
      entry.cleared = true;
      entry.keys.clear();
    }
    clear.call(store, log);
  };
}

function changesOf(touched: Touched): StoreChange[] {
  return [...touched].map(([store, { cleared, keys }]) => ({
    store: store.name,
    cleared,
    records: [...keys.values()].map((key) => ({ key, record: store.records.get(key) })),
  }));
}

function shapeOf(raw: RawDatabase): Shape {
  return {
    version: raw.version,
    stores: [...raw.rawObjectStores.values()].map((store) => ({
      name: store.name,
      keyPath: store.keyPath,
      autoIncrement: store.autoIncrement,
      indexes: [...store.rawIndexes.values()].map(({ name, keyPath, multiEntry, unique }) => ({
        name,
        keyPath,
        multiEntry,
        unique,
      })),
    })),
  };
}

const recordsOf = (raw: RawDatabase) => (store: string) =>
  raw.rawObjectStores.get(store)?.records.values() ?? [];
