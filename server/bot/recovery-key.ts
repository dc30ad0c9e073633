import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { createSealer } from "../kit/seal.ts";

/**
 * The archivist's recovery key: it opens the secret storage and the key backup on the homeserver. Whoever has it and the bot's password can
 * read every case, so it lies here sealed with the store key, and in the clear in the hospital's vault alone
 * (`node server/main.ts --recovery-key` gives it out once). With it, a lost disk costs nothing but a restart.
 */
export type RecoveryKeyFile = {
  /** Where a person puts the key from the vault, in the clear. It is sealed and wiped as soon as it is read. */
  readonly path: string;
  read(): string | undefined;
  write(key: string): void;
};

const sealContext = "archivist-recovery";

export function recoveryKeyFile(dataDir: string, storeKey: Uint8Array): RecoveryKeyFile {
  const path = join(dataDir, "archivist-recovery.key");
  const sealed = join(dataDir, "archivist-recovery.sealed");
  const sealer = createSealer(storeKey, "bot-recovery");
  const write = (key: string): void => {
    const draft = `${sealed}.new`;
    writeFileSync(draft, sealer.seal(key, sealContext), { mode: 0o600, flush: true });
    renameSync(draft, sealed);
  };
  return {
    path,
    read: () => {
      if (existsSync(path)) {
        write(readFileSync(path, "utf8").trim());
        wipe(path);
      }
      return existsSync(sealed) ? sealer.openText(readFileSync(sealed), sealContext) : undefined;
    },
    write,
  };
}

/** Overwrites a file before its name goes. A disk that writes elsewhere keeps the old blocks: that is what encryption at rest is for. */
export function wipe(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, "r+");
  try {
    const zeros = Buffer.alloc(65_536);
    for (let left = statSync(path).size, at = 0; left > 0; left -= zeros.length, at += zeros.length)
      writeSync(file, zeros, 0, Math.min(zeros.length, left), at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  rmSync(path);
}
