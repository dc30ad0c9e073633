import { defineConfig } from "vitest/config";
import { keptWorker } from "./kept-worker.ts";

/** The tests that are asked about mutants: those of the part under test, named by the command (see stack/commands/mutants.ts). */
export default defineConfig({
  plugins: [keptWorker()],
  test: {
    include: (process.env.COLLOQUE_MUTANTS_TESTS ?? "src/protocol/*.test.ts").split(","),
    globalSetup: "stack/temp-folder.ts",
    setupFiles: "stack/mutants/only-this-mutant.ts",
  },
});
