const longestMs = 30_000;

/** Doubles from one second to half a minute, half of it by chance (`random` in 0..1), so that cases do not all knock at once. */
export function backoffMs(attempts: number, random: number): number {
  const full = Math.min(longestMs, 1000 * 2 ** Math.min(attempts, 10));
  return Math.round(full / 2 + (full / 2) * random);
}

/** How long until a time that was set by a backoff. Further away than any backoff means that the clock was set back: then it is now. */
export function dueInMs(atMs: number, nowMs: number): number {
  const waitMs = atMs - nowMs;
  return waitMs > longestMs ? 0 : Math.max(0, waitMs);
}
