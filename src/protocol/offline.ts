import { leaseMs } from "./api.ts";
import type { ConsentRules } from "./consent-rules.ts";
import type { Status } from "./disclose.ts";

/** What a device last heard of a consent, or of a picture under it, from the registry, and how long ago by whichever of its clocks says more. */
export type LastWord = { readonly state: "live" | "withdrawn"; readonly ageMs: number };

/** An emergency that was signed on this device while the registry was silent: how long ago. */
export type LocalGlass = { readonly ageMs: number };

/**
 * What counts while the registry is silent. Its last word holds for the organisation's hours, and for a lease's minute in any case (rule
 * G15). An emergency that is signed into the device's journal stands in for its freshness, for minutes, and never for its word: what was
 * never heard of, or heard to be withdrawn, stays shut (rule G16).
 */
export function statusWhenSilent(
  word: LastWord | null,
  glass: LocalGlass | null,
  { offlineHours, localGlassMinutes }: Pick<ConsentRules, "offlineHours" | "localGlassMinutes">,
  nowMs: number,
): Status {
  if (word === null) return { state: "unknown" };
  const untilMs = nowMs - word.ageMs + Math.max(leaseMs, offlineHours * 3_600_000);
  return {
    state: word.state,
    untilMs: glass === null ? untilMs : Math.max(untilMs, localUntilMs(glass, { localGlassMinutes }, nowMs)),
  };
}

/** Until when such an emergency opens its case. */
export const localUntilMs = (
  { ageMs }: LocalGlass,
  { localGlassMinutes }: Pick<ConsentRules, "localGlassMinutes">,
  nowMs: number,
): number => nowMs - ageMs + localGlassMinutes * 60_000;
