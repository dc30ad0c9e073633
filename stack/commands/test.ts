import { messageOf } from "../failure.ts";
import { runChaos } from "./chaos.ts";
import { addTallies, runChecks, runUnitTests, type Tally } from "./check.ts";
import { runApart, runPlaywright } from "./e2e.ts";
import { runHomeserverTests } from "./homeserver-tests.ts";
import { runSecondRecordTests } from "./second-record-tests.ts";
import { runValidation } from "./validate.ts";

/** `npm test`: checks, unit tests, then one end-to-end path per tag; `--full` runs every test that there is. */
export async function test(args: readonly string[]): Promise<number> {
  const isFull = args.includes("--full");
  const tallies: Tally[] = [];
  tallies.push(await step("Checks", runChecks));
  // The model test plays longer histories, and is shown every seeded fault.
  const env = isFull ? { COLLOQUE_MODEL_RUNS: "400" } : {};
  tallies.push(await step("Unit and property tests", () => runUnitTests([], env)));
  if (isFull) tallies.push(await step("The archivist on a homeserver of its own", runHomeserverTests));
  if (isFull) tallies.push(await step("A record that shares no code with ours", runSecondRecordTests));
  if (isFull) tallies.push(await step("What is filed, before validators that are not ours", runValidation));
  if (isFull)
    tallies.push(await step("Filing, killed a thousand times before the real record", () => runChaos()));
  tallies.push(
    await step(isFull ? "End-to-end tests" : "End-to-end tests, one path per tag", () =>
      runPlaywright(isFull ? [] : ["--grep", "@smoke"]),
    ),
  );
  if (isFull)
    tallies.push(
      await step("The main path, with the archivist as a process of its own", () =>
        runApart(["--grep", "@main"]),
      ),
    );
  const total = addTallies(...tallies);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

async function step(name: string, run: () => Promise<Tally>): Promise<Tally> {
  console.log(`\n── ${name}`);
  const beganMs = Date.now();
  const tally = await run().catch((error: unknown): Tally => {
    console.log(messageOf(error));
    return { passed: 0, failed: 1 };
  });
  const time = `${Math.round((Date.now() - beganMs) / 1000)} s`;
  const skipped = (tally.skipped ?? 0) === 0 ? "" : `, ${tally.skipped} SKIPPED (why is said above)`;
  console.log(`── ${name}: ${tally.passed} passed, ${tally.failed} failed${skipped}, ${time}`);
  return tally;
}
