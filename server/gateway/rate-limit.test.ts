import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { createRateLimit, type Rate } from "./rate-limit.ts";

function setUp(rate: Rate) {
  const now = { ms: 0 };
  const limit = createRateLimit(rate, () => now.ms);
  /** How long to wait; 0 when it may. */
  const ask = (key: string, cost?: number): number => {
    try {
      limit(key, cost);
      return 0;
    } catch (error) {
      if (!(error instanceof ColloqueError) || error.code !== "too-many") throw error;
      return Number(error.details.retryAfterMs);
    }
  };
  return { now, ask };
}

describe("a rate", () => {
  test("lets as much through as it costs, and says how long to wait for what does not fit", () => {
    const { ask, now } = setUp({ burst: 10, perSecond: 2 });
    expect(ask("a", 7)).toBe(0);
    expect(ask("a", 4)).toBe(500);
    expect(ask("a", 3)).toBe(0);
    expect(ask("a")).toBe(500);
    now.ms = 250;
    expect(ask("a")).toBe(250);
    now.ms = 500;
    expect(ask("a")).toBe(0);
  });

  test("never saves up more than its burst", () => {
    const { ask, now } = setUp({ burst: 3, perSecond: 1 });
    expect(ask("a", 3)).toBe(0);
    now.ms = 3600_000;
    expect(ask("a", 3)).toBe(0);
    expect(ask("a")).toBe(1000);
  });

  test("holds for each name apart", () => {
    const { ask } = setUp({ burst: 1, perSecond: 1 });
    expect(ask("a")).toBe(0);
    expect(ask("b")).toBe(0);
    expect(ask("a")).toBe(1000);
  });

  test("forgets all names rather than grow without end", () => {
    const { ask } = setUp({ burst: 1, perSecond: 1 });
    for (let n = 0; n <= 10_000; n += 1) ask(`name ${n}`);
    expect(ask("name 5")).toBe(1000);
    expect(ask("one more")).toBe(0);
    expect(ask("name 5")).toBe(0);
  });

  test("lets through, over any time, no more than its burst and what came in meanwhile", () => {
    const asking = fc.record({ waitMs: fc.nat(5_000), cost: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(asking, { maxLength: 60 }), (all) => {
        const rate = { burst: 10, perSecond: 3 };
        const { ask, now } = setUp(rate);
        let passed = 0;
        for (const { waitMs, cost } of all) {
          now.ms += waitMs;
          const wait = ask("a", cost);
          if (wait === 0) passed += cost;
          else {
            now.ms += wait;
            expect(ask("a", cost)).toBe(0);
            passed += cost;
          }
          expect(passed).toBeLessThanOrEqual(rate.burst + (now.ms / 1000) * rate.perSecond + 1e-4);
        }
      }),
      {
        // Of fractions that do not add up to the whole: found once, kept.
        examples: [
          [
            [
              { waitMs: 0, cost: 2 },
              { waitMs: 12, cost: 5 },
              { waitMs: 860, cost: 5 },
              { waitMs: 0, cost: 4 },
            ],
          ],
        ],
      },
    );
  });
});
