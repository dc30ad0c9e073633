import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../kit/clock.ts";
import { type CallDevice, deviceOf } from "./devices.ts";
import { createKeyExchange } from "./key-exchange.ts";
import type { MediaKey } from "./key-rules.ts";

const me = deviceOf("@leroy:valombre.example", "NURSE");
const martin = deviceOf("@martin:valombre.example", "DOCTOR");
const haddad = deviceOf("@haddad:valombre.example", "THIRD");

function exchange(first: CallDevice[], unsigned: CallDevice[] = []) {
  vi.useFakeTimers();
  const told: { key: MediaKey; to: string[] }[] = [];
  const used: number[] = [];
  const held: boolean[] = [];
  const network = { works: true };
  const keys = createKeyExchange({
    roomId: "!case:valombre.example",
    me,
    first,
    transport: {
      signed: async (devices) => devices.filter((each) => !unsigned.includes(each)),
      send: async (_roomId, _from, key, to) => {
        if (!network.works) throw new Error("No network");
        told.push({ key, to: to.map((each) => each.identity) });
      },
    },
    use: (key) => used.push(key.index),
    hold: (value) => held.push(value),
    clock: { ...systemClock, monoMs: () => Date.now() },
    signal: new AbortController().signal,
  });
  return { keys, told, used, held, network };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the key of a device in a call", () => {
  test("is told to who is there from the beginning, and used at once", async () => {
    const { told, used } = exchange([martin]);
    await pass(0);
    expect(told.map((each) => each.to)).toEqual([[martin.identity]]);
    expect(used).toHaveLength(1);
  });

  test("is another within a second after somebody left, unknown to them", async () => {
    const { keys, told, used } = exchange([martin, haddad]);
    await pass(1000);
    keys.setAudience([martin]);
    await pass(999);
    expect(used).toHaveLength(2);
    const last = told.at(-1);
    expect(last?.key.index).toBe(used.at(-1));
    expect(last?.to).toEqual([martin.identity]);
  });

  test("without a network nothing is sent a second after somebody left, and it goes on when the network is back", async () => {
    const { keys, told, used, held, network } = exchange([martin, haddad]);
    await pass(1000);
    network.works = false;
    keys.setAudience([martin]);
    await pass(1000);
    expect(held).toEqual([true]);
    expect(used).toHaveLength(2);
    network.works = true;
    await pass(5000);
    expect(held).toEqual([true, false]);
    expect(told.at(-1)?.key.index).toBe(used.at(-1));
  });

  test("is never told to a device that nobody vouches for", async () => {
    const { keys, told } = exchange([martin], [haddad]);
    await pass(1000);
    keys.setAudience([martin, haddad]);
    await pass(2000);
    expect(told.flatMap((each) => each.to)).not.toContain(haddad.identity);
    const allowed = exchange([martin]);
    await pass(1000);
    allowed.keys.setAudience([martin, haddad]);
    await pass(2000);
    expect(allowed.told.at(-1)?.to).toContain(haddad.identity);
  });
});
