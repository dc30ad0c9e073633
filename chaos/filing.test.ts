import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { playCampaign, tally } from "./campaign.ts";
import { startSmallRecord } from "./target.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

/** The same each time, so that a failure is the change's; `npm run chaos -- filing` tries others. */
const seed = Number(process.env.COLLOQUE_CHAOS_SEED ?? 2026);
let target: Awaited<ReturnType<typeof startSmallRecord>>;
beforeAll(async () => {
  target = await startSmallRecord();
});
afterAll(() => target[Symbol.asyncDispose]());

describe("filing under chaos", () => {
  test("[F13] killed 60 times at its points, over faults of record, archive and disk: each event filed once or parked with a reason, byte for byte", async () => {
    const { runs, kills, wrong } = await playCampaign({ seed, kills: 60, version: "filing", target });
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(60);
    // It was no walk in the park: most points, most faults, a disk that failed, and somebody else's patient.
    expect(tally(runs.flatMap((run) => run.kills)).length).toBeGreaterThan(18);
    const faults = tally(runs.flatMap((run) => run.faults)).map(([name]) => name);
    expect(faults.length).toBeGreaterThan(12);
    expect(faults).toContain("wrong subject stored");
    expect(runs.some((run) => run.parked > 0)).toBe(true);
    expect(runs.some((run) => run.processes === 2)).toBe(true);
  });

  test("the naive version, under the same, is caught losing and doubling", async () => {
    const { wrong } = await playCampaign({ seed, kills: 8, version: "naive", target });
    expect(wrong.some((each) => each.includes("lost: "))).toBe(true);
    expect(wrong.some((each) => each.includes("double: "))).toBe(true);
  });
});
