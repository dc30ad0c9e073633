import { spawn } from "node:child_process";
import { appendFileSync, createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, StackFailure } from "./failure.ts";
import { root } from "./paths.ts";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** File that receives what the command prints. */
  readonly log?: string;
  readonly signal?: AbortSignal;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs a command to its end in a process group of its own and keeps the last part of what it printed. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: childEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const log = options.log === undefined ? undefined : openLog(options.log, command, args);
  let output = "";
  const take = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
    log?.write(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const abort = () => endGroup(child.pid, "SIGKILL");
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const code = await new Promise<number>((done, fail) => {
      child.once("error", fail);
      child.once("close", (status) => done(status ?? 1));
    });
    options.signal?.throwIfAborted();
    return { code, output };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { code: 127, output: `${command} was not found` };
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    log?.end();
  }
}

/** Like `run`, but a command that fails ends the matter with a sentence. */
export async function must(
  what: string,
  command: string,
  args: readonly string[],
  options: RunOptions & { readonly log: string },
): Promise<void> {
  const ran = await run(command, args, options);
  if (ran.code === 0) return;
  const isFull = /no space left|ENOSPC/i.test(ran.output);
  throw new StackFailure(
    isFull
      ? `${what}: the disk is full. Free some space, then try again.`
      : `${what} (exit code ${ran.code}). Its end, in ${options.log}, says why; mend that, then try again.`,
  );
}

/** Runs a command that the person watches: its output goes straight to the terminal. */
export async function watch(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, "env" | "signal"> = {},
): Promise<number> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    cwd: root,
    env: childEnvironment(options.env),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const end = () => void child.kill("SIGTERM");
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    return await new Promise<number>((done, fail) => {
      child.once("error", fail);
      child.once("close", (status) => done(status ?? 1));
    });
  } finally {
    options.signal?.removeEventListener("abort", end);
  }
}

/** Sends a signal to a whole process group; one that is gone already is fine. */
export function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}

/** npm's own variables (a prefix, a log level) must not reach the tools that we start. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_CHANNEL|NODE_OPTIONS)/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

function openLog(file: string, command: string, args: readonly string[]) {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `\n$ ${command} ${args.join(" ")}\n`);
  return createWriteStream(file, { flags: "a" });
}
