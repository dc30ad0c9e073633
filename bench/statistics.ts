/** The numbers that a bench gives: medians, and how sure they are. */

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error("No values, no median");
  return (low + high) / 2;
}

/** The smallest value that so many percent of the values do not exceed. */
export function percentileOf(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new Error("No values, no percentile");
  return found;
}

/** Least squares: by how much `y` grows with each `x`, and the 95 % of it that the scatter leaves open. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): {
  readonly slope: number;
  readonly ci95: readonly [number, number];
} {
  const n = points.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [midX, midY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spreadX = points.reduce((sum, [x]) => sum + (x - midX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - midX) * (y - midY), 0) / spreadX;
  const left = points.reduce((sum, [x, y]) => sum + (y - midY - slope * (x - midX)) ** 2, 0);
  const open = tOf95(n - 2) * Math.sqrt(left / (n - 2) / spreadX);
  return { slope, ci95: [slope - open, slope + open] };
}

/** Student's t for 95 %, both sides. */
const tOf95 = (freedom: number): number =>
  [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14][freedom - 1] ?? 2.1;

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
