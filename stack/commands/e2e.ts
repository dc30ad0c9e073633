import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { childEnvironment, watch } from "../exec.ts";
import { StackFailure } from "../failure.ts";
import { ensureChromium, ensureJose } from "../install.ts";
import { foldersOf, root } from "../paths.ts";
import { createProgress } from "../progress.ts";
import { isUp, readRun, settledRun } from "../run-file.ts";
import { startStack } from "../stack.ts";
import { stopSignal } from "../stop-signal.ts";
import { fromTemplate } from "../template.ts";
import { packageProgram, type Tally } from "./check.ts";

/** Where a run of Playwright has its stack, and where it says what it found: tests and pictures may be made at the same time. */
interface Place {
  readonly profile: string;
  /** With the archivist as a process of its own. */
  readonly isApart?: boolean;
  readonly runFile: string;
  readonly results: string;
}

const placeOf = (profile: string, results: string): Place => ({
  profile,
  runFile: foldersOf(profile).runFile,
  results: join(root, results),
});
const tests = placeOf("e2e", "test-results");
const pictures = placeOf("shots", join("test-results", "shots"));
const apart: Place = { ...placeOf("apart", join("test-results", "apart")), isApart: true };

/** `npm run e2e [-- playwright options] [--keep] [--apart]` */
export async function e2e(given: readonly string[]): Promise<number> {
  const args = given.filter((arg) => arg !== "--apart");
  const { failed } = await (args.length < given.length ? runApart(args) : runPlaywright(args));
  return failed === 0 ? 0 : 1;
}

/** The same tests, with the archivist as a process of its own. */
export const runApart = (args: readonly string[]): Promise<Tally> => runPlaywright(args, apart);

/** `npm run shots`: a picture of every screen, into shots/. */
export async function shots(args: readonly string[]): Promise<number> {
  const { failed } = await runPlaywright(["--project=shots", ...args], pictures);
  return failed === 0 ? 0 : 1;
}

/** Runs Playwright over a stack: the one that runs already, or one that is started for it and then stopped. */
export async function runPlaywright(given: readonly string[], place: Place = tests): Promise<Tally> {
  const args = given.filter((arg) => arg !== "--keep");
  const { signal, dispose } = stopSignal();
  try {
    await ensureChromium(join(root, ".colloque", "install-chromium.log"));
    await ensureJose(join(root, ".colloque", "install-jose.log"));
    // The other files ask for the running stack as they load: they are left out where none is there.
    const alone = bringsItsOwnStack(args);
    if (alone !== undefined) return await playwright([...args, `${alone}.spec.ts`], place, signal);
    if ((await settledRun(place.runFile, signal)) !== undefined) return await playwright(args, place, signal);
    if (given.includes("--keep")) {
      await startDetached(place, signal);
      return await playwright(args, place, signal);
    }
    const progress = createProgress();
    await using stack = await startStack({
      profile: place.profile,
      isApart: place.isApart === true,
      reset: true,
      progress,
      signal,
      prepareData: fromTemplate(progress),
    });
    progress.end();
    void stack.ended.then((failure) => failure !== undefined && console.error(failure.message));
    return await playwright(args, place, signal);
  } finally {
    dispose();
  }
}

/** Tests that start everything themselves: of the start itself, and of two hospitals. */
const withOwnStack = ["start", "federation"];
const bringsItsOwnStack = (args: readonly string[]): string | undefined =>
  withOwnStack.find(
    (name) =>
      args.includes(`--grep=@${name}`) ||
      args.some((arg, at) => arg === `@${name}` && /^(-g|--grep)$/.test(args[at - 1] ?? "")),
  );

const reportSchema = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
});

async function playwright(args: readonly string[], place: Place, signal: AbortSignal): Promise<Tally> {
  const report = join(place.results, "e2e.json");
  rmSync(report, { force: true });
  const project = args.some((arg) => arg.startsWith("--project")) ? [] : ["--project=e2e"];
  const code = await watch(process.execPath, [packageProgram("playwright"), "test", ...project, ...args], {
    env: { COLLOQUE_STACK: place.runFile, COLLOQUE_RESULTS: place.results },
    signal,
  });
  if (!existsSync(report)) return { passed: 0, failed: code === 0 ? 0 : 1 };
  const { stats } = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
  const failed = code === 0 ? 0 : Math.max(1, stats.unexpected + stats.flaky);
  return { passed: stats.expected, failed, skipped: stats.skipped };
}

/** A stack that stays when the tests are over. */
async function startDetached({ profile, runFile }: Place, signal: AbortSignal): Promise<void> {
  const log = join(root, ".colloque", `${profile}-start.log`);
  mkdirSync(dirname(log), { recursive: true });
  const file = openSync(log, "w");
  const args = [join(root, "stack", "boot.mjs"), "start", "--profile", profile, "--reset", "--template"];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: childEnvironment(),
    stdio: ["ignore", file, file],
    detached: true,
  });
  child.unref();
  closeSync(file);
  console.log(`Starting a stack that stays (process ${child.pid}; stop it with: kill ${child.pid})…`);
  while (!isUp(readRun(runFile))) {
    if (child.exitCode !== null)
      throw new StackFailure(`The stack did not start: ${readFileSync(log, "utf8").trim()}`);
    await delay(300, undefined, { signal });
  }
}
