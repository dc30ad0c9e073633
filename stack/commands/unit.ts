import { exitCode, runUnitTests } from "./check.ts";
import { runHomeserverTests } from "./homeserver-tests.ts";

/** `npm run unit [-- vitest options]`; with `--homeserver`, the tests that need one, over a Synapse that it starts. */
export async function unit(given: readonly string[]): Promise<number> {
  const args = given.filter((arg) => arg !== "--homeserver");
  return exitCode(await (args.length === given.length ? runUnitTests(args) : runHomeserverTests(args)));
}
