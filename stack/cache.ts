import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf, StackFailure } from "./failure.ts";
import { cacheFolder } from "./paths.ts";

const stampName = ".complete";

/** Folder of a thing in the cache; `key` holds its version, so that clones with other versions don't disturb it. */
export const cached = (...key: string[]): string => join(cacheFolder(), ...key);

/** Whether a folder of the cache was filled to the end. */
export const isComplete = (folder: string): boolean => existsSync(join(folder, stampName));

/** Fills a folder of the cache once, whoever asks first; what an earlier try left half done is removed. */
export async function fillOnce(
  folder: string,
  fill: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (isComplete(folder)) return;
  await lockDuring(
    `${folder}.lock`,
    async () => {
      if (isComplete(folder)) return;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await fill();
      writeFileSync(join(folder, stampName), new Date().toISOString());
    },
    signal,
  );
}

/** Does some work while no other process does the same. */
export async function lockDuring(
  lock: string,
  work: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  mkdirSync(dirname(lock), { recursive: true });
  while (!tryLock(lock)) {
    signal?.throwIfAborted();
    await delay(300);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  try {
    const isOld = Date.now() - statSync(lock).mtimeMs > 2000;
    if (isOld && !isAlive(Number(readFileSync(lock, "utf8")))) rmSync(lock, { force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  return false;
}

/** Whether a process with this id runs. */
function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Refuses to begin where the disk would be full before the end. `COLLOQUE_FAKE_FREE_BYTES` is for tests. */
export function checkSpace(folder: string, neededBytes: number, what: string): void {
  mkdirSync(folder, { recursive: true });
  const disk = statfsSync(folder);
  const freeBytes = Number(process.env.COLLOQUE_FAKE_FREE_BYTES ?? disk.bavail * disk.bsize);
  if (freeBytes >= neededBytes) return;
  const inGb = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new StackFailure(
    `The disk is nearly full: ${what} needs ${inGb(neededBytes)} GB in ${folder}, and ${inGb(freeBytes)} GB are free. ` +
      "Free some space, then try again.",
  );
}
