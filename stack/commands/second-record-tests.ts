import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, StackFailure } from "../failure.ts";
import { answers } from "../parts/part.ts";
import { root } from "../paths.ts";
import { portBaseOf } from "../ports.ts";
import { createNursery, type Nursery } from "../processes.ts";
import { secondRecord, secondRecordInstaller } from "../second-record.ts";
import { stopSignal } from "../stop-signal.ts";
import { checkTools } from "../toolchain.ts";
import { runVitest, type Tally } from "./check.ts";

const folder = join(root, ".colloque", "second-record");
const startMs = 120_000;

/** The tests that file into a FHIR server which shares no code with the stack's own (`*.second.test.ts`). */
export async function runSecondRecordTests(args: readonly string[] = []): Promise<Tally> {
  const { signal, dispose } = stopSignal();
  try {
    mkdirSync(folder, { recursive: true });
    if (!(await isReady(signal))) return { passed: 0, failed: 0, skipped: 1 };
    await using nursery = createNursery();
    const base = portBaseOf("second-record");
    const [whole, bare] = await Promise.all([
      start(nursery, base, "whole"),
      start(nursery, base + 1, "bare"),
    ]);
    const env = { COLLOQUE_TEST_SECOND_RECORD: JSON.stringify({ whole, bare }) };
    return await runVitest([".second.test.ts", ...args], { env, signal });
  } finally {
    dispose();
  }
}

/** Builds it the first time; a machine without Rust says so and goes on. */
async function isReady(signal: AbortSignal): Promise<boolean> {
  if (secondRecordInstaller.isInstalled()) return true;
  try {
    await checkTools(secondRecordInstaller.toolsToInstall);
  } catch (error) {
    console.log(`The second record is NOT tested: ${messageOf(error)}`);
    return false;
  }
  console.log("Building Helios, a second FHIR server (once, about twenty minutes)…");
  await secondRecordInstaller.install(join(folder, "install.log"), signal);
  return true;
}

async function start(nursery: Nursery, port: number, kind: "whole" | "bare"): Promise<string> {
  const running = await nursery.start(secondRecord(port, kind), join(folder, `${kind}.log`));
  const url = `http://127.0.0.1:${port}`;
  const ended = running.exited.then(() => true);
  for (const endMs = Date.now() + startMs; Date.now() < endMs; ) {
    if (await answers(`${url}/Patient?_count=1`)) return url;
    if (await Promise.race([ended, delay(200, false)])) break;
  }
  throw new StackFailure(`Helios (${kind}) did not start: see ${join(folder, `${kind}.log`)}.`);
}
