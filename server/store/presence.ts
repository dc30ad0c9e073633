import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * Being there, so that other processes on the same database see at once when a process is no more: each holds a lock on a small file of
 * its own, and the kernel lets go of it with the process, whatever killed it. It says nothing of one that hangs.
 */
export type Presence = Disposable & {
  readonly id: string;
  /** Whether the process of that id has ended. Not sure counts as still there. */
  isGone(id: string): boolean;
};

/** A presence beside a database file; beside `:memory:` there is nobody else. */
export function openPresence(databasePath: string): Presence {
  const id = randomUUID();
  if (databasePath === ":memory:") return { id, isGone: (other) => other !== id, [Symbol.dispose]: () => {} };
  const fileOf = (other: string): string => {
    if (!/^[0-9a-f-]{36}$/.test(other)) throw new Error("Not the id of a presence");
    return `${databasePath}.${other}.here`;
  };
  const own = hold(fileOf(id));
  if (own === undefined) throw new Error("A new presence is nobody else's");
  return {
    id,
    isGone: (other) => {
      if (other === id) return false;
      const file = fileOf(other);
      if (!existsSync(file)) return true;
      const held = hold(file);
      if (held === undefined) return false;
      rmSync(file, { force: true });
      held.close();
      return true;
    },
    [Symbol.dispose]: () => {
      rmSync(fileOf(id), { force: true });
      own.close();
    },
  };
}

/** SQLite's own lock: released by the kernel when the process ends. Undefined when somebody has it. */
function hold(file: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch {
    lock.close();
    return undefined;
  }
}
