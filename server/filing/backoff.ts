/** Doubles from one second to half a minute, half of it by chance (`random` in 0..1), so that cases do not all knock at once. */
export function backoffMs(attempts: number, random: number): number {
  const full = Math.min(30_000, 1000 * 2 ** Math.min(attempts, 10));
  return Math.round(full / 2 + (full / 2) * random);
}
