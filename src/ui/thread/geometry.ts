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

/** SVG path of the thread bent into an arc with its loops turned inwards, anticlockwise; angles in degrees from the right. */
export function arcPath(arc: {
  readonly centre: readonly [x: number, y: number];
  readonly radius: number;
  readonly from: number;
  readonly to: number;
  readonly knots: readonly number[];
  readonly k: number;
}): string {
  const { centre, radius, k } = arc;
  const on = (degrees: number): string => {
    const angle = (degrees * Math.PI) / 180;
    return `${round(centre[0] + radius * Math.cos(angle))} ${round(centre[1] - radius * Math.sin(angle))}`;
  };
  const run = `A${round(radius)} ${round(radius)} 0 0 0 `;
  const reach = (((loopReach - 1) * k) / radius) * (180 / Math.PI);
  const knots = arc.knots.map((degrees) => {
    const angle = (degrees * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    // The loop keeps its shape, in the frame of the arc's tangent; only its two feet come down on the arc.
    const to = ([t, n]: Point): string =>
      `${round(centre[0] + (radius - n * k) * cos - t * k * sin)} ${round(centre[1] - (radius - n * k) * sin - t * k * cos)}`;
    const points = loop.flat().slice(0, -1).map(to);
    const curves = [...points, on(degrees + reach)];
    return `${run}${on(degrees - reach)}C${curves.join(" ")}`;
  });
  return `M${on(arc.from)}${knots.join("")}${run}${on(arc.to)}`;
}

const loose: Point = [3.4, 15];

/** SVG path of a knot that failed: the loop is left open, with two ends. */
export function openKnotPath(direction: Direction, at: number, line: number, k: number): string {
  const to = place(direction, at, line, k);
  const [first] = loop;
  const turn: readonly Point[] = [[6.5, 12.4], [5.2, 14.4], loose];
  const points = [...(first ?? []), ...turn].map(to);
  const back = [[1, 0] as Point, [-6.5, 3] as Point, [-6.5, 8.2] as Point].map(to);
  return `M${to([-loopReach, 0])}C${points.join(" ")}M${to([loopReach, 0])}C${back.join(" ")}`;
}

/** The line that comes in from the left and turns down into a vertical thread, `reach` to its left. */
export function cornerPath(line: number, reach: number, from: number, to: number): string {
  const turn = Math.min(28, reach);
  return `M${round(line - reach)} ${round(from)}H${round(line - turn)}C${round(line - turn * 0.25)} ${round(from)} ${round(line)} ${round(from + (to - from) * 0.36)} ${round(line)} ${round(to)}`;
}

/** SVG path of a straight piece of the line. */
export function linePath(direction: Direction, from: number, to: number, line: number): string {
  return direction === "horizontal"
    ? `M${round(from)} ${round(line)}H${round(to)}`
    : `M${round(line)} ${round(from)}V${round(to)}`;
}

export type KnotState = "tied" | "next" | "to-come" | "withdrawn" | "failed";

/** One drawn piece of a thread. `key` names it for as long as it is the same piece. */
export type Piece = { readonly key: string } & (
  | { readonly kind: "ink" | "dotted" | "ghost"; readonly d: string }
  | { readonly kind: "knot"; readonly d: string; readonly index: number }
  | { readonly kind: "open-knot"; readonly d: string; readonly end: readonly [x: number, y: number] }
  | { readonly kind: "next" | "coming"; readonly at: number }
  | { readonly kind: "bar"; readonly at: number }
);

export type ThreadShape = {
  readonly direction: Direction;
  readonly states: readonly KnotState[];
  /** The knots' places along the line. */
  readonly positions: readonly number[];
  /** Where the line begins and ends, along itself. */
  readonly start: number;
  readonly end: number;
  /** Where the line is, across itself. */
  readonly line: number;
  readonly k: number;
};

/**
 * The pieces of a thread: a continuous line up to the last knot that is tied, dots beyond (nothing is promised), a bar and a gap
 * where it was withdrawn.
 */
export function threadPieces(shape: ThreadShape): Piece[] {
  const { direction, states, positions, end, line, k } = shape;
  const pieces: Piece[] = [];
  const reach = loopReach * k;
  let from = shape.start;
  let inked = true;
  const run = (to: number, key: string, kind: "ink" | "dotted" | "ghost" = inked ? "ink" : "dotted") => {
    if (to > from) pieces.push({ key, kind, d: linePath(direction, from, to, line) });
    from = Math.max(from, to);
  };
  for (const [index, state] of states.entries()) {
    const at = positions[index] ?? 0;
    const key = `to-${index}`;
    if (state === "withdrawn") {
      run(at, key);
      pieces.push({ key: `at-${index}`, kind: "bar", at });
      from = Math.min(end, at + 24 * k);
      run(end, "end", "ghost");
      return pieces;
    }
    if (state === "tied") {
      run(at - reach, key);
      pieces.push({ key: `knot-${index}`, kind: "knot", d: knotPath(direction, at, line, k), index });
      from = at + reach;
      inked = true;
      continue;
    }
    if (state === "failed") {
      run(at - reach, key);
      pieces.push(openKnot(shape, index, at));
      from = at + reach;
      inked = false;
      continue;
    }
    const radius = ringRadius(k) + 2.5;
    // The line stays solid a little way out of the last tied knot, then only dots.
    if (inked && index > 0) run(Math.min(from + 2 * k, at - radius), `${key}-solid`);
    inked = false;
    run(at - radius, key);
    pieces.push({ key: `at-${index}`, kind: state === "next" ? "next" : "coming", at });
    from = at + radius;
  }
  run(end, "end");
  return pieces;
}

/** Radius of a knot that is still to be tied. */
export const ringRadius = (k: number): number => Math.max(3.4, 5.6 * k);

function openKnot({ direction, line, k }: ThreadShape, index: number, at: number): Piece {
  const [t, n] = [loose[0] * k, loose[1] * k];
  return {
    key: `at-${index}`,
    kind: "open-knot",
    d: openKnotPath(direction, at, line, k),
    end: direction === "horizontal" ? [at + t, line - n] : [line + n, at + t],
  };
}
