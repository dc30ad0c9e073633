import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { buildIn, clientInputs } from "../client-build.ts";
import { messageOf, StackFailure } from "../failure.ts";
import { root } from "../paths.ts";

/** SHA-256 of each file of a build, by its path. */
type Hashes = ReadonlyMap<string, string>;

const scratch = join(root, ".colloque", "verify-build");

/**
 * `npm run verify-build`: builds the client twice, in two clean folders with nothing but its sources, and prints the hash of every file, as
 * `sha256sum` writes them. Fails when one differs. With `--against ADDRESS` it also asks a running server for each file.
 */
export async function verifyBuild(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { against: { type: "string" } } });
  rmSync(scratch, { recursive: true, force: true });
  const [first, second] = [await buildCleanly("one"), await buildCleanly("another")];
  for (const [path, hash] of first) console.log(`${hash}  ${path}`);
  let wrong = report(differences(first, second), "differs between two builds");
  if (wrong === 0)
    console.log(`\nTwo builds, ${first.size} files, all equal. Of them all: ${hashOfAll(first)}`);
  if (values.against !== undefined) {
    const served = await hashesOf(values.against, [...first.keys()]);
    const found = report(differences(first, served), `is another at ${values.against}`);
    if (found === 0) console.log(`${values.against} serves these ${first.size} files.`);
    wrong += found;
  }
  rmSync(scratch, { recursive: true, force: true });
  return wrong === 0 ? 0 : 1;
}

/** A copy of the sources at a path of its own, so that a path of this machine in the build would show. */
async function buildCleanly(name: string): Promise<Hashes> {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  for (const input of clientInputs)
    if (existsSync(join(root, input))) cpSync(join(root, input), join(folder, input), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  await buildIn(folder, join(scratch, `${name}.log`));
  const dist = join(folder, "dist");
  const paths = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
    .sort();
  return new Map(paths.map((path) => [path, sha256(readFileSync(join(dist, path)))]));
}

async function hashesOf(address: string, paths: readonly string[]): Promise<Hashes> {
  const served = new Map<string, string>();
  for (const path of paths) {
    try {
      const answer = await fetch(new URL(path, `${address.replace(/\/+$/, "")}/`));
      if (answer.ok) served.set(path, sha256(new Uint8Array(await answer.arrayBuffer())));
    } catch (error) {
      throw new StackFailure(`${address} does not answer: ${messageOf(error)}`);
    }
  }
  return served;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const hashOfAll = (hashes: Hashes): string =>
  sha256(Buffer.from([...hashes].map(([path, hash]) => `${hash}  ${path}\n`).join("")));

const differences = (one: Hashes, other: Hashes): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path));

function report(paths: readonly string[], what: string): number {
  for (const path of paths) console.error(`${path} ${what}`);
  return paths.length;
}
