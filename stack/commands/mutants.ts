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
 * (Stryker). One file after the other, one process, with the lowest claim on the processor. What survives is told with its line;
 * docs/mutants.md says why it may.
 */
export async function mutants(args: readonly string[]): Promise<number> {
  setPriority(constants.priority.PRIORITY_LOW);
  const asked = args.length === 0 ? parts : args;
  let missed = false;
  for (const part of parts) {
    const files = (await sourcesOf(part)).filter((file) => asked.some((each) => file.startsWith(each)));
    const all: Mutant[] = [];
    for (const file of files) {
      const found = (await tryMutants(part, file)).filter(isCounted);
      all.push(...found);
      tell(file, found);
      for (const each of found.filter((mutant) => !isNoticed(mutant)))
        console.log(`    line ${each.location.start.line}, ${each.mutatorName}: ${each.replacement ?? ""}`);
    }
    if (all.length === 0) continue;
    tell(`all of ${part}`, all);
    if (shareOf(all) < wanted) missed = true;
  }
  return missed ? 1 : 0;
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

async function tryMutants(part: string, file: string): Promise<Mutant[]> {
  const folder = join(root, ".colloque", "mutants");
  mkdirSync(folder, { recursive: true });
  const report = join(folder, `${file.replaceAll("/", "-")}.json`);
  const config = join(folder, "config.json");
  rmSync(report, { force: true });
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner"],
      mutate: [file],
      concurrency: 1,
      tempDirName: join(folder, "work"),
      reporters: ["json"],
      jsonReporter: { fileName: report },
      ignorePatterns: ["dist", "shots", "test-results", ".colloque", "public", "docs", "e2e", "bench"],
      vitest: { configFile: "stack/mutants/vitest.config.ts", related: false },
    }),
  );
  const env = { COLLOQUE_MUTANTS_TESTS: `${part}/**/*.test.ts` };
  const ran = await run(process.execPath, [packageProgram("stryker"), "run", config], { cwd: root, env });
  if (ran.code !== 0) throw new StackFailure(`Stryker failed on ${file}:\n${ran.output.trim()}`);
  return Object.values(reportSchema.parse(JSON.parse(readFileSync(report, "utf8"))).files).flatMap(
    (each) => each.mutants,
  );
}
