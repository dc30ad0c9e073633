import type { Verdict } from "./oracle.ts";
import { RuleBroken } from "./world.ts";

/** How often each thing was allowed and refused, so that a run that tried nothing is seen. */
export type Tally = Map<string, { allowed: number; refused: number; open: number }>;

/**
 * Holds what a machine did against what the rules say, before and after it did so: where time went by in between and the two differ,
 * either was right.
 */
export function judgeThat(
  tally: Tally | undefined,
  what: string,
  verdicts: readonly Verdict[],
  happened: boolean,
  about: unknown,
): void {
  const [verdict = "either"] = new Set(verdicts).size === 1 ? verdicts : [];
  const counted = tally?.get(what) ?? { allowed: 0, refused: 0, open: 0 };
  tally?.set(what, counted);
  if (verdict === "either") counted.open += 1;
  else if (verdict === "allow") counted.allowed += 1;
  else counted.refused += 1;
  if (verdict === "refuse" && happened)
    throw broken(`${what}: the rules refuse it, and it came about`, about);
  if (verdict === "allow" && !happened)
    throw broken(`${what}: the rules allow it, and it was refused`, about);
}

const broken = (words: string, about: unknown): RuleBroken =>
  new RuleBroken(
    `${words}\n${JSON.stringify(about, (_key, value) => (value instanceof Uint8Array ? "bytes" : value), 1)}`,
  );
