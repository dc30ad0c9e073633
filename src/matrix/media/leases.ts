import { type ErrorCode, errorTable } from "#protocol/errors.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { type Clock, drop } from "../kit/clock.ts";
import { type Lease, leftMs, type Registry } from "../registry.ts";
import type { LastWords } from "./last-words.ts";

/** The registry's word on each room in use, asked once for all its pictures and renewed before it ends while the case is open. */
export type Leases = {
  of(roomId: string): Promise<Result<readonly Lease[], ErrorCode>>;
  /** What the registry said last, however long ago; null when it never did, or has refused its word since. For when it is silent. */
  lastHeard(roomId: string): Promise<readonly Lease[] | null>;
  /** Something was taken back: what the registry said before counts no more, not even while it is silent. */
  unlearn(roomId: string): void;
  /** Forgets what is known, so that the next question goes to the registry: a photo or consent was added. */
  forget(roomId: string): void;
  /** Nobody is signed in any more. */
  clear(): void;
  /** The case is open: its leases are fetched ahead and kept fresh for a while. */
  keepFresh(roomId: string): void;
};

/** Renewed when less than this is left. */
const spareMs = 15_000;
const inUseMs = 5 * 60_000;

type Entry = {
  readonly asked: Promise<Result<Lease[], ErrorCode>>;
  /** Null until the answer is there. */
  leases: readonly Lease[] | null;
};

export function createLeases(deps: {
  readonly registry: Pick<Registry, "leases">;
  readonly registryKey: () => Promise<PublicJwk>;
  readonly words: LastWords;
  /** Told what was taken back, as the registry says it. */
  readonly onWithdrawn: (consentId: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Leases {
  const { registry, words, clock, signal } = deps;
  const entries = new Map<string, Entry>();
  const usedAtMs = new Map<string, number>();

  const ask = (roomId: string): Entry => {
    const asked = deps.registryKey().then((key) => registry.leases(roomId, key, clock));
    const entry: Entry = { asked, leases: null };
    entries.set(roomId, entry);
    drop(
      asked.then((answer) => {
        // No lease yet is not an answer to keep: the room's first consent may be on its way.
        if (answer.ok && answer.value.length > 0) return hear(roomId, entry, answer.value);
        if (entries.get(roomId) === entry) entries.delete(roomId);
        // A registry that answers and says nothing, or no, is not silent.
        if (answer.ok || !isSilence(answer.error)) words.forget(roomId);
      }),
    );
    return entry;
  };

  const hear = (roomId: string, entry: Entry, leases: readonly Lease[]): void => {
    entry.leases = leases;
    // Asked before something was taken back, it says nothing of it.
    if (entries.get(roomId) === entry) words.keep(roomId, leases);
    for (const { claims } of leases) if (claims.state === "withdrawn") deps.onWithdrawn(claims.consentId);
  };

  const left = ({ leases }: Entry): number =>
    leases === null ? Number.POSITIVE_INFINITY : Math.min(...leases.map(leftMs));

  const fresh = (roomId: string): Entry | undefined => {
    const entry = entries.get(roomId);
    return entry !== undefined && left(entry) > 0 ? entry : undefined;
  };

  const renewing = new Set<string>();
  const renew = async (roomId: string): Promise<void> => {
    if (renewing.has(roomId)) return;
    renewing.add(roomId);
    while (!signal.aborted && clock.nowMs() - (usedAtMs.get(roomId) ?? 0) < inUseMs) {
      const entry = fresh(roomId) ?? ask(roomId);
      await entry.asked.catch(() => undefined);
      await clock.wait(Math.max(5000, Math.min(left(entry), 60_000) - spareMs), signal);
      if (!signal.aborted && left(entry) <= spareMs) ask(roomId);
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
    lastHeard: (roomId) => words.find(roomId),
    unlearn(roomId) {
      entries.delete(roomId);
      words.forget(roomId);
    },
    clear() {
      entries.clear();
      words.clear();
    },
    forget: (roomId) => void entries.delete(roomId),
    keepFresh(roomId) {
      usedAtMs.set(roomId, clock.nowMs());
      drop(renew(roomId));
    },
  };
}

/** The registry did not say anything, as against a no. */
export const isSilence = (code: ErrorCode): boolean => errorTable[code].retry === "later";
