import { type Campaign, tally } from "./campaign.ts";
import { filingPoints } from "./points.ts";
import type { RunReport } from "./run.ts";

/** One line a run. */
export const lineOf = (run: RunReport, kills: number): string =>
  [
    `seed ${run.seed}:`,
    `${run.kills.length} kills, ${run.faults.length} faults, ${run.events} events, ${run.parked} parked,`,
    `${run.processes === 2 ? "two processes, " : ""}${Math.round(run.ms / 1000)} s`,
    `(${kills} kills so far)${run.wrong.length === 0 ? "" : ` ✗ ${run.wrong.length} things wrong`}`,
  ].join(" ");

/** What a campaign came to, for a person. */
export function reportOf({ runs, kills, wrong }: Campaign, seed: number): string {
  const met = new Set(runs.flatMap((run) => run.kills));
  const missed = filingPoints.filter((point) => !met.has(point));
  const table = (names: readonly string[]): string[] =>
    tally(names).map(([name, times]) => `   ${String(times).padStart(5)} × ${name}`);
  const events = runs.reduce((sum, run) => sum + run.events, 0);
  return [
    "── Killed",
    ...table(runs.flatMap((run) => run.kills)),
    ...(missed.length === 0 ? [] : [`   never met: ${missed.join(", ")}`]),
    "── Faults",
    ...table(runs.flatMap((run) => run.faults.map((fault) => fault.replace(/ \d+$/, "")))),
    ...wrong.map((each) => `✗ ${each}`),
    wrong.length === 0
      ? `HELD: ${runs.length} runs, ${kills} kills, ${events} events, each filed exactly once or parked with a reason; seed ${seed}`
      : `BROKEN: ${wrong.length} things are wrong (above). Play one again: npm run chaos -- filing --seed <its seed> --kills 1`,
  ].join("\n");
}
