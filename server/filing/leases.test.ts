import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Database, openDatabase } from "../store/index.ts";
import { backoffMs, dueInMs } from "./backoff.ts";
import { createLeases, fence, LostLease } from "./leases.ts";
import { until } from "./testing/a-filing.ts";

vi.setConfig({ testTimeout: 30_000 });

const patienceMs = 300;
let folder = "";
let stack: AsyncDisposableStack;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leases-"));
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  rmSync(folder, { recursive: true, force: true });
});

const connect = (): Database => stack.use(openDatabase(join(folder, "a.sqlite")));
const joinIn = async (db = connect()) => stack.use(await createLeases({ db, patienceMs }));
/** A process whose writes go nowhere: it hangs, as the others see it. */
function hanging() {
  const db = connect();
  let hangs = false;
  const run: Database["run"] = (...given) => (hangs ? Promise.reject(new Error("hangs")) : db.run(...given));
  const setHangs = (now: boolean): void => {
    hangs = now;
  };
  return { db: { ...db, run }, setHangs };
}
const fenced = (db: Database, lease: number) => db.transaction((tx) => fence(tx, lease));
const patiently = async (look: () => Promise<unknown>) => {
  const end = Date.now() + patienceMs * 3;
  while (Date.now() < end) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, patienceMs / 6));
  }
};

describe("a lease", () => {
  test("[F42] is one process's until it is given back", async () => {
    const [one, other] = [await joinIn(), await joinIn()];
    const lease = await one.take("file a");
    expect(lease).toBeDefined();
    expect(await other.take("file a")).toBeUndefined();
    expect(await one.take("file a")).toBeUndefined();
    expect(await other.take("file b")).toBeDefined();
    if (lease !== undefined) await one.release(lease);
    expect(await other.take("file a")).toBeGreaterThan(lease ?? 0);
  });

  test("[F42] stays with a process that lives, however long it works", async () => {
    const [one, other] = [await joinIn(), await joinIn()];
    await one.take("file a");
    await patiently(other.free);
    expect(one.isCurrent()).toBe(true);
    expect(await other.take("file a")).toBeUndefined();
  });

  test("[F42] of a process that hangs is taken over; when it goes on it sends nothing, writes nothing, and begins anew", async () => {
    const paused = hanging();
    const [one, db] = [await joinIn(paused.db), connect()];
    const other = await joinIn(db);
    const lost = (await one.take("file a")) ?? 0;
    await fenced(db, lost);
    paused.setHangs(true);
    let lease: number | undefined;
    await until(async () => {
      await other.free();
      lease = await other.take("file a");
      return lease !== undefined;
    });
    expect(lease).toBeGreaterThan(lost);
    expect(one.isCurrent()).toBe(false);
    paused.setHangs(false);
    await expect(fenced(paused.db, lost)).rejects.toThrow(LostLease);
    await expect(one.lookOrRelease(lost, async () => "work")).rejects.toThrow(LostLease);
    expect(await one.take("file b")).toBeUndefined();
    await one.release(lost);
    await fenced(db, lease ?? 0);
    await until(async () => (await one.take("file b")) !== undefined);
    expect(one.isCurrent()).toBe(true);
  });

  test("[F42] is given back in the same breath as the look that found nothing, and kept by one that found work", async () => {
    const [one, other] = [await joinIn(), await joinIn()];
    const lease = (await one.take("file a")) ?? 0;
    expect(await one.lookOrRelease(lease, async () => "work")).toBe("work");
    expect(await other.take("file a")).toBeUndefined();
    expect(await one.lookOrRelease(lease, async () => undefined)).toBeUndefined();
    expect(await other.take("file a")).toBeDefined();
  });

  test("[F42] that could not be given back, for a full disk, is given back when there is room", async () => {
    const full = hanging();
    const [one, other] = [await joinIn(full.db), await joinIn()];
    const lease = (await one.take("file a")) ?? 0;
    full.setHangs(true);
    await one.release(lease);
    expect(await other.take("file a")).toBeUndefined();
    full.setHangs(false);
    await until(async () => (await other.take("file a")) !== undefined);
  });
});

describe("waiting", () => {
  test("doubles up to half a minute, half of it by chance", () => {
    expect([0, 1, 2, 9].map((attempts) => backoffMs(attempts, 1))).toEqual([1000, 2000, 4000, 30_000]);
    expect([0, 9].map((attempts) => backoffMs(attempts, 0))).toEqual([500, 15_000]);
  });

  test("ends at its time, and at once when the clock was set back meanwhile", () => {
    const now = Date.now();
    expect(dueInMs(now + 20_000, now)).toBe(20_000);
    expect(dueInMs(now - 1, now)).toBe(0);
    expect(dueInMs(now + 20_000, now - 3600_000)).toBe(0);
    expect(dueInMs(now + 20_000, now + 3600_000)).toBe(0);
  });
});
