import { DatabaseSync, type StatementSync } from "node:sqlite";
import { placeOfRequest, placeOfStatement, type Trap } from "../points.ts";

/**
 * Lays the traps of one life around this process's own SQLite driver and its own `fetch`: real commits, real requests, and at the named
 * point a real SIGKILL, or a disk that fails. To be called before the product's code opens anything.
 */
export function layTraps(traps: readonly Trap[]): {
  readonly meet: (point: string) => void;
  /** Whether something broke under this process that it must not go on after: it is told of it with the throw, not before. */
  readonly hasFallen: () => boolean;
} {
  let fallen = false;
  const met = new Map<string, number>();
  /** What waits for the commit of each database. */
  const open = new Map<DatabaseSync, string[]>();

  function meet(point: string, db?: DatabaseSync): void {
    const nth = (met.get(point) ?? 0) + 1;
    met.set(point, nth);
    const trap = traps.find((each) => each.point === point && each.nth === nth);
    if (trap === undefined) return;
    process.stderr.write(`${trap.how} ${point} ${nth}\n`);
    if (trap.how === "kill") die();
    fallen ||= trap.how === "wasm" || trap.how === "io";
    if (trap.how === "wasm") throw new WebAssembly.RuntimeError("unreachable");
    if (db !== undefined) failDisk(db, trap.how);
  }

  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    if (sql !== "COMMIT") {
      exec.call(this, sql);
      if (sql === "BEGIN IMMEDIATE") open.set(this, []);
      if (sql === "ROLLBACK") open.delete(this);
      return;
    }
    const places = open.get(this) ?? [];
    open.delete(this);
    exec.call(this, sql);
    for (const place of places) meet(`after ${place}`, this);
  };

  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string): StatementSync {
    const statement = prepare.call(this, sql);
    const place = placeOfStatement(sql);
    if (place === undefined) return statement;
    const trapped = (name: "run" | "get"): void => {
      const call: (...given: never[]) => unknown = statement[name];
      const around = (...given: never[]): unknown => {
        meet(`before ${place}`, this);
        const done = call.apply(statement, given);
        const waiting = open.get(this);
        if (waiting === undefined) meet(`after ${place}`, this);
        else waiting.push(place);
        return done;
      };
      Reflect.set(statement, name, around);
    };
    trapped("run");
    trapped("get");
    return statement;
  };

  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = typeof init?.body === "string" ? init.body : "";
    const place = placeOfRequest(init?.method ?? "GET", url, body);
    if (place === undefined) return send(input, init);
    meet(`before ${place}`);
    const answer = await send(input, init);
    meet(`after ${place}`);
    return answer;
  };
  return { meet, hasFallen: () => fallen };
}

/** Nothing of this process runs after it: no `finally`, no handler, no flush. */
function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const shortlyMs = 300;

/** As SQLite itself meets it where it can be had: a page limit for a full disk, a second writer for a locked file. */
function failDisk(db: DatabaseSync, how: "full" | "io" | "busy"): void {
  if (how === "io")
    throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 10 });
  if (how === "full") {
    // A limit on the pages of this connection: what needs a new one fails with SQLite's own SQLITE_FULL.
    prepared(db, "PRAGMA max_page_count = 1");
    setTimeout(() => prepared(db, "PRAGMA max_page_count = 1073741823"), shortlyMs);
    return;
  }
  const other = new DatabaseSync(db.location() ?? "", { timeout: 0 });
  prepared(db, "PRAGMA busy_timeout = 50");
  try {
    prepared(other, "BEGIN IMMEDIATE");
  } catch {
    // We hold the file ourselves, inside a transaction: nobody else can be in the way.
  }
  setTimeout(() => {
    other.close();
    prepared(db, "PRAGMA busy_timeout = 5000");
  }, shortlyMs);
}

const prepared = (db: DatabaseSync, sql: string): unknown => db.prepare(sql).all();
