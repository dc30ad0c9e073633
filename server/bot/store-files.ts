import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { deviceIdOf } from "./login.ts";
import { wipe } from "./recovery-key.ts";

/** The files of a device's crypto store: SQLite's own, and what it keeps beside it. */
const suffixes = ["", "-wal", "-shm"];

const nameOf = (number: number): string => `archivist-keys.${deviceIdOf(number)}.db`;

export const storePath = (dataDir: string, number: number): string => join(dataDir, nameOf(number));

/** The lowest number of a device whose keys are here: one that is coming has a higher one, and counts for nothing yet. */
export function oldestStore(dataDir: string): number | undefined {
  const numbers = readdirSync(dataDir).flatMap((name) => {
    const number = /^archivist-keys\.ARCHIVIST(\d+)\.db$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}

/** Keeps a store that is thought to be lost or wrong under another name: a person may want to look at it. */
export function setStoreAside(dataDir: string, number: number, before: string): void {
  for (const suffix of suffixes) {
    const path = storePath(dataDir, number) + suffix;
    if (existsSync(path)) renameSync(path, join(dataDir, `archivist-keys.before-${before}.db${suffix}`));
  }
}

/** The end of a device's keys on this disk. */
export function destroyStore(dataDir: string, number: number): void {
  for (const suffix of suffixes) wipe(storePath(dataDir, number) + suffix);
}

/** A store from before devices had numbers in their files' names is the acting device's. What lies beside it goes first: a crash loses nothing. */
export function nameStore(dataDir: string, number: number): void {
  for (const suffix of suffixes.toReversed()) {
    const [old, path] = [join(dataDir, `archivist-keys.db${suffix}`), storePath(dataDir, number) + suffix];
    if (existsSync(old) && !existsSync(path)) renameSync(old, path);
  }
}
