/** The numbers that a bench gives: medians, and how sure they are. */

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error("No values, no median");
  return (low + high) / 2;
}

/**
 * 95 % bootstrap interval of the median: the values are drawn again, with replacement, 10 000 times. The draws are the same for the same
 * values.
 */
export function ci95Of(values: readonly number[]): [number, number] {
  const random = mulberry32(values.length);
  const draw = () => values[Math.floor(random() * values.length)] ?? Number.NaN;
  const medians = Array.from({ length: 10_000 }, () => medianOf(values.map(draw)));
  medians.sort((one, other) => one - other);
  return [medians[250] ?? Number.NaN, medians[9_749] ?? Number.NaN];
}

/** A small generator of even numbers in [0, 1), by Tommy Ettinger (public domain). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
