import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { run } from "../exec.ts";
import { StackFailure } from "../failure.ts";
import { root } from "../paths.ts";
import { setup } from "../temp-folder.ts";
import { packageProgram } from "./check.ts";

/** The folders whose tests are tried with mutants: what is decided there is what the product is for. */
const parts: readonly string[] = ["src/protocol", "server/consent", "server/gateway"];
/** Of all mutants of a part, so many in a hundred must be noticed by its tests. */
const wanted = 90;

const placeSchema = z.object({ line: z.number(), column: z.number() });
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      mutants: z.array(
        z.object({
          status: z.string(),
          mutatorName: z.string(),
          replacement: z.string().optional(),
          location: z.object({ start: placeSchema, end: placeSchema }),
        }),
      ),
    }),
  ),
});
type Mutant = z.infer<typeof reportSchema>["files"][string]["mutants"][number];

const isNoticed = ({ status }: Mutant): boolean => status === "Killed" || status === "Timeout";
const isCounted = (mutant: Mutant): boolean =>
  isNoticed(mutant) || mutant.status === "Survived" || mutant.status === "NoCoverage";

/**
 * `npm run mutants [-- files or folders]`: changes one thing at a time in each file and sees whether the tests notice (Stryker): first the
 * tests that are named after the file, and about what these do not notice all tests of its folder. One process, with the lowest claim on
 * the processor. With `--own` all tests are asked only about files that have none of their own: what is counted then is the least that is
 * noticed. What survives is told with its line; docs/mutants.md says why it may. Fails when a folder stays under nine in ten.
 */
export async function mutants(args: readonly string[]): Promise<number> {
  setPriority(constants.priority.PRIORITY_LOW);
  // Of the runs that Stryker ends because they take too long, nothing is left either.
  const clear = setup();
  try {
    return await tryAll(args);
  } finally {
    clear();
  }
}

async function tryAll(args: readonly string[]): Promise<number> {
  const isShort = args.includes("--own");
  const given = args.filter((arg) => arg !== "--own");
  const asked = given.length === 0 ? parts : given;
  const inAll: (readonly [string, readonly Mutant[]])[] = [];
  for (const part of parts) {
    const names = await readdir(join(root, part));
    const files = sourcesIn(names).filter((name) => asked.some((each) => `${part}/${name}`.startsWith(each)));
    if (files.length === 0) continue;
    const found = await tryPart(part, files, names, isShort);
    for (const [file, all] of found) {
      if (all.length === 0) continue;
      tell(file, all);
      for (const each of unnoticed(all)) console.log(`    ${wordsOf(each)}`);
      for (const each of endless(all)) console.log(`    noticed by never ending: ${wordsOf(each)}`);
    }
    inAll.push([part, [...found.values()].flat()]);
  }
  for (const [part, all] of inAll) tell(`all of ${part}`, all);
  return inAll.some(([, all]) => shareOf(all) < wanted) ? 1 : 0;
}

/** Noticed only because it did not end: on a machine that is too busy, that may be the machine. */
const endless = (all: readonly Mutant[]): Mutant[] => all.filter(({ status }) => status === "Timeout");
const unnoticed = (all: readonly Mutant[]): Mutant[] => all.filter((mutant) => !isNoticed(mutant));
const wordsOf = ({ location, mutatorName, replacement = "" }: Mutant): string =>
  `line ${location.start.line}, ${mutatorName}: ${replacement}`;

const isTest = (name: string): boolean => name.endsWith(".test.ts");
const stemOf = (name: string): string => name.replace(/([.]test)?[.]ts$/, "");
/** A test is about the file that it is named after, with further words or not: the one with the longest such name. */
const isAbout = (test: string, name: string, names: readonly string[]): boolean =>
  sourcesIn(names)
    .filter((each) => `${stemOf(test)}-`.startsWith(`${stemOf(each)}-`))
    .sort((one, other) => other.length - one.length)[0] === name;
const sourcesIn = (names: readonly string[]): string[] =>
  names.filter((name) => name.endsWith(".ts") && !isTest(name)).sort();

const shareOf = (all: readonly Mutant[]): number =>
  all.length === 0 ? 100 : (100 * all.filter(isNoticed).length) / all.length;

const tell = (what: string, all: readonly Mutant[]): void =>
  console.log(
    `${what}: ${all.filter(isNoticed).length} of ${all.length} noticed (${shareOf(all).toFixed(1)} %)`,
  );

type Found = Map<string, readonly Mutant[]>;

async function tryPart(
  part: string,
  files: readonly string[],
  names: readonly string[],
  isShort: boolean,
): Promise<Found> {
  const found: Found = new Map();
  const again: string[] = [];
  for (const name of files) {
    const file = `${part}/${name}`;
    const own = names.filter((each) => isTest(each) && isAbout(each, name, names));
    const tests = own.map((each) => `${part}/${each}`);
    console.log(`trying ${file} with ${own.join(", ") || "all tests, later"}`);
    const all = own.length === 0 ? undefined : ((await tryMutants([file], tests)).get(file) ?? []);
    found.set(file, all ?? []);
    const left = unnoticed(all ?? []);
    again.push(
      ...(all === undefined ? [file] : isShort ? [] : left.map((each) => `${file}:${rangeOf(each)}`)),
    );
    if (all !== undefined) tell("  by its own tests", all);
    for (const each of left) console.log(`    ${wordsOf(each)}`);
  }
  if (again.length === 0) return found;
  for (const [file, all] of await tryMutants(again, [`${part}/**/*.test.ts`])) {
    const noticed = new Set(all.filter(isNoticed).map(nameOf));
    const before = found.get(file) ?? [];
    found.set(
      file,
      before.length === 0
        ? all
        : before.map((each) => (noticed.has(nameOf(each)) ? { ...each, status: "Killed" } : each)),
    );
  }
  return found;
}

/** As Stryker wants it: lines begin at one, columns at none. */
const rangeOf = ({ location: { start, end } }: Mutant): string =>
  `${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;

const nameOf = ({ location, mutatorName, replacement }: Mutant): string =>
  JSON.stringify([location, mutatorName, replacement]);

/** Tries the mutants of these files, or ranges of lines, with these tests; gives those that count: not those that do not even start. */
async function tryMutants(mutate: readonly string[], tests: readonly string[]): Promise<Found> {
  const folder = join(root, ".colloque", "mutants");
  mkdirSync(folder, { recursive: true });
  const report = join(folder, "report.json");
  const config = join(folder, "config.json");
  rmSync(report, { force: true });
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner"],
      mutate,
      concurrency: 1,
      // What waits for ever is ended by vitest: this is for what runs for ever, and not for a machine that is busy.
      timeoutMS: 20_000,
      coverageAnalysis: "perTest",
      tempDirName: join(folder, "work"),
      reporters: ["json"],
      jsonReporter: { fileName: report },
      ignorePatterns: ["dist", "shots", "test-results", ".colloque", "public", "docs", "e2e", "bench"],
      vitest: { configFile: "stack/mutants/vitest.config.ts", related: false },
    }),
  );
  const env = { COLLOQUE_MUTANTS_TESTS: tests.join() };
  const ran = await run(process.execPath, [packageProgram("stryker"), "run", config], { cwd: root, env });
  if (ran.code !== 0) throw new StackFailure(`Stryker failed on ${mutate.join(", ")}:\n${ran.output.trim()}`);
  // Files without anything to change have no report.
  if (!existsSync(report)) return new Map();
  const { files } = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
  return new Map(Object.entries(files).map(([file, { mutants: all }]) => [file, all.filter(isCounted)]));
}
