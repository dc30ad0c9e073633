import { afterEach, describe, expect, test } from "vitest";
import { createLogger } from "../kit/log.ts";
import { SynapseError } from "../kit/synapse-client.ts";
import type { HeldMedia } from "./media-list.ts";
import { type Known, type Sweeper, type SweptBecause, startSweeper } from "./sweeper.ts";

const now = Date.parse("2026-03-01T10:00:00Z");
const leroy = "@leroy:valombre.example";
const hash = "a".repeat(64);
const hour = 3600_000;
const known: Known = { state: "live", sha256: hash };

let running: Sweeper | undefined;
afterEach(async () => running?.[Symbol.asyncDispose]());

/** A homeserver's media as a list and a ledger as a map, which the tests change under the sweeper. */
function setUp(everyMs = 60_000) {
  const held: (HeldMedia & { readonly atMs: number })[] = [];
  const ledger = new Map<string, Known>();
  const leaving = new Set<string>();
  const swept: [string, SweptBecause][] = [];
  const listed: string[] = [];
  const homeserver = { down: false };
  const since = (sinceMs: number) => held.filter((each) => each.atMs >= sinceMs);
  const sweeper = startSweeper({
    held: {
      uploaders: async (sinceMs) => {
        if (homeserver.down) throw new Error("down");
        const counts = Map.groupBy(since(sinceMs), (each) => each.userId);
        return [...counts].map(([userId, media]) => ({ userId, mark: String(media.length) }));
      },
      mediaOf: async (userId, sinceMs) => {
        listed.push(userId);
        if (userId === "@gone:x") throw new SynapseError(404, "M_NOT_FOUND");
        return since(sinceMs).filter((each) => each.userId === userId);
      },
    },
    known: async (mxc) => ledger.get(mxc) ?? { state: "unknown" },
    isLeaving: async (mxc) => leaving.has(mxc),
    remove: async (mxc) => void held.splice(0, held.length, ...held.filter((each) => each.mxc !== mxc)),
    audit: async ({ mxc, why }) => void swept.push([mxc, why]),
    clock: () => now,
    log: createLogger("silent"),
    everyMs,
  });
  running = sweeper;
  const put = (name: string, { atMs = now, userId = leroy, sha256 = hash } = {}) => {
    held.push({ mxc: name, userId, sha256, atMs });
    return name;
  };
  return { sweeper, held, ledger, leaving, swept, listed, homeserver, put };
}

describe("the sweeper", () => {
  test("takes out what the ledger does not know, and leaves what it knows", async () => {
    const { sweeper, ledger, held, swept, put } = setUp();
    ledger.set(put("photo"), known).set(put("bundle of keys"), { state: "live", sha256: null });
    put("stray");
    await sweeper.sweep(false);
    expect(swept).toEqual([["stray", "unknown"]]);
    expect(held.map((each) => each.mxc)).toEqual(["photo", "bundle of keys"]);
  });

  test("takes out other bytes than those that were announced", async () => {
    const { sweeper, ledger, swept, put } = setUp();
    ledger.set(put("right"), known).set(put("swapped", { sha256: "b".repeat(64) }), known);
    await sweeper.sweep(false);
    expect(swept).toEqual([["swapped", "other-bytes"]]);
  });

  test("takes out what was withdrawn and came back, and not what is on its way out", async () => {
    const { sweeper, ledger, leaving, swept, put } = setUp();
    ledger.set(put("back again"), { state: "withdrawn" }).set(put("leaving"), { state: "withdrawn" });
    leaving.add("leaving");
    await sweeper.sweep(false);
    expect(swept).toEqual([["back again", "withdrawn"]]);
  });

  test("looks only at whom something changed for, and at everything when it looks at the whole", async () => {
    const { sweeper, ledger, listed, swept, put } = setUp();
    ledger.set(put("photo"), known);
    put("old stray", { atMs: now - 30 * hour, userId: "@faure:valombre.example" });
    await sweeper.sweep(false);
    await sweeper.sweep(false);
    expect(listed).toEqual([leroy]);
    expect(swept).toEqual([]);
    ledger.set(put("another photo"), known);
    await sweeper.sweep(false);
    expect(listed).toEqual([leroy, leroy]);
    await sweeper.sweep(true);
    expect(swept).toEqual([["old stray", "unknown"]]);
  });

  test("goes past an account that is gone to the next", async () => {
    const { sweeper, swept, put } = setUp();
    put("of nobody", { userId: "@gone:x" });
    put("stray");
    await sweeper.sweep(false);
    expect(swept).toEqual([["stray", "unknown"]]);
  });

  test("works by itself: from its start, and again once the homeserver is back", async () => {
    const { swept, homeserver, put } = setUp(10);
    put("old stray", { atMs: now - 30 * hour });
    await expect.poll(() => swept).toEqual([["old stray", "unknown"]]);
    homeserver.down = true;
    put("stray");
    await new Promise((done) => setTimeout(done, 50));
    expect(swept).toHaveLength(1);
    homeserver.down = false;
    await expect.poll(() => swept).toHaveLength(2);
  });
});
