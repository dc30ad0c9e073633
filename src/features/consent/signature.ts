/** A drawn signature: strokes of points in a box of 1000 × 300. */
export type Stroke = readonly (readonly [number, number])[];

const signatureBox = { width: 1000, height: 300 } as const;

/** A signature under an eighth of the box's width, or shorter than a third of it in ink, is a slip of the finger. */
const leastWidth = 125;
const leastInk = 330;

/** Whether somebody signed: nothing, a dot or a dash is no signature. */
export function judgeSignature(strokes: readonly Stroke[]): "missing" | "too-small" | "signed" {
  const points = strokes.flat();
  if (points.length === 0) return "missing";
  const across = points.map(([x]) => x);
  // A loop and not a spread: a long signature has more points than a call takes arguments.
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of across) [left, right] = [Math.min(left, x), Math.max(right, x)];
  const ink = strokes.reduce((sum, stroke) => sum + lengthOf(stroke), 0);
  return right - left < leastWidth || ink < leastInk ? "too-small" : "signed";
}

function lengthOf(stroke: Stroke): number {
  let length = 0;
  for (let i = 1; i < stroke.length; i += 1) {
    const [before, after] = [stroke[i - 1], stroke[i]];
    if (before !== undefined && after !== undefined)
      length += Math.hypot(after[0] - before[0], after[1] - before[1]);
  }
  return length;
}

/** Most points that a stroke may carry (the protocol's limit), and most strokes. */
const maxPoints = 2000;
const maxStrokes = 200;

/** A stroke as the pad sees it, made fit for the evidence: integers inside the box, thinned where it is too long. */
function fitStroke(stroke: Stroke): [number, number][] {
  const step = Math.ceil(stroke.length / maxPoints);
  return stroke
    .filter((_, index) => index % step === 0)
    .map(([x, y]) => [clamp(x, signatureBox.width), clamp(y, signatureBox.height)]);
}

export const fitSignature = (strokes: readonly Stroke[]): [number, number][][] =>
  strokes.slice(0, maxStrokes).map(fitStroke);

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, Math.round(value)));
