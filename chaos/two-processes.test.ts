import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type People, people, startMs } from "../server/filing/testing/a-case.ts";
import { until } from "../server/filing/testing/a-filing.ts";
import type { WorkItem } from "../server/filing/work.ts";
import { newCase } from "./cases.ts";
import { type Hospital, startHospital } from "./hospital.ts";
import { type ChaosCase, isSettled, wordsOf } from "./judge.ts";
import { beginLife, type Life } from "./lives.ts";
import { type Passing, startProxy } from "./proxy.ts";
import { startSmallRecord } from "./target.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** Two processes on one database, each with a way of its own to the record, so that it is seen which of them does what. */
let stack: AsyncDisposableStack;
let target: Awaited<ReturnType<typeof startSmallRecord>>;
let hospital: Hospital;
let all: People;
let folder = "";
let items: WorkItem[];
let writes: { device: number; patient: string; beganMs: number; endedMs: number | undefined }[];
let onWrite: (device: number, life: Life) => void;
let lives: Life[];
const offsetMs = startMs + 86400_000 - Date.now();

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = mkdtempSync(join(tmpdir(), "two-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  target = stack.use(await startSmallRecord());
  all = await people();
  items = [];
  writes = [];
  lives = [];
  onWrite = () => undefined;
  hospital = stack.use(await startHospital(items));
});
afterEach(() => stack.disposeAsync());

async function begin(patienceMs?: number): Promise<void> {
  const sealKey = randomBytes(32).toString("base64");
  for (const device of [0, 1]) {
    const open = new Map<Buffer, (typeof writes)[number]>();
    const proxy = stack.use(
      await startProxy({
        ...target,
        onRequest: ({ method, body }: Passing) => {
          const patient = /Patient\/(chaos-[0-9a-f]+)/.exec(body.toString("latin1"))?.[1];
          const life = lives[device];
          if (method !== "POST" || patient === undefined || life === undefined) return;
          const write = { device, patient, beganMs: Date.now(), endedMs: undefined };
          writes.push(write);
          open.set(body, write);
          onWrite(device, life);
        },
        onAnswer: ({ body }) => {
          const write = open.get(body);
          if (write !== undefined) write.endedMs = Date.now();
        },
      }),
    );
    const life = beginLife("filing", {
      consumer: `device-${device}`,
      folder,
      sealKey,
      registryKey: all.registry.publicJwk,
      fhirUrl: proxy.fhirUrl,
      dicomwebUrl: proxy.dicomwebUrl,
      organizationId: target.organizationId,
      hospitalUrl: hospital.url,
      offsetMs,
      timeoutMs: 20_000,
      ...(patienceMs === undefined ? {} : { patienceMs }),
      traps: [],
    });
    lives.push(life);
    stack.defer(life.stop);
  }
}

async function newCases(count: number): Promise<ChaosCase[]> {
  const cases: ChaosCase[] = [];
  for (let at = 0; at < count; at += 1) cases.push(await newCase(all, target));
  items.push(...cases.flatMap((one) => one.items));
  return cases;
}
const settled = (cases: readonly ChaosCase[]) => () => cases.every((one) => isSettled(one, hospital.told()));

/** Each event once, and nobody in a step of a case while the other was: `paused` is the write in which a process stood still. */
function expectOneAtATime(cases: readonly ChaosCase[], paused?: (typeof writes)[number]): void {
  for (const one of cases) {
    const { filed, parked } = wordsOf(hospital.told(), one.roomId);
    expect([...parked]).toEqual([]);
    expect(one.items.map(({ eventId }) => filed.get(eventId)?.length)).toEqual(one.items.map(() => 1));
    const its = writes.filter((write) => write.patient === one.patient.recordId && write !== paused);
    for (const first of its)
      for (const second of its)
        if (first.device !== second.device && first.beganMs <= second.beganMs)
          expect(first.endedMs ?? 0).toBeLessThanOrEqual(second.beganMs);
  }
}

describe("two processes on one database", () => {
  test("[F42] share the cases, each case in one's hands at a time, each event filed and told once", async () => {
    const cases = await newCases(6);
    await begin();
    await until(settled(cases), 60_000);
    await delay(300);
    expectOneAtATime(cases);
  });

  test("[F42] the one that files is killed in the middle of a step: the other goes on within 30 seconds", async () => {
    let killed: { device: number; atMs: number } | undefined;
    onWrite = (device, life) => {
      // The third write: in the middle of its work.
      if (killed !== undefined || writes.filter((each) => each.device === device).length < 3) return;
      killed = { device, atMs: Date.now() };
      process.kill(life.pid, "SIGKILL");
    };
    const cases = await newCases(3);
    await begin();
    await until(settled(cases), 90_000);
    expectOneAtATime(cases, writes[2]);
    const filedAt = hospital
      .told()
      .map(({ filed: { outcome } }) => (outcome.state === "filed" ? Date.parse(outcome.at) - offsetMs : 0));
    expect(Math.max(...filedAt) - (killed?.atMs ?? 0)).toBeLessThan(30_000);
    expect(writes.at(-1)?.device).not.toBe(killed?.device);
  });

  test("[F42] the one that files is paused in a step and goes on too late: it writes no mark and no receipt, then works again", async () => {
    let paused: { device: number; life: Life; write: (typeof writes)[number] | undefined } | undefined;
    onWrite = (device, life) => {
      if (paused !== undefined || writes.filter((each) => each.device === device).length < 3) return;
      paused = { device, life, write: writes.at(-1) };
      process.kill(life.pid, "SIGSTOP");
    };
    const cases = await newCases(2);
    await begin(2000);
    await until(settled(cases), 90_000);
    if (paused === undefined) throw new Error("It was paused");
    const { device, life, write } = paused;
    const [told, versions] = [hospital.told().length, await target.versions()];
    const before = writes.length;
    process.kill(life.pid, "SIGCONT");
    await delay(3000);
    expect(hospital.told()).toHaveLength(told);
    expect(await target.versions()).toEqual(versions);
    expect(writes).toHaveLength(before);
    expectOneAtATime(cases, write);

    await lives[1 - device]?.stop();
    const more = await newCases(1);
    await until(settled(more), 60_000);
    expectOneAtATime(more);
    expect(writes.at(-1)?.device).toBe(device);
  });
});
