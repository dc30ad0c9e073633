import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The archivist's recovery key, in a file that only its owner reads. Whoever has it and the bot's password can read every case, so
 * it belongs in the hospital's vault too: with it, a lost disk costs nothing but a restart.
 */
export type RecoveryKeyFile = {
  readonly path: string;
  read(): string | undefined;
  write(key: string): void;
};

export function recoveryKeyFile(dataDir: string): RecoveryKeyFile {
  const path = join(dataDir, "archivist-recovery.key");
  return {
    path,
    read: () => (existsSync(path) ? readFileSync(path, "utf8").trim() : undefined),
    write: (key) => {
      const draft = `${path}.new`;
      writeFileSync(draft, `${key}\n`, { mode: 0o600, flush: true });
      chmodSync(draft, 0o600);
      renameSync(draft, path);
    },
  };
}
