import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { histories } from "./commands.ts";
import { play, tryEverything } from "./play.ts";
import type { Tally } from "./tally.ts";
import { openWorld } from "./world.ts";

/**
 * Random histories against the real registry, gateway, client and filing gate in one process, judged by what docs/consent-rules.md says.
 * COLLOQUE_MODEL_RUNS makes it longer (`npm run test:full` does), COLLOQUE_MODEL_SEED and _PATH play one run again.
 */
const runs = Number(process.env.COLLOQUE_MODEL_RUNS ?? "40");
const isLong = runs > 40;
const seed = process.env.COLLOQUE_MODEL_SEED;
/** A run of a seeded fault wants to know that it is caught, not the shortest way there. */
const isFault = process.env.COLLOQUE_FAULT !== undefined;

describe("whatever happens", () => {
  test("no reader gets a picture in the clear that the rules refuse, and whom they allow gets it", async () => {
    const tally: Tally = new Map();
    let played = 0;
    await fc.assert(
      fc.asyncProperty(histories, async ({ commands, ...given }) => {
        await using world = await openWorld(given);
        for (const command of commands) await play(world, command, tally);
        await tryEverything(world, tally);
        played += 1;
      }),
      {
        numRuns: runs,
        endOnFailure: isFault,
        ...(seed !== undefined && { seed: Number(seed) }),
        ...(process.env.COLLOQUE_MODEL_PATH !== undefined && { path: process.env.COLLOQUE_MODEL_PATH }),
        interruptAfterTimeLimit: isLong ? 1_800_000 : 12_000,
      },
    );
    if (isLong) console.table(Object.fromEntries(tally));
    // A run in which nothing was allowed, or nothing refused, shows nothing.
    if (played < runs / 2) return;
    const tried = ["the registry takes a consent", "a permit", "view", "peek", "grab", "filing"];
    if (isLong) {
      tried.push("shown in silence");
      // Nobody can sign one that the registry would not keep: the device asks the same first.
      expect(tally.get("an emergency of the past")?.allowed ?? 0).toBeGreaterThan(0);
    }
    for (const what of tried) {
      expect(tally.get(what)?.allowed ?? 0, what).toBeGreaterThan(0);
      expect(tally.get(what)?.refused ?? 0, what).toBeGreaterThan(0);
    }
  }, 2_000_000);
});
