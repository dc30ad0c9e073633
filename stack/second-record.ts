import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, fillOnce, isComplete } from "./cache.ts";
import { must } from "./exec.ts";
import { type Installer, validatorInstaller, validators } from "./install.ts";
import type { Launch } from "./processes.ts";

/**
 * Helios, a FHIR server written in Rust: nothing of it is HAPI's, so that what filing says of FHIR is not what one server happens to take.
 * For the tests only, and slow to build (some twenty minutes): it is never part of `npm start` or `npm test`.
 */
const version = "0.2.7";
const folder = () => cached("helios", version);

export const secondRecordInstaller: Installer = {
  isInstalled: () => validatorInstaller.isInstalled() && isComplete(folder()),
  toolsToInstall: ["rust", ...validatorInstaller.toolsToInstall],
  toolsToRun: [],
  install: async (log, signal) => {
    await validatorInstaller.install(log, signal);
    await fillOnce(
      folder(),
      async () => {
        const crate = ["install", "helios-hfs", "--version", version, "--locked"];
        const parts = ["--no-default-features", "--features", "R4,sqlite", "--root", folder()];
        // Built for a few cases, not for speed: that halves the time.
        const env = {
          CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
          CARGO_PROFILE_RELEASE_LTO: "off",
          CARGO_PROFILE_RELEASE_STRIP: "symbols",
          CARGO_TARGET_DIR: join(folder(), "build"),
        };
        await must("Helios could not be built", "cargo", [...crate, ...parts], { log, signal, env });
        rmSync(join(folder(), "build"), { recursive: true, force: true });
        await extractSearchParameters(log, signal);
      },
      signal,
    );
  },
};

/** FHIR's own definitions of search parameters, which the crate does not bring: HL7's file, as it lies in one of the validator's jars. */
async function extractSearchParameters(log: string, signal: AbortSignal): Promise<void> {
  const { library } = validators();
  const jar = readdirSync(library).find((name) => name.startsWith("hapi-fhir-validation-resources-r4-"));
  const inside = "org/hl7/fhir/r4/model/sp/search-parameters.json";
  const data = join(folder(), "data");
  mkdirSync(data);
  await must(
    "FHIR's search parameters could not be unpacked",
    "jar",
    ["--extract", "--file", join(library, jar ?? ""), inside],
    { log, signal, cwd: data },
  );
  renameSync(join(data, inside), join(data, "search-parameters-r4.json"));
  rmSync(join(data, "org"), { recursive: true });
}

/** `bare`: without those definitions it knows hardly any search parameter, ignores the others, and answers with everybody. */
export const secondRecord = (port: number, kind: "whole" | "bare"): Launch => ({
  command: join(folder(), "bin", "hfs"),
  args: [
    ...["--port", String(port), "--database-url", ":memory:", "--log-level", "warn"],
    ...["--data-dir", join(folder(), kind === "whole" ? "data" : "none")],
  ],
  // Unoptimised code needs more stack than a thread has by default.
  env: { HFS_BASE_URL: `http://127.0.0.1:${port}`, RUST_MIN_STACK: "16777216" },
});
