import { ColloqueError } from "#protocol/errors.ts";
import type { Clock } from "../kit/role.ts";

/** So many at once, and so many a second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** Generous for people, tight for programs. */
export const rates = {
  /** Everything that one token asks for. */
  all: { burst: 600, perSecond: 60 },
  /** Events and to-device messages, where pictures could be smuggled in pieces. */
  send: { burst: 200, perSecond: 10 },
  login: { burst: 100, perSecond: 2 },
  search: { burst: 40, perSecond: 1 },
  /** A patient's phone, by address: many patients may share a hospital's. */
  phone: { burst: 120, perSecond: 4 },
  /** Links that do not exist, by address: nobody comes upon 128 random bits by mistake. */
  misses: { burst: 20, perSecond: 0.1 },
  /** All that another hospital's servers ask for, on behalf of its people. */
  federation: { burst: 3000, perSecond: 300 },
} as const satisfies Record<string, Rate>;

/** Less than this is the rounding of fractions: who waited as long as was said is let through. */
const grain = 1e-6;

/** A token bucket for each key, from which one is taken or as many as it costs. Throws `too-many`, with how long to wait. */
export function createRateLimit(rate: Rate, clock: Clock): (key: string, cost?: number) => void {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return (key, cost = 1) => {
    const now = clock();
    const before = buckets.get(key) ?? { left: rate.burst, atMs: now };
    const left = Math.min(rate.burst, before.left + ((now - before.atMs) / 1000) * rate.perSecond);
    if (left + grain < cost) {
      const retryAfterMs = Math.ceil(((cost - left) / rate.perSecond) * 1000);
      throw new ColloqueError("too-many", { details: { retryAfterMs } });
    }
    if (buckets.size > 10_000) buckets.clear();
    buckets.set(key, { left: left - cost, atMs: now });
  };
}
