import { messageOf } from "../failure.ts";
import { addTallies, runChecks, runUnitTests, type Tally } from "./check.ts";
import { runPlaywright } from "./e2e.ts";

/** `npm test`: checks, unit tests, then one end-to-end path per tag; `--full` runs every end-to-end test. */
export async function test(args: readonly string[]): Promise<number> {
  const isFull = args.includes("--full");
  const tallies: Tally[] = [];
  tallies.push(await step("Checks", runChecks));
  tallies.push(await step("Unit and property tests", () => runUnitTests()));
  tallies.push(
    await step(isFull ? "End-to-end tests" : "End-to-end tests, one path per tag", () =>
      runPlaywright(isFull ? [] : ["--grep", "@smoke"]),
    ),
  );
  const total = addTallies(...tallies);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

async function step(name: string, run: () => Promise<Tally>): Promise<Tally> {
  console.log(`\n── ${name}`);
  const beganMs = Date.now();
  const tally = await run().catch((error: unknown) => {
    console.log(messageOf(error));
    return { passed: 0, failed: 1 };
  });
  const time = `${Math.round((Date.now() - beganMs) / 1000)} s`;
  console.log(`── ${name}: ${tally.passed} passed, ${tally.failed} failed, ${time}`);
  return tally;
}
