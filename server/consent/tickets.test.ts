import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openDatabase } from "../store/index.ts";
import { migrations } from "./migrations.ts";
import { openRemovals, ticketByMxc } from "./store.ts";
import { createTickets } from "./tickets.ts";

const day = 24 * 3600_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

async function setUp() {
  const db = openDatabase(":memory:");
  await db.migrate("consent", migrations);
  const now = { ms: 1000 };
  const kicks: number[] = [];
  const removals = {
    kick: async () => void kicks.push(now.ms),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { db, now, kicks, tickets: createTickets({ db, clock: () => now.ms, removals }) };
}

describe("a ticket", () => {
  test("is bound once, within its day", async () => {
    const { tickets, now, db } = await setUp();
    const ticket = await tickets.open("!r", "@martin:x");
    now.ms += day - 1;
    await tickets.bind(ticket, "mxc://x/in-time");
    expect(await ticketByMxc(db, "mxc://x/in-time")).toMatchObject({ expiresAt: 1000 + day });
    const late = await tickets.open("!r", "@martin:x");
    now.ms += day;
    const refused = { code: "not-found", details: { why: "no-open-ticket" } };
    await expect(tickets.bind(late, "mxc://x/late")).rejects.toMatchObject(refused);
    await expect(tickets.bind(ticket, "mxc://x/again")).rejects.toMatchObject(refused);
    await expect(tickets.bind("never given", "mxc://x/none")).rejects.toMatchObject(refused);
  });

  test("goes after its day, with its media, though nobody opens another", async () => {
    const { tickets, now, db, kicks } = await setUp();
    await tickets.bind(await tickets.open("!r", "@martin:x"), "mxc://x/bundle");
    now.ms += day - 1;
    vi.advanceTimersByTime(10 * 60_000);
    expect(await openRemovals(db)).toEqual([]);
    now.ms += 1;
    vi.advanceTimersByTime(10 * 60_000 - 1);
    expect(await openRemovals(db)).toEqual([]);
    vi.advanceTimersByTime(1);
    await vi.waitFor(() => expect(kicks).toEqual([now.ms]));
    expect(await openRemovals(db)).toEqual(["mxc://x/bundle"]);
    expect(await ticketByMxc(db, "mxc://x/bundle")).toBeUndefined();
  });

  test("is looked after no more once the registry is closed", async () => {
    const { tickets } = await setUp();
    expect(vi.getTimerCount()).toBe(1);
    tickets[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });
});
