import type { LocalGlass } from "#protocol/offline.ts";
import { type Clock, type Mark, markOf, sinceMs } from "../kit/clock.ts";

/**
 * The emergencies that were signed on this device while the registry was silent, as long as this page lives: after a reload the access is
 * over. What was signed is in the outbox, and outlives both.
 */
export type Emergencies = {
  open(consentId: string): void;
  on(consentId: string): LocalGlass | null;
  /** Nobody is signed in any more. */
  clear(): void;
};

export function createEmergencies(clock: Clock): Emergencies {
  const opened = new Map<string, Mark>();
  return {
    open: (consentId) => void opened.set(consentId, markOf(clock)),
    on(consentId) {
      const mark = opened.get(consentId);
      return mark === undefined ? null : { ageMs: sinceMs(clock, mark) };
    },
    clear: () => opened.clear(),
  };
}
