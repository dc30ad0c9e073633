import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTicksOf } from "./processes.ts";
import { claim, isUp, type Run, readRun, removeRun, settledRun, writeRun } from "./run-file.ts";

let folder = "";
let file = "";
let owner: ChildProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "colloque-run-"));
  file = join(folder, "run.json");
  owner = spawn(process.execPath, ["-e", "setTimeout(() => undefined, 60_000)"]);
  await once(owner, "spawn");
});
afterEach(() => {
  owner.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** What a stack of the owner says of itself. */
const runIn = (state: Run["state"]): Run => ({
  profile: "any",
  state,
  owner: { pid: owner.pid ?? 0, ticks: startTicksOf(owner.pid ?? 0) ?? "" },
  parts: {},
  publicUrl: "http://localhost:1",
  serverName: "valombre.example",
  fhirUrl: "",
  dicomwebUrl: null,
  livekitUrl: "",
  synapseSocket: "",
  controlSocket: "",
  dataDir: "",
  logsDir: "",
  adminToken: null,
});

/** What a promise has come to by now, or "waits". */
const soFar = (promise: Promise<unknown>) => Promise.race([promise, delay(600, "waits")]);

test("a stack that is up is used", async () => {
  writeRun(file, runIn("up"));
  expect(isUp(readRun(file))).toBe(true);
  expect(await settledRun(file)).toMatchObject({ state: "up", owner: { pid: owner.pid } });
});

test("a stack whose program was killed is none, whatever it had written", async () => {
  writeRun(file, runIn("up"));
  owner.kill("SIGKILL");
  await once(owner, "exit");
  expect(isUp(readRun(file))).toBe(false);
  expect(await settledRun(file)).toBeUndefined();
});

test("a stack that is stopping is not taken for a running one: it is waited for, then there is none", async () => {
  writeRun(file, runIn("stopping"));
  expect(isUp(readRun(file))).toBe(false);
  const settled = settledRun(file);
  expect(await soFar(settled)).toBe("waits");
  removeRun(file);
  expect(await settled).toBeUndefined();
});

test("a stack that is starting is used once it is up", async () => {
  writeRun(file, runIn("starting"));
  const settled = settledRun(file);
  expect(await soFar(settled)).toBe("waits");
  writeRun(file, runIn("up"));
  expect(await settled).toMatchObject({ state: "up" });
});

test("a second start waits for a stack that is stopping, and is refused beside one that runs", async () => {
  writeRun(file, runIn("stopping"));
  const claimed = claim(file);
  expect(await soFar(claimed)).toBe("waits");
  removeRun(file);
  await claimed;

  writeRun(file, runIn("up"));
  await expect(claim(file)).rejects.toThrow(`process ${owner.pid}`);
  writeRun(file, runIn("starting"));
  await expect(claim(file)).rejects.toThrow("runs already");
});
