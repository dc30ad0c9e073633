import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openDatabase } from "./database.ts";

const count = z.object({ n: z.number() });
const table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"];

describe("the store", () => {
  test("keeps all of a transaction or nothing of it", async () => {
    await using db = openDatabase(":memory:");
    await db.migrate("x", table);
    await db.transaction(async (tx) => void (await tx.run("INSERT INTO t (v) VALUES (?)", "a")));
    const failing = db.transaction(async (tx) => {
      await tx.run("INSERT INTO t (v) VALUES (?)", "b");
      throw new Error("stop");
    });
    await expect(failing).rejects.toThrow("stop");
    expect(await db.one(count, "SELECT count(*) AS n FROM t")).toEqual({ n: 1 });
  });

  test("keeps others out of a transaction under way", async () => {
    await using db = openDatabase(":memory:");
    await db.migrate("x", table);
    const slow = db.transaction(async (tx) => {
      await tx.run("INSERT INTO t (v) VALUES ('a')");
      await new Promise((done) => setTimeout(done, 20));
      await tx.run("DELETE FROM t");
    });
    expect(await db.one(count, "SELECT count(*) AS n FROM t")).toEqual({ n: 0 });
    await slow;
  });

  test("says so when a transaction uses the database from outside instead of waiting for itself", async () => {
    await using db = openDatabase(":memory:");
    await db.migrate("x", table);
    await expect(db.transaction(() => db.run("DELETE FROM t"))).rejects.toThrow(/Inside a transaction/);
  });

  test("runs each migration once, role by role, and refuses data of a newer version", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "store-")), "a.db");
    {
      await using db = openDatabase(file);
      await db.migrate("x", table);
      await db.migrate("y", ["CREATE TABLE u (id INTEGER)"]);
    }
    await using db = openDatabase(file);
    await db.migrate("x", [...table, "ALTER TABLE t ADD COLUMN w TEXT"]);
    await db.migrate("x", [...table, "ALTER TABLE t ADD COLUMN w TEXT"]);
    await expect(db.migrate("x", table)).rejects.toThrow(/newer version/);
  });

  test("is a fault when a column is not what the code believes", async () => {
    await using db = openDatabase(":memory:");
    await expect(db.one(count, "SELECT 'seven' AS n")).rejects.toThrow();
  });
});
