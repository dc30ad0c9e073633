import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const memory = "/dev/shm";
const enough = 2 ** 30;
const prefix = "colloque-tests-";

/** In memory where there is such a folder with room in it: the disk is not what is tried, and each small database waits for it. */
function base(): string {
  const isWithinARun = basename(tmpdir()).startsWith(prefix);
  if (isWithinARun || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize < enough ? tmpdir() : memory;
}

/**
 * Gives a run of the tests a temporary folder of its own, and removes it with all that they left there. Its name is short: the path of a
 * unix socket must stay under 108 bytes.
 */
export function setup(): () => void {
  const folder = mkdtempSync(join(base(), prefix));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  };
}
