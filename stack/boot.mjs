// The first step of every npm script. Plain JavaScript on purpose: it must run on any Node from 18 on.
// It finds Node 24 (fetching it as an npm package when needed), installs node_modules when they do not match the
// lock file, and hands over to stack/main.ts under that Node.
import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isRightNode = major === 24 && minor >= 11;

await (isRightNode ? runHere() : runUnderNode24());

/** This Node will do: install what the lock file says, then run the program. */
async function runHere() {
  process.env.PATH = dirname(process.execPath) + delimiter + (process.env.PATH ?? "");
  installPackages();
  const { main } = await import(pathToFileURL(join(root, "stack", "main.ts")).href);
  await main(process.argv.slice(2));
}

/** Runs this same file again, under the right Node; ends as that one ends. */
async function runUnderNode24() {
  const node = fetchNode24();
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel tells the child when this process is killed, whatever the way.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: {
      ...process.env,
      PATH: dirname(node) + delimiter + (process.env.PATH ?? ""),
      COLLOQUE_NPM: findNpm(),
    },
  });
  // The child decides when all is stopped. (A terminal sends Ctrl-C to both of them: twice is no harm.)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((done) => child.once("exit", (...how) => done(how)));
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
}

function fetchNode24() {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    stop(
      `Colloque needs Node 24.11 or later (this is ${process.versions.node}): install Node 24, then try again.`,
    );
  }
  const lock = join(root, "tools", "node", "package-lock.json");
  const name = `node-linux-${process.arch}`;
  const { packages } = JSON.parse(readFileSync(lock, "utf8"));
  const folder = join(cacheFolder(), "node", packages[`node_modules/${name}`].version);
  const node = join(folder, "node_modules", name, "bin", "node");
  if (existsSync(node)) return node;
  oneAtATime(folder, () => {
    if (existsSync(node)) return;
    say("Fetching Node 24 (once)…");
    mkdirSync(folder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(join(root, "tools", "node", file), join(folder, file));
    }
    runNpm(["ci"], folder, "Node 24 could not be fetched from the npm registry");
  });
  return node;
}

function installPackages() {
  if (packagesMatchLock()) return;
  oneAtATime(join(root, ".colloque", "packages"), () => {
    if (packagesMatchLock()) return;
    say("Installing the packages of package-lock.json…");
    const failure = "The npm packages could not be installed";
    // A registry that lacks other systems' binaries makes lock files without them, which `npm ci` refuses as a whole;
    // `npm install` takes the same versions and checksums from the lock, and the comparison below sees to it.
    if (!runNpm(["ci"], root, failure, "EUSAGE")) runNpm(["install", "--no-save"], root, failure);
    if (!packagesMatchLock()) stop(`${failure}: node_modules is not what package-lock.json says.`);
  });
}

/** npm notes what it installed in a hidden lock file; no stamp of our own can be more true. */
function packagesMatchLock() {
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  const wanted = readPackages(join(root, "package-lock.json")) ?? {};
  const isOptional = (path) => (wanted[path] ?? installed[path]).optional === true;
  const paths = [...Object.keys(wanted), ...Object.keys(installed)].filter((path) => path !== "");
  return paths.every((path) => {
    const versions = [installed[path]?.version, wanted[path]?.version];
    return versions[0] === versions[1] || (isOptional(path) && versions.includes(undefined));
  });
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

/** Runs npm; false when it failed with the one code that the caller has an answer to. */
function runNpm(args, folder, failure, tolerated) {
  const options = { cwd: folder, encoding: "utf8", env: { ...process.env, NODE_ENV: "" } };
  const flags = [
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--include=dev",
    "--include=optional",
  ];
  const npm = process.env.COLLOQUE_NPM || findNpm();
  const ran = spawnSync(process.execPath, [npm, ...args, ...flags], options);
  if (ran.status === 0) return true;
  const said = `${ran.stderr ?? ""}${ran.stdout ?? ""}`;
  if (tolerated !== undefined && said.includes(tolerated)) return false;
  const why = said.trim().split("\n").slice(0, 12).join("\n");
  return stop(`${failure}: ${why || ran.error?.message || "npm failed"}`);
}

/** The npm-cli.js that came with the host's Node. */
function findNpm() {
  const beside = join(
    dirname(dirname(realpathSync(process.execPath))),
    "lib",
    "node_modules",
    "npm",
    "bin",
    "npm-cli.js",
  );
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "npm"));
  for (const file of [process.env.npm_execpath, beside, ...onPath]) {
    if (!file || !existsSync(file)) continue;
    const real = realpathSync(file);
    if (real.endsWith(".js") && real.includes("npm")) return real;
  }
  return stop("Colloque needs npm, which comes with Node: install Node 24 with its npm, then try again.");
}

function cacheFolder() {
  const base = process.env.COLLOQUE_CACHE;
  if (base) return base;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "colloque");
}

/** Two clones or two terminals may begin at once: the second waits for the first. */
function oneAtATime(path, work) {
  const lock = `${path}.lock`;
  mkdirSync(dirname(lock), { recursive: true });
  while (!tryLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "ENOSPC") stop(`The disk is full: free some space, then try again (${lock}).`);
    if (error.code !== "EEXIST") throw error;
  }
  const owner = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
  const isOld = existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 2000;
  if (isOld && !isAlive(owner)) rmSync(lock, { force: true });
  return false;
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function stop(line) {
  say(line);
  process.exit(1);
}
