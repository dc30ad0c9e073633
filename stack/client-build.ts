import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { lockDuring } from "./cache.ts";
import { must } from "./exec.ts";
import { root } from "./paths.ts";

/** Everything that the client is built from, besides the packages of the lock file. */
export const clientInputs = [
  "src",
  "public",
  "index.html",
  "vite.config.ts",
  "vite.phone.config.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.base.json",
];
const stamp = join(root, ".colloque", "client-build");
/** Where the built client is. */
export const builtClient = join(root, "dist");
const built = join(builtClient, "index.html");

/** Whether dist was built from the sources as they are. */
export const isClientFresh = (): boolean =>
  existsSync(built) && existsSync(stamp) && readFileSync(stamp, "utf8") === inputHash();

/** Builds the client that the server gives out, unless that was done already. */
export async function buildClient(log: string, signal?: AbortSignal): Promise<void> {
  await lockDuring(`${stamp}.lock`, async () => {
    if (isClientFresh()) return;
    rmSync(stamp, { force: true });
    const hash = inputHash();
    await buildIn(root, log, signal);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, hash);
  });
}

/** Builds what is in a folder into its `dist`: the application, then the patient's page beside it. */
export async function buildIn(folder: string, log: string, signal?: AbortSignal): Promise<void> {
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const options = {
    cwd: folder,
    log,
    env: { NODE_ENV: "production" },
    ...(signal === undefined ? {} : { signal }),
  };
  for (const config of ["vite.config.ts", "vite.phone.config.ts"])
    await must(
      "The client could not be built",
      process.execPath,
      [vite, "build", "--config", config],
      options,
    );
}

function inputHash(): string {
  const hash = createHash("sha256");
  for (const name of clientInputs) addTo(hash, join(root, name));
  return hash.digest("hex");
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
    return;
  }
  // Tests are not part of what is given out.
  if (/\.test\.tsx?$/.test(path)) return;
  hash.update(path.slice(root.length)).update("\0").update(readFileSync(path)).update("\0");
}
