import { messageOf, StackFailure } from "./failure.ts";

type Command = (args: readonly string[]) => Promise<number>;

/** Each command is imported only when asked for: `check` needs nothing of the stack. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).start,
  check: async () => (await import("./commands/check.ts")).check,
  unit: async () => (await import("./commands/unit.ts")).unit,
  format: async () => (await import("./commands/check.ts")).format,
  build: async () => (await import("./commands/check.ts")).build,
  "verify-build": async () => (await import("./commands/verify-build.ts")).verifyBuild,
  e2e: async () => (await import("./commands/e2e.ts")).e2e,
  shots: async () => (await import("./commands/e2e.ts")).shots,
  bench: async () => (await import("./commands/bench.ts")).bench,
  chaos: async () => (await import("./commands/chaos.ts")).chaos,
  validate: async () => (await import("./commands/validate.ts")).validate,
  mutants: async () => (await import("./commands/mutants.ts")).mutants,
  test: async () => (await import("./commands/test.ts")).test,
};

/** Runs one command of package.json's scripts; called by boot.mjs. */
export async function main([name = "", ...args]: readonly string[]): Promise<void> {
  const load = commands[name];
  try {
    if (load === undefined)
      throw new StackFailure(`There is no command "${name}": ${Object.keys(commands).join(", ")}.`);
    process.exitCode = await (await load())(args);
  } catch (error) {
    if (!(error instanceof StackFailure)) console.error(error);
    else console.error(messageOf(error));
    process.exitCode = 1;
  }
  // A boot of an older Node listens on a channel, which would keep this process.
  if (process.connected) process.disconnect();
}
