import type { ErrorCode } from "#protocol/errors.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { Lease, Registry } from "../registry.ts";

/** The registry's word on each room in use, asked once for all its pictures and renewed before it ends while the case is open. */
export type Leases = {
  of(roomId: string): Promise<Result<readonly Lease[], ErrorCode>>;
  /** Forgets what is known, so that the next question goes to the registry: a photo or consent was added. */
  forget(roomId: string): void;
  /** The case is open: its leases are fetched ahead and kept fresh for a while. */
  keepFresh(roomId: string): void;
};

/** Renewed when less than this is left. */
const spareMs = 15_000;
const inUseMs = 5 * 60_000;

type Entry = { asked: Promise<Result<Lease[], ErrorCode>>; askedAtMs: number; goodUntilMs: number };

export function createLeases(deps: {
  readonly registry: Registry;
  readonly registryKey: () => Promise<PublicJwk>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Leases {
  const { registry, clock, signal } = deps;
  const entries = new Map<string, Entry>();
  const usedAtMs = new Map<string, number>();

  const ask = (roomId: string): Entry => {
    const asked = deps.registryKey().then((key) => registry.leases(roomId, key, clock.nowMs));
    const entry: Entry = { asked, askedAtMs: clock.nowMs(), goodUntilMs: Number.POSITIVE_INFINITY };
    entries.set(roomId, entry);
    drop(
      asked.then((answer) => {
        // No lease yet is not an answer to keep: the room's first consent may be on its way.
        if (answer.ok && answer.value.length > 0)
          entry.goodUntilMs = Math.min(...answer.value.map((lease) => lease.untilMs));
        else if (entries.get(roomId) === entry) entries.delete(roomId);
      }),
    );
    return entry;
  };

  const fresh = (roomId: string): Entry | undefined => {
    const entry = entries.get(roomId);
    return entry !== undefined && entry.goodUntilMs - clock.nowMs() > 0 ? entry : undefined;
  };

  const renewing = new Set<string>();
  const renew = async (roomId: string): Promise<void> => {
    if (renewing.has(roomId)) return;
    renewing.add(roomId);
    while (!signal.aborted && clock.nowMs() - (usedAtMs.get(roomId) ?? 0) < inUseMs) {
      const entry = fresh(roomId) ?? ask(roomId);
      await entry.asked.catch(() => undefined);
      const leftMs = Math.min(entry.goodUntilMs - clock.nowMs(), 60_000);
      await clock.wait(Math.max(5000, leftMs - spareMs), signal);
      if (!signal.aborted && entry.goodUntilMs - clock.nowMs() <= spareMs) ask(roomId);
    }
    renewing.delete(roomId);
  };

  return {
    async of(roomId) {
      usedAtMs.set(roomId, clock.nowMs());
      const entry = fresh(roomId) ?? ask(roomId);
      try {
        const answer = await entry.asked;
        return answer.ok ? ok(answer.value) : answer;
      } catch {
        return err("registry-unreachable");
      }
    },
    forget: (roomId) => void entries.delete(roomId),
    keepFresh(roomId) {
      usedAtMs.set(roomId, clock.nowMs());
      drop(renew(roomId));
    },
  };
}
