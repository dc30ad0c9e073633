import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as fake from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../store/index.ts";
import { openDisk } from "./disk.ts";
import { openDurableFactory } from "./durable-indexeddb.ts";
import { keyOfText, keyText } from "./key-text.ts";
import { rawDatabaseOf, rollbackLogOf } from "./raw-store.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "colloque-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const committed = (transaction: IDBTransaction): Promise<string> =>
  new Promise((resolve) => {
    transaction.oncomplete = () => resolve("complete");
    transaction.onabort = () => resolve("abort");
  });
const noFault = (error: unknown) => {
  throw error;
};

async function opened(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open("keys", 2);
  request.onupgradeneeded = () => {
    const sessions = request.result.createObjectStore("sessions");
    sessions.createIndex("room", "room");
    request.result.createObjectStore("queue", { autoIncrement: true });
    sessions.put({ room: "!a", bytes: Uint8Array.of(1, 2) }, "first");
  };
  return done(request);
}

describe("the private parts of fake-indexeddb", () => {
  test("are where the durable store expects them, in the pinned version", async () => {
    const database = await opened(new fake.IDBFactory());
    const raw = rawDatabaseOf(database);
    const store = raw.rawObjectStores.get("sessions");
    expect(raw).toMatchObject({ name: "keys", version: 2 });
    expect(store).toMatchObject({ name: "sessions", keyPath: null, autoIncrement: false });
    expect(store?.rawIndexes.get("room")).toMatchObject({
      keyPath: "room",
      multiEntry: false,
      unique: false,
    });
    expect(store?.records.get("first")).toMatchObject({ key: "first" });

    const transaction = database.transaction("sessions", "readwrite");
    const log = rollbackLogOf(transaction);
    const given: unknown[] = [];
    if (store === undefined) throw new Error("no store");
    const { storeRecord, deleteRecord, clear } = store;
    store.storeRecord = (record, noOverwrite, rollback) => {
      given.push(rollback);
      return storeRecord.call(store, record, noOverwrite, rollback);
    };
    store.deleteRecord = (key, rollback) => {
      given.push(rollback);
      deleteRecord.call(store, key, rollback);
    };
    store.clear = (rollback) => {
      given.push(rollback);
      clear.call(store, rollback);
    };
    const sessions = transaction.objectStore("sessions");
    sessions.put({}, "second");
    sessions.delete("second");
    sessions.clear();
    await committed(transaction);
    expect(given).toHaveLength(3);
    for (const each of given) expect(each).toBe(log);
  });
});

describe("the durable store", () => {
  test("gives back schema, indexes, values and counters after a restart", async () => {
    const path = join(folder, "keys.db");
    {
      using disk = openDisk(path);
      const database = await opened(await openDurableFactory(disk, noFault));
      const transaction = database.transaction(["sessions", "queue"], "readwrite");
      transaction.objectStore("sessions").put({ room: "!b" }, ["compound", 2]);
      transaction.objectStore("queue").add("one");
      transaction.objectStore("queue").add("two");
      await committed(transaction);
    }
    using disk = openDisk(path);
    const database = await opened(await openDurableFactory(disk, noFault));
    const transaction = database.transaction(["sessions", "queue"], "readwrite");
    const sessions = transaction.objectStore("sessions");
    expect(await done(sessions.get("first"))).toEqual({ room: "!a", bytes: Uint8Array.of(1, 2) });
    expect(await done(sessions.index("room").getKey("!b"))).toEqual(["compound", 2]);
    expect(await done(transaction.objectStore("queue").add("three"))).toBe(3);
    expect(await committed(transaction)).toBe("complete");
  });

  test("keeps deletions, ranges, cleared stores and what was written after the clearing", async () => {
    const path = join(folder, "keys.db");
    {
      using disk = openDisk(path);
      const database = await opened(await openDurableFactory(disk, noFault));
      const fill = database.transaction(["sessions", "queue"], "readwrite");
      for (const key of ["a", "b", "c", "d"]) fill.objectStore("sessions").put({ key }, key);
      fill.objectStore("queue").add("old");
      await committed(fill);
      const empty = database.transaction(["sessions", "queue"], "readwrite");
      empty.objectStore("sessions").delete(fake.IDBKeyRange.bound("b", "c"));
      empty.objectStore("queue").clear();
      empty.objectStore("queue").add("new");
      await committed(empty);
    }
    using disk = openDisk(path);
    const database = await opened(await openDurableFactory(disk, noFault));
    const read = database.transaction(["sessions", "queue"]);
    expect(await done(read.objectStore("sessions").getAllKeys())).toEqual(["a", "d", "first"]);
    expect(await done(read.objectStore("queue").getAll())).toEqual(["new"]);
  });

  test("an aborted transaction leaves nothing on the disk, its committed twin does", async () => {
    using disk = openDisk(join(folder, "keys.db"));
    const database = await opened(await openDurableFactory(disk, noFault));
    const aborted = database.transaction("sessions", "readwrite");
    aborted.objectStore("sessions").put({ room: "!x" }, "x");
    aborted.objectStore("sessions").delete("first");
    const ended = committed(aborted);
    aborted.abort();
    expect(await ended).toBe("abort");
    expect(disk.records("keys", "sessions").map((each) => each.key)).toEqual(["first"]);
    const kept = database.transaction("sessions", "readwrite");
    kept.objectStore("sessions").put({ room: "!x" }, "x");
    expect(await committed(kept)).toBe("complete");
    expect(disk.records("keys", "sessions").map((each) => each.key)).toEqual(["first", "x"]);
  });

  test("a commit that the disk refuses is never told to the SDK, and the fault is", async () => {
    using disk = openDisk(join(folder, "keys.db"));
    const faults: unknown[] = [];
    let full = false;
    const failing = {
      ...disk,
      write: (...given: Parameters<typeof disk.write>) => {
        if (full) throw new Error("database or disk is full");
        disk.write(...given);
      },
    };
    const database = await opened(await openDurableFactory(failing, (error) => faults.push(error)));
    const before = database.transaction("sessions", "readwrite");
    before.objectStore("sessions").put(1, "x");
    expect(await committed(before)).toBe("complete");
    full = true;
    const after = database.transaction("sessions", "readwrite");
    after.objectStore("sessions").put(2, "x");
    const told = await Promise.race([
      committed(after),
      new Promise((resolve) => setTimeout(resolve, 100, "nothing")),
    ]);
    expect(told).toBe("nothing");
    expect(faults).toHaveLength(1);
  });

  test("a deleted database is gone after a restart too", async () => {
    const path = join(folder, "keys.db");
    {
      using disk = openDisk(path);
      const factory = await openDurableFactory(disk, noFault);
      (await opened(factory)).close();
      await done(factory.deleteDatabase("keys"));
    }
    using disk = openDisk(path);
    expect(disk.databases()).toEqual([]);
  });

  test("a key keeps its kind", () => {
    for (const key of ["é", 3, -0.5, Number.POSITIVE_INFINITY, new Date(5), ["a", [1, "b"]]])
      expect(keyOfText(keyText(key))).toEqual(key);
    expect(keyOfText(keyText(Uint8Array.of(1, 2)))).toEqual(Uint8Array.of(1, 2).buffer);
    expect(() => keyText({})).toThrow();
  });

  test("a second opener is refused in words", () => {
    using _first = openDisk(join(folder, "keys.db"));
    expect(() => openDisk(join(folder, "keys.db"))).toThrow();
  }, 15_000);
});

type Line = { ed25519?: string; wasEmpty?: boolean; ciphertext?: string; sessions?: number };

describe("killed while it writes", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  /** Runs the child, kills it hard after so many encryptions (or lets it end), and gives what it said. */
  async function run(path: string, rounds: number, killAfter = Number.POSITIVE_INFINITY): Promise<Line[]> {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "kill-child.ts"), path, String(rounds)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    children.push(child);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const lines: Line[] = [];
    for await (const text of createInterface({ input: child.stdout })) {
      lines.push(JSON.parse(text));
      if (lines.length > killAfter) child.kill("SIGKILL");
    }
    await ended;
    return lines;
  }

  test("the store opens again, is the same device, and has every session that was used", async () => {
    const path = join(folder, "keys.db");
    const [first] = await run(path, 0);
    expect(first?.wasEmpty).toBe(true);
    let used = 0;
    for (const killAfter of [3, 11, 24]) {
      const lines = await run(path, 10_000, killAfter);
      expect(lines[0]).toMatchObject({ ed25519: first?.ed25519, wasEmpty: false });
      used += lines.filter((line) => line.ciphertext !== undefined).length;
    }
    const last = await run(path, 0);
    expect(last[0]?.ed25519).toBe(first?.ed25519);
    // A session may have been made and not used yet when the kill came; none that was used is missing.
    expect(last[1]?.sessions).toBeGreaterThanOrEqual(used);
  }, 60_000);

  test("what lies on the disk is sealed by the store key", async () => {
    const path = join(folder, "keys.db");
    const lines = await run(path, 2);
    expect(lines.at(-1)?.sessions).toBe(2);
    const disk = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    expect(disk.includes("matrix-sdk-crypto")).toBe(true);
    expect(disk.includes(String(lines[0]?.ed25519))).toBe(false);
    expect(disk.includes("!room")).toBe(false);
    using sqlite = openSqlite(path);
    expect(sqlite.prepare("SELECT count(*) AS n FROM records").get()?.n).toBeGreaterThan(3);
  }, 30_000);
});
