/**
 * The private parts of fake-indexeddb 6.2.8 that the durable store leans on, named once. Its version is pinned exactly and
 * `crypto-store.test.ts` holds this contract: an upgrade that moves one of them fails there, not in a hospital.
 */
export type RawRecord = { readonly key: unknown; readonly value: unknown };

export type RawIndex = {
  readonly name: string;
  readonly keyPath: string | string[];
  readonly multiEntry: boolean;
  readonly unique: boolean;
};

export type RawStore = {
  readonly name: string;
  readonly keyPath: string | string[] | null;
  readonly autoIncrement: boolean;
  readonly rawIndexes: ReadonlyMap<string, RawIndex>;
  readonly records: {
    get(key: unknown): RawRecord | undefined;
    values(range?: unknown): Iterable<RawRecord>;
  };
  storeRecord(record: unknown, noOverwrite: boolean, rollbackLog?: object): unknown;
  deleteRecord(key: unknown, rollbackLog?: object): void;
  clear(rollbackLog?: object): void;
};

export type RawDatabase = {
  readonly name: string;
  readonly version: number;
  readonly rawObjectStores: ReadonlyMap<string, RawStore>;
};

/** The database behind a connection. */
export function rawDatabaseOf(connection: IDBDatabase): RawDatabase {
  const raw = member(connection, "_rawDatabase");
  if (!isRawDatabase(raw)) throw changed("_rawDatabase");
  return raw;
}

/** The list of undo steps that a transaction hands to every write of its own: used as the transaction's identity. */
export function rollbackLogOf(transaction: IDBTransaction): object {
  const log = member(transaction, "_rollbackLog");
  if (!Array.isArray(log)) throw changed("_rollbackLog");
  return log;
}

function isRawDatabase(value: unknown): value is RawDatabase {
  const stores = member(value, "rawObjectStores");
  return (
    typeof member(value, "version") === "number" &&
    stores instanceof Map &&
    [...stores.values()].every(
      (store) =>
        member(store, "rawIndexes") instanceof Map &&
        ["storeRecord", "deleteRecord", "clear"].every((name) => typeof member(store, name) === "function") &&
        ["get", "values"].every((name) => typeof member(member(store, "records"), name) === "function"),
    )
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

const changed = (what: string) => new Error(`fake-indexeddb has changed inside: ${what}`);
