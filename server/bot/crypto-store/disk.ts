import { deserialize, serialize } from "node:v8";
import { z } from "zod";
import { openSqlite } from "../../store/index.ts";
import { keyOfText, keyText } from "./key-text.ts";

const indexSchema = z.object({
  name: z.string(),
  keyPath: z.union([z.string(), z.array(z.string())]),
  multiEntry: z.boolean(),
  unique: z.boolean(),
});
const shapeSchema = z.object({
  version: z.number(),
  stores: z.array(
    z.object({
      name: z.string(),
      keyPath: z.union([z.string(), z.array(z.string())]).nullable(),
      autoIncrement: z.boolean(),
      indexes: z.array(indexSchema),
    }),
  ),
});

/** Version, object stores and indexes of one IndexedDB database. */
export type Shape = z.infer<typeof shapeSchema>;
export type StoredRecord = { readonly key: unknown; readonly value: unknown };

/** What one committed transaction changed in one object store. */
export type StoreChange = {
  readonly store: string;
  readonly cleared: boolean;
  /** `undefined` for a key that is gone. */
  readonly records: readonly { readonly key: unknown; readonly record: StoredRecord | undefined }[];
};

/** The file behind the IndexedDB of the bot. Every method is on the disk when it returns, or throws. */
export type Disk = Disposable & {
  databases(): { name: string; shape: Shape }[];
  records(database: string, store: string): { key: IDBValidKey; value: unknown }[];
  writeAll(database: string, shape: Shape, records: (store: string) => Iterable<StoredRecord>): void;
  write(database: string, changes: readonly StoreChange[]): void;
  drop(database: string): void;
};

/** Opens the file for this process alone: a second one gets an error in words instead of a torn store. */
export function openDisk(path: string): Disk {
  const sqlite = openAlone(path);
  sqlite.exec(`
    CREATE TABLE IF NOT EXISTS databases (name TEXT PRIMARY KEY, shape TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS records (
      database TEXT NOT NULL, store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
      PRIMARY KEY (database, store, key)
    ) WITHOUT ROWID;`);
  const put = sqlite.prepare(
    "INSERT INTO records (database, store, key, value) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  const remove = sqlite.prepare("DELETE FROM records WHERE database = ? AND store = ? AND key = ?");
  const clear = sqlite.prepare("DELETE FROM records WHERE database = ? AND store = ?");

  const together = (work: () => void): void => {
    sqlite.exec("BEGIN IMMEDIATE");
    try {
      work();
      sqlite.exec("COMMIT");
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
      throw error;
    }
  };
  const store = (database: string, name: string, record: StoredRecord): void => {
    put.run(database, name, keyText(record.key), serialize(record.value));
  };
  const dropRows = (database: string): void => {
    sqlite.prepare("DELETE FROM records WHERE database = ?").run(database);
    sqlite.prepare("DELETE FROM databases WHERE name = ?").run(database);
  };

  return {
    databases: () =>
      sqlite
        .prepare("SELECT name, shape FROM databases")
        .all()
        .map((row) => z.object({ name: z.string(), shape: z.string() }).parse(row))
        .map(({ name, shape }) => ({ name, shape: shapeSchema.parse(JSON.parse(shape)) })),
    records: (database, name) =>
      sqlite
        .prepare("SELECT key, value FROM records WHERE database = ? AND store = ?")
        .all(database, name)
        .map((row) => z.object({ key: z.string(), value: z.instanceof(Uint8Array) }).parse(row))
        .map(({ key, value }) => ({ key: keyOfText(key), value: deserialize(value) })),
    writeAll: (database, shape, recordsOf) =>
      together(() => {
        dropRows(database);
        sqlite
          .prepare("INSERT INTO databases (name, shape) VALUES (?, ?)")
          .run(database, JSON.stringify(shape));
        for (const { name } of shape.stores)
          for (const record of recordsOf(name)) store(database, name, record);
      }),
    write: (database, changes) =>
      together(() => {
        for (const change of changes) {
          if (change.cleared) clear.run(database, change.store);
          for (const { key, record } of change.records) {
            if (record === undefined) remove.run(database, change.store, keyText(key));
            else store(database, change.store, record);
          }
        }
      }),
    drop: (database) => together(() => dropRows(database)),
    [Symbol.dispose]: () => sqlite.close(),
  };
}

function openAlone(path: string) {
  const sqlite = openSqlite(path);
  try {
    sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT;");
    // The lock of a WAL file is taken with the first write under the new mode.
    sqlite.exec("PRAGMA user_version = 1;");
    return sqlite;
  } catch (cause) {
    sqlite.close();
    throw new Error("The archivist's keys are in use by another process", { cause });
  }
}
