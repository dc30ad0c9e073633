import { AsyncLocalStorage } from "node:async_hooks";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import { openPresence, type Presence } from "./presence.ts";
import { openSqlite } from "./sqlite.ts";

/**
 * The server's only way to SQL. Small and asynchronous so that Postgres can serve the same calls; statements use `?`.
 * One connection, one writer: a transaction holds it from BEGIN to COMMIT and everybody else waits in line.
 */
export type SqlValue = null | number | bigint | string | Uint8Array;

export type Queries = {
  /** Every row, each parsed by the schema: a column that is not what the code believes is a fault, not a surprise later. */
  all<T>(row: z.ZodType<T>, sql: string, ...params: SqlValue[]): Promise<T[]>;
  /** The first row, if there is one. */
  one<T>(row: z.ZodType<T>, sql: string, ...params: SqlValue[]): Promise<T | undefined>;
  /** The number of rows changed. */
  run(sql: string, ...params: SqlValue[]): Promise<number>;
};

/** One step of a role's schema. Never edit one that was released: add the next. */
export type Migration = string;

export type Database = Queries &
  AsyncDisposable & {
    /** All or nothing. Inside, use the given queries only: the database itself refuses, for it would wait for itself. */
    transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
    /** Brings the tables of one role up to date, each step once, in order. */
    migrate(role: string, migrations: readonly Migration[]): Promise<void>;
    /** Shows other processes on this database that we are there, until disposed or dead. (Postgres: an advisory lock of the session.) */
    presence(): Presence;
  };

/** Opens the database file, or `:memory:`. */
export function openDatabase(path: string): Database {
  const sqlite = openSqlite(path);
  const statements = new Map<string, StatementSync>();
  const inside = new AsyncLocalStorage<true>();
  let line: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** Takes the connection in turn. */
  function inTurn<T>(work: () => Promise<T> | T): Promise<T> {
    if (inside.getStore() === true)
      return Promise.reject(new Error("Inside a transaction, use the queries that it gives"));
    const turn = line.then(work);
    line = turn.catch(() => undefined);
    return turn;
  }

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = sqlite.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const direct = directQueries(prepare);

  const database: Database = {
    all: (row, sql, ...params) => inTurn(() => direct.all(row, sql, ...params)),
    one: (row, sql, ...params) => inTurn(() => direct.one(row, sql, ...params)),
    run: (sql, ...params) => inTurn(() => direct.run(sql, ...params)),
    transaction: (work) => inTurn(() => inside.run(true, () => inTransaction(sqlite, () => work(direct)))),
    migrate: (role, migrations) =>
      inTurn(() => inTransaction(sqlite, () => migrateRole(sqlite, direct, role, migrations))),
    presence: () => openPresence(path),
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      await line;
      sqlite.close();
    },
  };
  return database;
}

function directQueries(prepare: (sql: string) => StatementSync): Queries {
  return {
    all: async (row, sql, ...params) =>
      prepare(sql)
        .all(...params)
        .map((each) => row.parse(each)),
    one: async (row, sql, ...params) => {
      const found = prepare(sql).get(...params);
      return found === undefined ? undefined : row.parse(found);
    },
    run: async (sql, ...params) => Number(prepare(sql).run(...params).changes),
  };
}

async function inTransaction<T>(sqlite: DatabaseSync, work: () => Promise<T>): Promise<T> {
  sqlite.exec("BEGIN IMMEDIATE");
  try {
    const result = await work();
    sqlite.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk may have rolled it back already.
    if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
    throw error;
  }
}

async function migrateRole(
  sqlite: DatabaseSync,
  tx: Queries,
  role: string,
  migrations: readonly Migration[],
): Promise<void> {
  sqlite.exec("CREATE TABLE IF NOT EXISTS schema_versions (role TEXT PRIMARY KEY, version INTEGER NOT NULL)");
  const row = await tx.one(
    z.object({ version: z.number() }),
    "SELECT version FROM schema_versions WHERE role = ?",
    role,
  );
  const version = row?.version ?? 0;
  if (version > migrations.length)
    throw new Error(`The data of ${role} were written by a newer version of Colloque (${version})`);
  for (const step of migrations.slice(version)) sqlite.exec(step);
  await tx.run(
    "INSERT INTO schema_versions (role, version) VALUES (?, ?) ON CONFLICT (role) DO UPDATE SET version = excluded.version",
    role,
    migrations.length,
  );
}
