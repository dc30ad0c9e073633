/** Time until an answer is due, cut into what people say aloud. */
export type Remaining = {
  readonly late: boolean;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Whole minutes: remaining time is rounded down and lateness too, so that neither is ever exaggerated. */
export function remaining(dueMs: number, nowMs: number): Remaining {
  const ms = Math.abs(dueMs - nowMs);
  return {
    late: nowMs > dueMs,
    days: Math.floor(ms / dayMs),
    hours: Math.floor((ms % dayMs) / hourMs),
    minutes: Math.floor((ms % hourMs) / minuteMs),
  };
}

export type Elapsed =
  | { readonly unit: "now" }
  | { readonly unit: "minutes" | "hours"; readonly count: number }
  | { readonly unit: "date"; readonly atMs: number };

/** How long ago: minutes for an hour, hours for a day, then the date. */
export function elapsed(atMs: number, nowMs: number): Elapsed {
  const ms = Math.max(0, nowMs - atMs);
  if (ms < minuteMs) return { unit: "now" };
  if (ms < hourMs) return { unit: "minutes", count: Math.floor(ms / minuteMs) };
  if (ms < dayMs) return { unit: "hours", count: Math.floor(ms / hourMs) };
  return { unit: "date", atMs };
}

/** Same calendar day on this device. */
export function sameDay(aMs: number, bMs: number): boolean {
  return new Date(aMs).toDateString() === new Date(bMs).toDateString();
}
