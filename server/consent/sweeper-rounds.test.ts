import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { SynapseError } from "../kit/synapse-client.ts";
import { openLog } from "../kit/testing/a-log.ts";
import type { HeldMedia } from "./media-list.ts";
import { type Known, startSweeper } from "./sweeper.ts";

const leroy = "@leroy:valombre.example";
const hash = "a".repeat(64);
const [minute, hour] = [60_000, 3600_000];

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A sweeper whose time passes with the test's, over a homeserver that can be in trouble. */
function setUp(change: { media?: HeldMedia[]; known?: Known } = {}) {
  const now = { ms: 10 * hour };
  const trouble: { list?: Error; media?: Error; slow?: Promise<void> } = {};
  const since: number[] = [];
  const asked: string[] = [];
  const removed: string[] = [];
  const audited: object[] = [];
  const marks: Record<string, string> = { [leroy]: "1" };
  const people = { marks };
  const { log, lines } = openLog();
  const sweeper = startSweeper({
    held: {
      uploaders: async (sinceMs) => {
        since.push(sinceMs);
        await trouble.slow;
        if (trouble.list !== undefined) throw trouble.list;
        return Object.entries(people.marks).map(([userId, mark]) => ({ userId, mark }));
      },
      mediaOf: async (userId) => {
        asked.push(userId);
        if (trouble.media !== undefined) throw trouble.media;
        return change.media ?? [];
      },
    },
    known: async () => change.known ?? { state: "unknown" },
    isLeaving: async () => false,
    remove: async (mxc) => void removed.push(mxc),
    audit: async (found) => void audited.push(found),
    clock: () => now.ms,
    log,
  });
  /** The next round, that many milliseconds later. */
  const pass = async (ms: number) => {
    now.ms += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };
  return { sweeper, now, trouble, since, asked, removed, audited, people, lines, pass };
}

describe("the sweeper's rounds", () => {
  test("begin at once with all that is held, then come every two seconds over the last hour, and in an hour over all again", async () => {
    const { pass, since, now, sweeper } = setUp();
    await pass(0);
    expect(since).toEqual([0]);
    await pass(1_999);
    expect(since).toHaveLength(1);
    await pass(1);
    expect(since).toEqual([0, now.ms - 65 * minute]);
    now.ms = 11 * hour - 2_001;
    await pass(2_000);
    expect(since.at(-1)).toBe(now.ms - 65 * minute);
    now.ms = 11 * hour - 2_000;
    await pass(2_000);
    expect(since.at(-1)).toBe(0);
    await sweeper[Symbol.asyncDispose]();
  });

  test("look at whom something changed for, and at everybody after a look at the whole", async () => {
    const { pass, asked, people, now, sweeper } = setUp();
    await pass(0);
    await pass(2_000);
    await pass(2_000);
    expect(asked).toHaveLength(2);
    people.marks = {};
    await pass(2_000);
    people.marks = { [leroy]: "1" };
    await pass(2_000);
    expect(asked).toHaveLength(3);
    now.ms += hour;
    await pass(2_000);
    expect(asked).toHaveLength(4);
    await pass(2_000);
    expect(asked).toHaveLength(5);
    await sweeper[Symbol.asyncDispose]();
  });

  test("go on when one failed, and say so once until one succeeds", async () => {
    const { pass, trouble, lines, since, sweeper } = setUp();
    await pass(0);
    const warned = [
      "warn",
      "the media could not be looked through, will try again",
      { code: "homeserver-unreachable" },
    ];
    for (const times of [1, 2]) {
      trouble.list = new ColloqueError("homeserver-unreachable");
      await pass(2_000);
      expect(lines).toEqual(Array.from({ length: times }, () => warned));
      await pass(2_000);
      expect(lines).toHaveLength(times);
      delete trouble.list;
      await pass(2_000);
    }
    expect(since).toHaveLength(7);
    await sweeper[Symbol.asyncDispose]();
  });

  test("that look at the whole are tried again when they failed", async () => {
    const { pass, trouble, since, lines, sweeper } = setUp();
    trouble.list = new ColloqueError("homeserver-unreachable");
    await pass(0);
    expect(lines).toHaveLength(1);
    delete trouble.list;
    await pass(2_000);
    expect(since).toEqual([0, 0]);
    await sweeper[Symbol.asyncDispose]();
  });

  test("come no more once it is stopped, also when it is stopped in the midst of one", async () => {
    const { pass, trouble, since, sweeper } = setUp();
    const under = Promise.withResolvers<void>();
    trouble.slow = under.promise;
    await pass(0);
    expect(since).toHaveLength(1);
    const stopped = sweeper[Symbol.asyncDispose]();
    under.resolve();
    await stopped;
    await pass(10_000);
    expect(since).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
    const idle = setUp();
    await idle.pass(0);
    expect(vi.getTimerCount()).toBe(1);
    await idle.sweeper[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a look", () => {
  const stray: HeldMedia = { mxc: "mxc://x/stray", userId: leroy, sha256: null };

  test("takes out, writes down and says what nobody announced", async () => {
    const { sweeper, removed, audited, lines } = setUp({ media: [stray] });
    await sweeper.sweep(true);
    expect(removed).toEqual([stray.mxc]);
    expect(audited).toEqual([{ ...stray, why: "unknown" }]);
    expect(lines).toEqual([
      [
        "warn",
        "media that no receipt announced were taken out",
        { mxc: stray.mxc, userId: leroy, why: "unknown" },
      ],
    ]);
  });

  test("leaves what is known when the homeserver kept no hash of it", async () => {
    const { sweeper, removed } = setUp({ media: [stray], known: { state: "live", sha256: hash } });
    await sweeper.sweep(true);
    expect(removed).toEqual([]);
  });

  test("passes over an account that is gone, and over no other trouble", async () => {
    const { sweeper, trouble, lines } = setUp();
    trouble.media = new SynapseError(404, "M_NOT_FOUND");
    await sweeper.sweep(true);
    expect(lines).toEqual([["warn", "media of an account that is gone cannot be listed", { userId: leroy }]]);
    for (const error of [new SynapseError(500, "M_UNKNOWN"), new ColloqueError("homeserver-unreachable")]) {
      const other = setUp();
      other.trouble.media = error;
      await expect(other.sweeper.sweep(true)).rejects.toBe(error);
    }
  });
});
