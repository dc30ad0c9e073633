import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { endGroup } from "./exec.ts";
import { StackFailure } from "./failure.ts";
import { startTicksOf } from "./processes.ts";

const processSchema = z.object({ pid: z.number(), ticks: z.string() });

/** What a running stack tells others: tests, benches, a second terminal. Holds a token: mode 0600. */
const runSchema = z.object({
  profile: z.string(),
  state: z.enum(["starting", "up", "stopping"]),
  owner: processSchema,
  parts: z.record(z.string(), processSchema),
  publicUrl: z.string(),
  serverName: z.string(),
  fhirUrl: z.string(),
  dicomwebUrl: z.string().nullable(),
  livekitUrl: z.string(),
  synapseSocket: z.string(),
  controlSocket: z.string(),
  dataDir: z.string(),
  logsDir: z.string(),
  adminToken: z.string().nullable(),
});
export type Run = z.infer<typeof runSchema>;

export function readRun(file: string): Run | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return runSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    // Half written by a start that was killed: there is nothing in it to know.
    return undefined;
  }
}

export function writeRun(file: string, run: Run): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export const removeRun = (file: string): void => rmSync(file, { force: true });

/** Waits for a stack that is stopping, longer than its slowest part may take to end. */
async function untilStopped(file: string, signal: AbortSignal | undefined): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const run = readRun(file);
    if (!isOwned(run) || run.state !== "stopping") return;
    await delay(200, undefined, { signal });
  }
}

const isSame = (process_: z.infer<typeof processSchema>): boolean =>
  startTicksOf(process_.pid) === process_.ticks;

/** Whether the program that started this stack is still there, be it on its way up or down. */
const isOwned = (run: Run | undefined): run is Run => run !== undefined && isSame(run.owner);

/** Whether all of this stack answers, and goes on answering. */
export const isUp = (run: Run | undefined): boolean => isOwned(run) && run.state === "up";

/**
 * The stack of a profile, once it is up; undefined when there is none to use. One that is starting or stopping is waited
 * for: what it says of itself now is not what a test would find a second later.
 */
export async function settledRun(file: string, signal?: AbortSignal): Promise<Run | undefined> {
  for (;;) {
    const run = readRun(file);
    if (!isOwned(run)) return undefined;
    if (run.state === "up") return run;
    await delay(200, undefined, { signal });
  }
}

/** Refuses a second start of one profile, waits for one that is stopping, and ends what a killed start left behind. */
export async function claim(file: string, signal?: AbortSignal): Promise<void> {
  await untilStopped(file, signal);
  const run = readRun(file);
  if (run === undefined) return;
  if (isOwned(run) && run.owner.pid !== process.pid) {
    throw new StackFailure(
      `Colloque runs already at ${run.publicUrl} (process ${run.owner.pid}): stop it there with Ctrl-C, ` +
        "or use it as it is.",
    );
  }
  const leftovers = Object.values(run.parts).filter(isSame);
  for (const { pid } of leftovers) endGroup(pid, "SIGTERM");
  for (let tries = 0; tries < 40 && leftovers.some(isSame); tries++) await delay(250);
  for (const { pid } of leftovers.filter(isSame)) endGroup(pid, "SIGKILL");
  removeRun(file);
}
