import { z } from "zod";
import { clockSkewMs } from "#protocol/disclose.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { type Clock, drop, leastSinceMs, markOf, sinceMs } from "../kit/clock.ts";
import type { DeviceStore } from "../kit/device-store.ts";
import { claimsOf, type Lease } from "../registry.ts";

/**
 * What the registry said last of each room, for when it is silent. It is kept as it was signed, with its age, which no clock that is set
 * back makes less: while the page lives both clocks count, and a clock that was set back over a reload leaves nothing to believe.
 */
export type LastWords = {
  keep(roomId: string, leases: readonly Lease[]): void;
  find(roomId: string): Promise<readonly Lease[] | null>;
  forget(roomId: string): void;
  /** Forgets what is in memory: nobody is signed in any more, and the device was wiped. */
  clear(): void;
};

const keptSchema = z.object({
  leases: z.array(z.string()),
  /** How old it was when that was counted last, and when that was by the wall clock. */
  ageMs: z.number().min(0),
  countedAtMs: z.number(),
});

/** How often the age of a word that is in use is written down. */
const countEveryMs = 60_000;

export function createLastWords(deps: {
  readonly device: DeviceStore;
  readonly registryKey: () => Promise<PublicJwk>;
  /** Not on a shared station. */
  readonly mayKeep: () => Promise<boolean>;
  readonly clock: Clock;
}): LastWords {
  const { device, clock } = deps;
  const known = new Map<string, readonly Lease[]>();
  const countedMs = new Map<string, number>();

  const write = async (roomId: string, leases: readonly Lease[]): Promise<void> => {
    const ageMs = ageOf(leases);
    countedMs.set(roomId, ageMs);
    if (!(await deps.mayKeep()) || known.get(roomId) !== leases) return;
    const countedAtMs = clock.nowMs();
    await device.set("words", roomId, { leases: leases.map(({ jws }) => jws), ageMs, countedAtMs });
  };

  const load = async (roomId: string): Promise<readonly Lease[] | null> => {
    const parsed = keptSchema.safeParse(await device.get("words", roomId));
    if (!parsed.success) return null;
    const { leases, ageMs, countedAtMs } = parsed.data;
    // Counted in the future: the clock was set back while no page lived, and how long ago it was nobody knows.
    const awayMs = clock.nowMs() - countedAtMs;
    if (awayMs < -clockSkewMs) return null;
    const loaded = markOf(clock);
    const age = (): number => ageMs + Math.max(0, awayMs) + sinceMs(clock, loaded);
    const least = (): number => ageMs + leastSinceMs(clock, loaded);
    const key = await deps.registryKey();
    const claims = await Promise.all(leases.map((jws) => claimsOf(jws, roomId, key)));
    return leases.flatMap((jws, at) => {
      const said = claims[at];
      return said == null ? [] : [{ jws, claims: said, ageMs: age, leastAgeMs: least }];
    });
  };

  return {
    keep(roomId, leases) {
      known.set(roomId, leases);
      drop(write(roomId, leases));
    },
    async find(roomId) {
      const leases = known.get(roomId) ?? (await load(roomId));
      if (leases === null) return null;
      known.set(roomId, leases);
      if (ageOf(leases) - (countedMs.get(roomId) ?? 0) > countEveryMs) drop(write(roomId, leases));
      return leases;
    },
    clear() {
      known.clear();
      countedMs.clear();
    },
    forget(roomId) {
      known.delete(roomId);
      drop(device.delete("words", roomId));
    },
  };
}

const ageOf = (leases: readonly Lease[]): number => Math.max(0, ...leases.map((lease) => lease.ageMs()));
