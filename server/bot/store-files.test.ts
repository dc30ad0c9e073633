import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { destroyStore, nameStore, oldestStore, setStoreAside, storePath } from "./store-files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stores-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (path: string) => writeFileSync(path, `keys of ${path}`);

describe("the files of the archivist's devices", () => {
  test("of two devices the one that came first counts, and of none none", () => {
    expect(oldestStore(folder)).toBeUndefined();
    for (const number of [12, 3]) write(storePath(folder, number));
    expect(oldestStore(folder)).toBe(3);
  });

  test("a store from before there were numbers becomes the acting device's, with what SQLite keeps beside it, and replaces none", () => {
    for (const suffix of ["", "-wal"]) write(join(folder, `archivist-keys.db${suffix}`));
    nameStore(folder, 2);
    expect(readFileSync(`${storePath(folder, 2)}-wal`, "utf8")).toContain("archivist-keys.db-wal");
    expect(existsSync(join(folder, "archivist-keys.db"))).toBe(false);
    write(join(folder, "archivist-keys.db"));
    const before = readFileSync(storePath(folder, 2), "utf8");
    nameStore(folder, 2);
    expect(readFileSync(storePath(folder, 2), "utf8")).toBe(before);
  });

  test("what is destroyed is gone, twice as well as once, and another's stays; what is set aside is kept under another name", () => {
    for (const number of [1, 2, 3])
      for (const suffix of ["", "-wal", "-shm"]) write(storePath(folder, number) + suffix);
    destroyStore(folder, 1);
    destroyStore(folder, 1);
    setStoreAside(folder, 2, "ARCHIVIST4");
    for (const suffix of ["", "-wal", "-shm"]) {
      expect(existsSync(storePath(folder, 1) + suffix)).toBe(false);
      expect(existsSync(storePath(folder, 2) + suffix)).toBe(false);
      expect(existsSync(storePath(folder, 3) + suffix)).toBe(true);
    }
    expect(existsSync(join(folder, "archivist-keys.before-ARCHIVIST4.db"))).toBe(true);
    expect(oldestStore(folder)).toBe(3);
  });
});
