import { exitCode, runUnitTests } from "./check.ts";
import { runHomeserverTests } from "./homeserver-tests.ts";
import { runSecondRecordTests } from "./second-record-tests.ts";

/**
 * `npm run unit [-- vitest options]`; with `--homeserver`, the tests that need one, over a Synapse that it starts; with `--second-record`,
 * those that file into a FHIR server that is not HAPI.
 */
export async function unit(given: readonly string[]): Promise<number> {
  const args = given.filter((arg) => arg !== "--homeserver" && arg !== "--second-record");
  if (given.includes("--homeserver")) return exitCode(await runHomeserverTests(args));
  return exitCode(
    await (given.includes("--second-record") ? runSecondRecordTests(args) : runUnitTests(args)),
  );
}
