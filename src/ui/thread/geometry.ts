/**
 * The thread's loop, in its own frame: `t` along the line, `n` to the loop's side, unit `k`. The curve starts and ends on the line,
 * eleven units before and after the knot.
 */
type Point = readonly [t: number, n: number];

const loop: readonly (readonly [Point, Point, Point])[] = [
  [
    [-1, 0],
    [6.5, 3],
    [6.5, 9],
  ],
  [
    [6.5, 13],
    [3.6, 15.4],
    [0, 15.4],
  ],
  [
    [-3.6, 15.4],
    [-6.5, 13],
    [-6.5, 9],
  ],
  [
    [-6.5, 3],
    [1, 0],
    [11, 0],
  ],
];

/** Half of what a loop takes along the line, in units of `k`. */
export const loopReach = 11;
/** How far a loop stands off the line, in units of `k`. */
export const loopHeight = 15.4;

/** Where a thread runs. Loops stand above a horizontal line and to the right of a vertical one. */
export type Direction = "horizontal" | "vertical";

const round = (value: number): string => String(Math.round(value * 100) / 100);

/** Turns a point of the loop's frame into the picture's, for a knot at `at` on a line at `line`. */
function place(direction: Direction, at: number, line: number, k: number): (point: Point) => string {
  return ([t, n]) =>
    direction === "horizontal"
      ? `${round(at + t * k)} ${round(line - n * k)}`
      : `${round(line + n * k)} ${round(at + t * k)}`;
}

/** SVG path of one tied knot, from where it leaves the line to where it comes back. */
export function knotPath(direction: Direction, at: number, line: number, k: number): string {
  const to = place(direction, at, line, k);
  const curves = loop.map((points) => `C${points.map(to).join(" ")}`);
  return `M${to([-loopReach, 0])}${curves.join("")}`;
}

/** SVG path of a knot that failed: the loop is left open, with two ends. */
export function openKnotPath(direction: Direction, at: number, line: number, k: number): string {
  const to = place(direction, at, line, k);
  return `M${to([-loopReach, 0])}C${[[-1, 0] as Point, [6.5, 3] as Point, [6.5, 9] as Point].map(to).join(" ")}C${[[6.5, 12] as Point, [5, 14] as Point, [3, 15] as Point].map(to).join(" ")}`;
}

/** SVG path of a straight piece of the line. */
export function linePath(direction: Direction, from: number, to: number, line: number): string {
  return direction === "horizontal"
    ? `M${round(from)} ${round(line)}H${round(to)}`
    : `M${round(line)} ${round(from)}V${round(to)}`;
}

export type KnotState = "tied" | "next" | "to-come" | "withdrawn" | "failed";

/** One drawn piece of a thread. */
export type Piece =
  | { readonly kind: "ink"; readonly d: string }
  | { readonly kind: "dotted"; readonly d: string }
  | { readonly kind: "ghost"; readonly d: string }
  | { readonly kind: "knot"; readonly d: string; readonly index: number }
  | { readonly kind: "open-knot"; readonly d: string; readonly index: number }
  | { readonly kind: "ring"; readonly next: boolean; readonly at: number }
  | { readonly kind: "bar"; readonly at: number };

/**
 * The pieces of a thread of given knots: a continuous line up to the last knot that is tied, dots beyond, a bar and a gap where
 * it was withdrawn. `positions` are the knots' places along the line, from 0 to `length`.
 */
export function threadPieces(
  direction: Direction,
  states: readonly KnotState[],
  positions: readonly number[],
  length: number,
  line: number,
  k: number,
): Piece[] {
  const pieces: Piece[] = [];
  const reach = loopReach * k;
  let from = 0;
  let inked = true;
  let cutAt: number | null = null;
  states.forEach((state, index) => {
    const at = positions[index] ?? 0;
    if (cutAt !== null) return;
    if (state === "withdrawn") {
      pieces.push({ kind: "ink", d: linePath(direction, from, at, line) }, { kind: "bar", at });
      cutAt = at;
      return;
    }
    if (state === "tied" || state === "failed") {
      pieces.push({ kind: inked ? "ink" : "dotted", d: linePath(direction, from, at - reach, line) });
      const d = state === "tied" ? knotPath(direction, at, line, k) : openKnotPath(direction, at, line, k);
      pieces.push({ kind: state === "tied" ? "knot" : "open-knot", d, index });
      from = at + (state === "tied" ? reach : 0);
      inked = state === "tied";
      return;
    }
    const radius = 6.5 * k + 2;
    // The line stays solid a little way out of the last tied knot, then only dots: nothing is promised.
    if (inked && index > 0) {
      const solid = Math.min(from + 2 * k, at - radius);
      pieces.push({ kind: "ink", d: linePath(direction, from, solid, line) });
      from = solid;
    }
    inked = false;
    pieces.push(
      { kind: "dotted", d: linePath(direction, from, at - radius, line) },
      { kind: "ring", next: state === "next", at },
    );
    from = at + radius;
  });
  if (cutAt !== null)
    pieces.push({ kind: "ghost", d: linePath(direction, Math.min(length, cutAt + 24 * k), length, line) });
  else if (from < length)
    pieces.push({ kind: inked ? "ink" : "dotted", d: linePath(direction, from, length, line) });
  return pieces;
}
