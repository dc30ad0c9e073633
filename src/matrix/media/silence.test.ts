import { describe, expect, test } from "vitest";
import type { ErrorCode } from "#protocol/errors.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { type Clock, leastSinceMs, markOf, sinceMs } from "../kit/clock.ts";
import { type Lease, type Registry, readLease } from "../registry.ts";
import { memoryDevice } from "../testing/memory-device.ts";
import { nowMs, testConsent, testRegistry } from "../testing/people.ts";
import { createLastWords } from "./last-words.ts";
import { createLeases } from "./leases.ts";
import { createShelf } from "./shelf.ts";

const registry = await testRegistry();
const registryKey = async () => registry.key;
const consent = testConsent(["opinion", "care-named"]);
const room = "!room";
const hourMs = 3_600_000;

/** A device whose two clocks are moved apart at will. */
function deviceClock() {
  const at = { wall: nowMs, mono: 0 };
  const clock: Clock = { nowMs: () => at.wall, monoMs: () => at.mono, wait: async () => undefined };
  const pass = (ms: number) => {
    at.wall += ms;
    at.mono += ms;
  };
  return { at, clock, pass };
}

const lease = async (clock: Clock, change = {}): Promise<Lease> => {
  const read = await readLease(
    await registry.lease(consent, change),
    room,
    registry.key,
    markOf({ nowMs: () => nowMs, monoMs: () => 0 }),
    clock,
  );
  if (read === null) throw new Error("This lease is good");
  return read;
};
const settled = () => new Promise((done) => setTimeout(done, 5));

describe("how long ago", () => {
  test("a wall clock that is set back makes nothing younger, nor a sleep in which the other stands still", () => {
    const { at, clock } = deviceClock();
    const mark = markOf(clock);
    at.mono += 60_000;
    at.wall -= 24 * hourMs;
    expect(sinceMs(clock, mark)).toBe(60_000);
    expect(leastSinceMs(clock, mark)).toBe(0);
    at.wall = nowMs + hourMs;
    expect(sinceMs(clock, mark)).toBe(hourMs);
    expect(leastSinceMs(clock, mark)).toBe(60_000);
  });
});

describe("the registry's last word", () => {
  const wordsOn = (device: ReturnType<typeof memoryDevice>, clock: Clock, mayKeep = true) =>
    createLastWords({ device, registryKey, mayKeep: async () => mayKeep, clock });
  const ageIn = async (words: ReturnType<typeof wordsOn>) => (await words.find(room))?.[0]?.ageMs();

  test("outlives the page, and its age goes on; on a shared station it does not", async () => {
    for (const mayKeep of [true, false]) {
      const device = memoryDevice();
      const { clock, pass } = deviceClock();
      wordsOn(device, clock, mayKeep).keep(room, [await lease(clock)]);
      await settled();
      pass(2 * hourMs);
      expect(await ageIn(wordsOn(device, clock, mayKeep))).toBe(mayKeep ? 2 * hourMs : undefined);
    }
  });

  test("says nothing after a reload with the clock set back; with the clock as it was, what was counted is counted", async () => {
    const device = memoryDevice();
    const { at, clock, pass } = deviceClock();
    const first = wordsOn(device, clock);
    first.keep(room, [await lease(clock)]);
    await settled();
    pass(3 * hourMs);
    expect(await ageIn(first)).toBe(3 * hourMs);
    await settled();
    expect(await ageIn(wordsOn(device, clock))).toBe(3 * hourMs);
    at.wall -= hourMs;
    expect(await wordsOn(device, clock).find(room)).toBeNull();
  });

  test("is the registry's: one that another signed, or of another room, is none", async () => {
    const device = memoryDevice();
    const { clock } = deviceClock();
    const elsewhere = await (await testRegistry()).lease(consent);
    const other = await registry.lease(consent, { roomId: "!other" });
    const good = await registry.lease(consent);
    await device.set("words", room, { leases: [elsewhere, other, good], ageMs: 0, countedAtMs: nowMs });
    expect((await wordsOn(device, clock).find(room))?.map((each) => each.jws)).toEqual([good]);
  });
});

describe("leases and silence", () => {
  function setUp(answers: Result<Lease[], ErrorCode>[], { clock, pass } = deviceClock()) {
    const gone: string[] = [];
    const asked: Pick<Registry, "leases"> = { leases: async () => answers.shift() ?? err("internal") };
    const leases = createLeases({
      registry: asked,
      registryKey,
      words: createLastWords({ device: memoryDevice(), registryKey, mayKeep: async () => true, clock }),
      onWithdrawn: (consentId) => void gone.push(consentId),
      clock,
      signal: new AbortController().signal,
    });
    return { clock, pass, gone, leases };
  }

  test("a registry that is away leaves its last word; one that refuses takes it back", async () => {
    for (const [answer, isLeft] of [
      ["registry-unreachable", true],
      ["homeserver-unreachable", true],
      ["not-a-member", false],
      ["withdrawn", false],
    ] as const) {
      const device = deviceClock();
      const { leases, pass } = setUp([ok([await lease(device.clock)]), err(answer)], device);
      expect((await leases.of(room)).ok).toBe(true);
      pass(61_000);
      expect(await leases.of(room)).toEqual(err(answer));
      await settled();
      expect((await leases.lastHeard(room)) !== null, answer).toBe(isLeft);
    }
  });

  test("what was taken back on this device is unlearnt, and an answer from before does not bring it back", async () => {
    const { clock } = deviceClock();
    const answer = Promise.withResolvers<Result<Lease[], ErrorCode>>();
    const { leases } = setUp([ok([await lease(clock)])]);
    await leases.of(room);
    leases.unlearn(room);
    expect(await leases.lastHeard(room)).toBeNull();
    const slow = createLeases({
      registry: { leases: () => answer.promise },
      registryKey,
      words: createLastWords({ device: memoryDevice(), registryKey, mayKeep: async () => true, clock }),
      onWithdrawn: () => undefined,
      clock,
      signal: new AbortController().signal,
    });
    const asking = slow.of(room);
    slow.unlearn(room);
    answer.resolve(ok([await lease(clock)]));
    await asking;
    await settled();
    expect(await slow.lastHeard(room)).toBeNull();
  });

  test("hears of a withdrawal at the next contact", async () => {
    const { clock } = deviceClock();
    const { leases, gone } = setUp([ok([await lease(clock, { state: "withdrawn" })])]);
    await leases.of(room);
    expect(gone).toEqual([consent.consentId]);
  });
});

describe("the shelf", () => {
  const of = (photoId: string, consentId = "c1") => ({ consentId, photoId, rendition: "full" as const });
  const bytes = new Uint8Array([1, 2, 3]);
  const shelfOn = (device: ReturnType<typeof memoryDevice>, clock: Clock, mayKeep = true) =>
    createShelf({ device, mayKeep: async () => mayKeep, clock });

  test("outlives the page, and on a shared station does not", async () => {
    for (const mayKeep of [true, false]) {
      const device = memoryDevice();
      const { clock } = deviceClock();
      const shelf = shelfOn(device, clock, mayKeep);
      shelf.put(of("p1"), bytes);
      expect(await shelf.take(of("p1"))).toEqual(bytes);
      expect(await shelf.has(of("p2"))).toBe(false);
      expect(await shelfOn(device, clock, mayKeep).take(of("p1"))).toEqual(mayKeep ? bytes : null);
    }
  });

  test("forgets the pictures of one consent, also what is being written, and no other's", async () => {
    const device = memoryDevice();
    const { clock } = deviceClock();
    const shelf = shelfOn(device, clock);
    shelf.put(of("p1"), bytes);
    shelf.put(of("p2", "c2"), bytes);
    shelf.forget("c1");
    expect(await shelf.has(of("p1"))).toBe(false);
    expect(await shelf.has(of("p2", "c2"))).toBe(true);
    expect(await device.keys("shelf")).toHaveLength(1);
  });

  test("keeps the last forty, for a day; a device that is full keeps what it had", async () => {
    const device = memoryDevice();
    const { clock, pass } = deviceClock();
    const shelf = shelfOn(device, clock);
    for (let at = 0; at < 45; at += 1) {
      shelf.put(of(`p${at}`), bytes);
      pass(1);
    }
    expect(await shelf.has(of("p0"))).toBe(false);
    expect(await shelf.has(of("p44"))).toBe(true);
    expect(await device.keys("shelf")).toHaveLength(40);
    device.full = true;
    shelf.put(of("late"), bytes);
    expect(await shelf.has(of("p44"))).toBe(true);
    device.full = false;
    pass(24 * hourMs + 1);
    expect(await shelf.has(of("p44"))).toBe(false);
    expect(await device.keys("shelf")).toEqual([]);
  });
});
