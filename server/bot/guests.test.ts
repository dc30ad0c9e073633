import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Cover } from "#protocol/disclose.ts";
import { createLogger } from "../kit/log.ts";
import { type Database, openDatabase } from "../store/index.ts";
import { createGuests, type Guests } from "./guests.ts";
import { migrations } from "./store.ts";

const guest = { roomId: "!case:v", userId: "@haddad:v", caseId: "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f" };
const endMs = Date.parse("2026-01-01T11:00:00Z");
const glass = { by: "glass", untilMs: endMs } as const;
const uncovered: Cover = { by: "nothing", reason: "audience-not-covered" };

let db: Database;
let open: Guests[] = [];
let now = 0;
beforeEach(async () => {
  db = openDatabase(":memory:");
  await db.migrate("bot", migrations);
  now = Date.parse("2026-01-01T10:00:00Z");
});
afterEach(async () => {
  vi.useRealTimers();
  for (const each of open) await each[Symbol.asyncDispose]();
  open = [];
  await db[Symbol.asyncDispose]();
});

/** A case with its guest inside, whose cover can be changed. */
function world() {
  const state = {
    cover: glass as Cover,
    standing: "in" as "in" | "invited" | "out" | "gone",
    fail: false,
    out: [] as string[],
    said: [] as number[],
    audited: [] as string[],
  };
  const start = (): Guests => {
    const guests = createGuests({
      db,
      log: createLogger("silent"),
      clock: () => now,
      bot: "@bot:v",
      audit: { note: async ({ event }) => void state.audited.push(event) },
      coverOf: async () => state.cover,
      hall: {
        standingOf: () => state.standing,
        takeOut: async (_roomId, userId) => {
          if (state.fail) throw new Error("502");
          state.out.push(userId);
          state.standing = "out";
        },
      },
      say: async (_guest, endedMs) => state.said.push(endedMs),
    });
    open.push(guests);
    return guests;
  };
  return { state, start };
}

describe("a guest of a case", () => {
  test("stays while the glass is broken and is put out when it ends, which the case and the audit are told once", async () => {
    const { state, start } = world();
    const guests = start();
    await guests.admit(guest, glass);
    now = endMs - 1;
    await guests.run();
    expect(state.out).toEqual([]);
    now = endMs;
    state.cover = uncovered;
    await guests.run();
    await guests.run();
    expect(state.out).toEqual([guest.userId]);
    expect(state.said).toEqual([endMs]);
    expect(state.audited).toEqual(["guest-taken-out"]);
  });

  test("is put out at the very end by itself, and after a restart too", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { state, start } = world();
    const first = start();
    await first.admit(guest, { by: "glass", untilMs: now + 10_000 });
    await first[Symbol.asyncDispose]();
    const second = start();
    await second.run();
    state.cover = uncovered;
    now += 10_000;
    await vi.advanceTimersByTimeAsync(10_000);
    await vi.waitFor(() => expect(state.out).toEqual([guest.userId]));
  });

  test.each<[string, Cover]>([
    ["a consent covers them by then", { by: "consent" }],
    ["another glass is broken for longer", { by: "glass", untilMs: endMs + 60_000 }],
  ])("stays when %s", async (_why, cover) => {
    const { state, start } = world();
    const guests = start();
    await guests.admit(guest, glass);
    now = endMs;
    state.cover = cover;
    await guests.run();
    expect(state.out).toEqual([]);
    // Who was covered is a guest no more; who is still one goes when that glass ends.
    now = endMs + 60_000;
    state.cover = uncovered;
    await guests.run();
    expect(state.out).toEqual(cover.by === "glass" ? [guest.userId] : []);
  });

  test("who was let in by the patient's word is none, though a glass had let them in before", async () => {
    const { state, start } = world();
    const guests = start();
    await guests.admit(guest, glass);
    await guests.admit(guest, { by: "consent" });
    now = endMs;
    state.cover = uncovered;
    await guests.run();
    expect(state.out).toEqual([]);
  });

  test("an invitation that was not taken up is taken back; who left by themself is let be", async () => {
    const { state, start } = world();
    const guests = start();
    await guests.admit(guest, glass);
    state.standing = "invited";
    state.cover = uncovered;
    now = endMs;
    await guests.run();
    expect(state.out).toEqual([guest.userId]);
    await guests.admit(guest, glass);
    await guests.run();
    expect(state.out).toHaveLength(1);
    expect(state.said).toHaveLength(1);
  });

  test("a failure is tried again", async () => {
    const { state, start } = world();
    const guests = start();
    await guests.admit(guest, glass);
    state.cover = uncovered;
    state.fail = true;
    now = endMs;
    await guests.run();
    state.fail = false;
    await guests.run();
    expect(state.out).toEqual([guest.userId]);
  });

  test("goes at once when the consent that the glass was broken over is taken back; of another room nobody goes", async () => {
    const { state, start } = world();
    const guests = start();
    await guests.admit(guest, glass);
    state.cover = { by: "nothing", reason: "withdrawn" };
    await guests.hurry("!other:v");
    expect(state.out).toEqual([]);
    await guests.hurry(guest.roomId);
    expect(state.out).toEqual([guest.userId]);
  });
});
