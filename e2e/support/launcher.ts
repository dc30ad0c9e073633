import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { childEnvironment } from "../../stack/exec.ts";
import { foldersOf, root } from "../../stack/paths.ts";
import { portBaseOf, portsFrom } from "../../stack/ports.ts";
import { type Run, readRun } from "../../stack/run-file.ts";

const profile = "start-test";
const portBase = portBaseOf(profile);

export const folders = foldersOf(profile);
export const ports = portsFrom(portBase);

/** `npm start` as a person runs it, on a profile and ports of its own. */
export interface Launcher {
  readonly pid: number;
  /** All that it printed so far. */
  printed(): string;
  /** Resolves when it printed a text; fails when it ended without. */
  says(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Waits for its end; the exit code, or the signal's name. */
  ended(): Promise<number | string>;
}

const launched: Launcher[] = [];

/** Ends what a failed test left running. */
export async function endLaunched(): Promise<void> {
  const ending = launched.splice(0).map((launcher) => {
    launcher.signal("SIGTERM");
    return launcher.ended();
  });
  await Promise.all(ending);
}

export function launch(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Launcher {
  const own = ["--profile", profile, "--port-base", String(portBase)];
  const child = spawn(process.execPath, [join(root, "stack", "boot.mjs"), "start", ...own, ...args], {
    cwd: root,
    env: childEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const take = (chunk: Buffer) => {
    text += chunk.toString();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const end = endOf(child);
  const launcher: Launcher = {
    pid: child.pid ?? 0,
    printed: () => text,
    async says(wanted) {
      const done = async () =>
        text.includes(wanted) || (await Promise.race([end, Promise.resolve(undefined)]));
      await expect.poll(done, { timeout: 400_000 }).toBeTruthy();
      expect(text).toContain(wanted);
    },
    signal: (name) => void child.kill(name),
    ended: () => end,
  };
  launched.push(launcher);
  return launcher;
}

const endOf = (child: ChildProcess): Promise<number | string> =>
  new Promise((done) => child.once("close", (code, signal) => done(code ?? signal ?? "unknown")));

/** Facts of the stack that runs now. */
export function currentRun(): Run {
  const run = readRun(folders.runFile);
  if (run === undefined) throw new Error("no stack runs");
  return run;
}

/** Command lines of every process that works on this profile's data. */
export function processesOfProfile(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(commandLineOf)
    .filter((line) => line.includes(folders.data));
}

function commandLineOf(pid: string): string {
  const file = join("/proc", pid, "cmdline");
  try {
    return existsSync(file) ? readFileSync(file, "utf8").replaceAll("\0", " ") : "";
  } catch {
    // It ended between the two looks.
    return "";
  }
}

/** A PATH in which one program is another: `body` is a shell script. */
export function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "colloque-path-"));
  for (const [name, body] of Object.entries(programs)) {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  }
  return `${folder}:${process.env.PATH ?? ""}`;
}
