import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { budgetRates, createBudgets, largeEvent } from "./budgets.ts";

const martin = "@martin:valombre.example";
const faure = "@faure:valombre.example";

function setUp() {
  const now = { ms: 0 };
  return { now, budgets: createBudgets(() => now.ms) };
}

/** How many times in a row it is let through. */
function timesOf(act: () => void, most = 100_000): number {
  for (let times = 0; times < most; times += 1) {
    try {
      act();
    } catch (error) {
      if (error instanceof ColloqueError && error.code === "too-many") return times;
      throw error;
    }
  }
  return most;
}

test("the budgets are these, in bytes and events", () => {
  const [KiB, MiB] = [1024, 1048576];
  expect(budgetRates).toEqual({
    largeEvents: { burst: 40, perSecond: 0.05 },
    eventBytes: { burst: MiB, perSecond: 2 * KiB },
    toDeviceBytes: { burst: 8 * MiB, perSecond: 16 * KiB },
    backupBytes: { burst: 32 * MiB, perSecond: 16 * KiB },
    kept: { burst: 120, perSecond: 0.1 },
  });
  expect(largeEvent).toBe(12_288);
});

describe("what one account may send", () => {
  test("is a day's work of messages, and a limited number of large ones", () => {
    const { budgets } = setUp();
    expect(timesOf(() => budgets.event(martin, 1500), 500)).toBe(500);
    expect(timesOf(() => budgets.event(faure, largeEvent + 1))).toBe(budgetRates.largeEvents.burst);
    // Long, and not yet large: only its bytes count.
    expect(() => budgets.event(faure, largeEvent)).not.toThrow();
  });

  test("is counted for the account, and for no other", () => {
    const { budgets } = setUp();
    timesOf(() => budgets.event(martin, 60_000));
    expect(() => budgets.event(martin, 60_000)).toThrow();
    expect(() => budgets.event(faure, 60_000)).not.toThrow();
  });

  test("comes back with time", () => {
    const { budgets, now } = setUp();
    timesOf(() => budgets.event(martin, 60_000));
    now.ms += 60_000;
    expect(timesOf(() => budgets.event(martin, 60_000))).toBeGreaterThan(0);
  });

  test("is two megabytes of a smuggled picture in no less than ten minutes", () => {
    const { budgets, now } = setUp();
    let sent = 0;
    while (sent < 2 * 1024 * 1024) {
      try {
        budgets.event(martin, largeEvent);
        sent += largeEvent;
      } catch {
        now.ms += 1000;
      }
    }
    expect(now.ms).toBeGreaterThanOrEqual(500_000);
  });

  test("is the keys of a new session for three hundred devices, and not a film", () => {
    const { budgets } = setUp();
    expect(() => budgets.toDevice(martin, 300 * 2048)).not.toThrow();
    expect(timesOf(() => budgets.toDevice(martin, 512 * 1024))).toBeLessThan(20);
  });

  test("is a backup of ten thousand keys at once, and not a store of pictures", () => {
    const { budgets } = setUp();
    expect(timesOf(() => budgets.backup(martin, 100 * 1500), 100)).toBe(100);
    expect(timesOf(() => budgets.backup(martin, 1024 * 1024))).toBeLessThan(32);
  });

  test("is the account data of its keys", () => {
    const { budgets } = setUp();
    expect(timesOf(() => budgets.kept(martin))).toBe(budgetRates.kept.burst);
  });
});
