import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { childEnvironment, endGroup } from "./exec.ts";
import { root } from "./paths.ts";

/** What is needed to start a process. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long it may take to end by itself. */
  readonly stopMs?: number;
}

/** A process that we started, alone in its process group. */
export interface Running {
  readonly pid: number;
  /** When the kernel started it: with the pid, its identity. */
  readonly startTicks: string;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  /** Ends it at once, as an accident would. */
  kill(): void;
}

/** Starts processes and sees to it that none outlives this program, even if it is killed. */
export interface Nursery extends AsyncDisposable {
  start(launch: Launch, log: string): Promise<Running>;
}

export function createNursery(): Nursery {
  const watchdog = spawn("/bin/sh", [join(root, "stack", "watchdog.sh")], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.stdin.on("error", () => undefined);
  watchdog.unref();
  const tell = (line: string) => watchdog.stdin.write(`${line}\n`);
  const running = new Set<Running>();
  return {
    async start(launch, log) {
      const child = await spawnInto(launch, log);
      const process_ = toRunning(child, launch.stopMs ?? 10_000);
      tell(`+${process_.pid}`);
      running.add(process_);
      void process_.exited.then(() => {
        // Whatever it left behind in its group goes with it.
        endGroup(process_.pid, "SIGKILL");
        tell(`-${process_.pid}`);
        running.delete(process_);
      });
      return process_;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((process_) => process_.stop()));
      watchdog.stdin.end();
    },
  };
}

function spawnInto(launch: Launch, log: string): Promise<ChildProcess> {
  rotate(log);
  const file = openSync(log, "a", 0o600);
  return new Promise((done, fail) => {
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: childEnvironment(launch.env),
      stdio: ["ignore", file, file],
      detached: true,
    });
    closeSync(file);
    child.once("error", fail);
    child.once("spawn", () => done(child));
  });
}

function toRunning(child: ChildProcess, stopMs: number): Running {
  const pid = child.pid ?? 0;
  let ended = false;
  const exited = new Promise<string>((done) => {
    child.once("exit", (code, signal) => {
      ended = true;
      done(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  return {
    pid,
    startTicks: startTicksOf(pid) ?? "",
    exited,
    kill: () => endGroup(pid, "SIGKILL"),
    async stop() {
      if (ended) return;
      endGroup(pid, "SIGTERM");
      const patience = new AbortController();
      await Promise.race([
        exited,
        delay(stopMs, undefined, { signal: patience.signal }).catch(() => undefined),
      ]);
      patience.abort();
      endGroup(pid, "SIGKILL");
      await exited;
    },
  };
}

/**
 * Start time of a live process in kernel ticks; tells a process from a later one with the same id. A process that has
 * ended and that nobody has asked about yet (state Z) is not live.
 */
export function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

const keptLogs = 5;

/** Keeps the logs of the last few starts: hapi.log, hapi.1.log, … */
function rotate(log: string): void {
  const older = (age: number) => (age === 0 ? log : log.replace(/\.log$/, `.${age}.log`));
  rmSync(older(keptLogs), { force: true });
  for (let age = keptLogs - 1; age >= 0; age--) {
    if (existsSync(older(age))) renameSync(older(age), older(age + 1));
  }
}
