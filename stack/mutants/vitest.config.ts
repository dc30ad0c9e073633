import { defineConfig } from "vitest/config";

/** The tests that are asked about mutants: those of the part under test, named by the command (see stack/commands/mutants.ts). */
export default defineConfig({
  test: {
    include: (process.env.COLLOQUE_MUTANTS_TESTS ?? "src/protocol/*.test.ts").split(","),
    // One process for all files of a round: half the time goes into loading the same modules otherwise.
    isolate: false,
    globalSetup: "stack/temp-folder.ts",
  },
});
