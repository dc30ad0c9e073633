import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { buildClient } from "../client-build.ts";
import { run, watch } from "../exec.ts";
import { messageOf } from "../failure.ts";
import { root } from "../paths.ts";

/** How many things were right and wrong. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Left out because this machine lacks something; each says what. */
  readonly skipped?: number;
}

export const addTallies = (...tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
  failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
  skipped: tallies.reduce((sum, tally) => sum + (tally.skipped ?? 0), 0),
});

interface Step {
  readonly name: string;
  /** Undefined when it went well, otherwise what went wrong. */
  run(): Promise<string | undefined>;
}

const packages = join(root, "node_modules");
const scratch = join(packages, ".cache", "colloque");
const buildLog = join(root, ".colloque", "build.log");

/** The program of a package, run by this Node. */
export const packageProgram = (name: string): string => join(packages, ".bin", name);

const program = (name: string, bin: string, args: readonly string[]): Step => ({
  name,
  async run() {
    const ran = await run(process.execPath, [packageProgram(bin), ...args], { cwd: root });
    return ran.code === 0 ? undefined : ran.output.trim();
  },
});

const types = (part: string): Step =>
  program(`types of the ${part}`, "tsc", [
    "--noEmit",
    "--project",
    `tsconfig.${part}.json`,
    "--incremental",
    "--tsBuildInfoFile",
    join(scratch, `${part}.tsbuildinfo`),
  ]);

function steps(): Step[] {
  const folders = ["src", "server", "stack", "e2e", "bench", "chaos", "test"].filter((folder) =>
    existsSync(join(root, folder)),
  );
  return [
    program("format and lint", "biome", ["check", "--error-on-warnings", "."]),
    types("protocol"),
    types("client"),
    types("server"),
    program("architecture", "depcruise", ["--config", ".dependency-cruiser.mjs", ...folders]),
    program("dead code", "knip", ["--no-progress"]),
    { name: "size", run: measureSize },
  ];
}

async function measureSize(): Promise<string | undefined> {
  try {
    await buildClient(buildLog);
  } catch (error) {
    return messageOf(error);
  }
  const ran = await run(process.execPath, [packageProgram("size-limit")], { cwd: root });
  return ran.code === 0 ? undefined : ran.output.trim();
}

/** Everything that can be told without running the product, two things at a time. */
export async function runChecks(): Promise<Tally> {
  mkdirSync(scratch, { recursive: true });
  const waiting = steps();
  let failed = 0;
  let passed = 0;
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const beganMs = Date.now();
      const wrong = await step.run();
      const time = `${((Date.now() - beganMs) / 1000).toFixed(1)} s`;
      console.log(`${wrong === undefined ? "✓" : "✗"} ${step.name} (${time})`);
      if (wrong === undefined) passed++;
      else {
        failed++;
        console.log(`${wrong}\n`);
      }
    }
  };
  await Promise.all([work(), work()]);
  return { passed, failed };
}

const vitestSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  success: z.boolean(),
});

/** Unit and property tests; further arguments go to vitest. */
export const runUnitTests = (
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Tally> => runVitest(["--exclude=**/*.{stack,second}.test.ts", ...args], { env });

/** Runs vitest and counts. */
export async function runVitest(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Promise<Tally> {
  const report = join(scratch, "unit.json");
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const excluded = ["--exclude=e2e/**", "--exclude=stack/architecture/breaking/**"];
  const vitest = [packageProgram("vitest"), "run", ...excluded, ...reporters, ...args];
  const code = await watch(process.execPath, vitest, options);
  const parsed = existsSync(report)
    ? vitestSchema.parse(JSON.parse(readFileSync(report, "utf8")))
    : undefined;
  if (parsed === undefined) return { passed: 0, failed: 1 };
  // A file that cannot be loaded fails without failing a test.
  const failed = code === 0 ? 0 : Math.max(1, parsed.numFailedTests);
  return { passed: parsed.numPassedTests, failed, skipped: parsed.numPendingTests };
}

/** How a command ends that counted. */
export const exitCode = (tally: Tally): number => (tally.failed === 0 ? 0 : 1);

/** `npm run check` */
export const check = async (): Promise<number> => exitCode(await runChecks());

/** `npm run format` */
export const format = (): Promise<number> =>
  watch(process.execPath, [packageProgram("biome"), "check", "--write", "."]);

/** `npm run build` */
export async function build(): Promise<number> {
  await buildClient(buildLog);
  console.log("The client is in dist/.");
  return 0;
}
