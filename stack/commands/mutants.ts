import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { run } from "../exec.ts";
import { StackFailure } from "../failure.ts";
import { root } from "../paths.ts";
import { packageProgram } from "./check.ts";

/** The folders whose tests are tried with mutants: what is decided there is what the product is for. */
const parts: readonly string[] = ["src/protocol", "server/consent", "server/gateway"];
/** Of all mutants of a part, so many in a hundred must be noticed by its tests. */
const wanted = 90;

const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      mutants: z.array(
        z.object({
          status: z.string(),
          mutatorName: z.string(),
          replacement: z.string().optional(),
          location: z.object({ start: z.object({ line: z.number() }) }),
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
 * `npm run mutants [-- files or folders]`: changes one thing at a time in each file and sees whether the tests of its folder notice
 * (Stryker; of those tests, the ones that run the changed line). One process, with the lowest claim on the processor. What survives is
 * told with its line; docs/mutants.md says why it may. Fails when a folder stays under nine in ten.
 */
export async function mutants(args: readonly string[]): Promise<number> {
  setPriority(constants.priority.PRIORITY_LOW);
  const asked = args.length === 0 ? parts : args;
  const inAll: (readonly [string, readonly Mutant[]])[] = [];
  for (const part of parts) {
    const files = (await sourcesOf(part)).filter((file) => asked.some((each) => file.startsWith(each)));
    if (files.length === 0) continue;
    const found = await tryMutants(part, files);
    for (const [file, all] of found) {
      tell(file, all);
      for (const each of all.filter((mutant) => !isNoticed(mutant)))
        console.log(`    line ${each.location.start.line}, ${each.mutatorName}: ${each.replacement ?? ""}`);
    }
    inAll.push([part, found.flatMap(([, all]) => all)]);
  }
  for (const [part, all] of inAll) tell(`all of ${part}`, all);
  return inAll.some(([, all]) => shareOf(all) < wanted) ? 1 : 0;
}

const shareOf = (all: readonly Mutant[]): number =>
  all.length === 0 ? 100 : (100 * all.filter(isNoticed).length) / all.length;

const tell = (what: string, all: readonly Mutant[]): void =>
  console.log(
    `${what}: ${all.filter(isNoticed).length} of ${all.length} noticed (${shareOf(all).toFixed(1)} %)`,
  );

async function sourcesOf(part: string): Promise<string[]> {
  const names = await readdir(join(root, part));
  return names
    .filter((name) => name.endsWith(".ts") && !/[.](test|d)[.]ts$/.test(name))
    .map((name) => `${part}/${name}`)
    .sort();
}

/** The mutants of each file that count: not those that do not even start. */
async function tryMutants(part: string, files: readonly string[]): Promise<[string, Mutant[]][]> {
  const folder = join(root, ".colloque", "mutants");
  mkdirSync(folder, { recursive: true });
  const report = join(folder, `${part.replaceAll("/", "-")}.json`);
  const config = join(folder, "config.json");
  rmSync(report, { force: true });
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner"],
      mutate: files,
      concurrency: 1,
      coverageAnalysis: "perTest",
      tempDirName: join(folder, "work"),
      reporters: ["json"],
      jsonReporter: { fileName: report },
      ignorePatterns: ["dist", "shots", "test-results", ".colloque", "public", "docs", "e2e", "bench"],
      vitest: { configFile: "stack/mutants/vitest.config.ts", related: false },
    }),
  );
  const env = { COLLOQUE_MUTANTS_TESTS: `${part}/**/*.test.ts` };
  const ran = await run(process.execPath, [packageProgram("stryker"), "run", config], { cwd: root, env });
  if (ran.code !== 0) throw new StackFailure(`Stryker failed on ${part}:\n${ran.output.trim()}`);
  const { files: found } = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
  return Object.entries(found).map(([file, { mutants: all }]) => [file, all.filter(isCounted)]);
}
