import { afterEach, describe, expect, test, vi } from "vitest";
import { callMemberSchema } from "#protocol/call-events.ts";
import { systemClock } from "../kit/clock.ts";
import { deviceOf } from "./devices.ts";
import { DelayGoneError, keepMembership, type MembershipPort } from "./membership.ts";

const me = deviceOf("@leroy:valombre.example", "NURSE");

/** A homeserver that keeps what was put, and its delayed leave. */
function homeserver(works = true) {
  vi.useFakeTimers();
  const words: Record<string, unknown>[] = [];
  const state = { offs: 0, delays: 0, gone: false, works, cancelled: [] as string[] };
  const port: MembershipPort = {
    async put(_roomId, _key, content) {
      if (!state.works) throw new Error("No network");
      words.push(content);
      return `$${words.length}`;
    },
    async putLater() {
      if (!state.works) throw new Error("No network");
      state.delays += 1;
      state.gone = false;
      return String(state.delays);
    },
    async putOff() {
      if (!state.works) throw new Error("No network");
      if (state.gone) throw new DelayGoneError("sent");
      state.offs += 1;
    },
    async cancel(delayId) {
      state.cancelled.push(delayId);
    },
    sendNow: () => undefined,
  };
  const word = keepMembership({
    roomId: "!case:valombre.example",
    me,
    serviceUrl: "https://hospital.test/colloque/v1/calls",
    port,
    clock: { ...systemClock, monoMs: () => Date.now() },
  });
  return { word, words, state };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
afterEach(() => vi.useRealTimers());

describe("a device's word that it is in the call", () => {
  test("is said at once, with an end that is put off again and again, and taken back on leaving", async () => {
    const { word, words, state } = homeserver();
    await pass(0);
    expect(callMemberSchema.safeParse(words[0]).success).toBe(true);
    expect(state.delays).toBe(1);
    await pass(12_000);
    expect(state.offs).toBe(3);
    await word.leave();
    expect(words).toHaveLength(2);
    expect(words[1]).toEqual({});
    // Or it would end the next call.
    expect(state.cancelled).toEqual(["1"]);
    await pass(60_000);
    expect(state.offs).toBe(3);
  });

  test("is said anew when the homeserver said that the device left", async () => {
    const { words, state } = homeserver();
    await pass(0);
    state.gone = true;
    await pass(5000);
    expect(words).toHaveLength(2);
    expect(state.delays).toBe(2);
  });

  test("is tried until it is said", async () => {
    const { word, words, state } = homeserver(false);
    await pass(10_000);
    expect(words).toEqual([]);
    state.works = true;
    await pass(2000);
    expect(words).toHaveLength(1);
    expect(await word.joined).toBe("$1");
  });
});
