import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StackFailure } from "./failure.ts";

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is downloaded or built once and shared by every clone of this user. */
export function cacheFolder(): string {
  const own = process.env.COLLOQUE_CACHE;
  if (own !== undefined && own !== "") return own;
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "colloque");
}

/** Where one profile keeps its data, logs, secrets and sockets. */
export interface Folders {
  readonly data: string;
  readonly logs: string;
  readonly sockets: string;
  readonly secretsFile: string;
  readonly runFile: string;
}

export function foldersOf(profile: string, base = join(root, ".colloque")): Folders {
  const home = join(base, profile);
  return {
    data: join(home, "data"),
    logs: join(home, "logs"),
    sockets: socketFolder(home),
    secretsFile: join(home, "data", "secrets.json"),
    runFile: join(home, "run.json"),
  };
}

/** A unix socket's path must stay under 108 bytes: a checkout that lies deep gets a short folder of its own. */
function socketFolder(home: string): string {
  const near = join(home, "sockets");
  if (Buffer.byteLength(near) < 80) return near;
  return join(tmpdir(), `colloque-${digest(home).slice(0, 12)}`);
}

/** Makes a folder that only this user may open; refuses one that somebody else prepared. */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new StackFailure(`${folder} belongs to somebody else: remove it, then try again.`);
  }
  chmodSync(folder, 0o700);
}

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** First of the names that exists in a folder of PATH, as a full path. */
export function findOnPath(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].filter((folder) => folder !== "");
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
}
