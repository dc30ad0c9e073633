import { makeCertificates } from "./certificates.ts";
import type { Facts } from "./judge.ts";
import type { Version } from "./lives.ts";
import { playRun, type RunOptions, type RunReport } from "./run.ts";
import type { Target } from "./target.ts";

export type CampaignOptions = {
  readonly seed: number;
  /** How many kills at least. */
  readonly kills: number;
  readonly version: Version;
  readonly target: Target;
  /** Runs beside each other. */
  readonly beside?: number;
  /** No new run begins after that. */
  readonly limitMs?: number;
  readonly onRun?: (report: RunReport, kills: number) => void;
};

export type Campaign = {
  readonly runs: readonly RunReport[];
  readonly kills: number;
  readonly wrong: readonly string[];
};

/** Plays runs until so many processes were killed. Each has a seed of its own, and can be played again by it. */
export async function playCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, version, target, limitMs = Number.POSITIVE_INFINITY } = options;
  using certificates = makeCertificates();
  const clean = await playClean({ version, target, certificates });
  const endMs = Date.now() + limitMs;
  const runs: RunReport[] = [];
  let killed = 0;
  const mayKill = (): boolean => killed < options.kills;
  const onKill = (): void => {
    killed += 1;
  };
  let next = 0;
  const play = async (): Promise<void> => {
    while (mayKill() && Date.now() < endMs) {
      const report = await playRun({
        ...{ seed: seed + next++, version, target, clean, certificates },
        ...{ mayKill, onKill },
      });
      runs.push(report);
      options.onRun?.(report, killed);
    }
  };
  await Promise.all(Array.from({ length: options.beside ?? 3 }, play));
  const wrong = runs.flatMap((run) => run.wrong.map((each) => `seed ${run.seed}: ${each}`));
  return { runs, kills: killed, wrong };
}

/** What one case leaves in the record when nothing goes wrong: the same for each case, or nothing could be compared. */
async function playClean(given: Pick<RunOptions, "version" | "target" | "certificates">): Promise<Facts> {
  const { wrong, facts } = await playRun({ ...given, seed: 1, isClean: true, clean: {} });
  const [first] = facts;
  if (wrong.length > 0 || first === undefined) throw new Error(`A clean run failed: ${wrong.join("; ")}`);
  if (facts.some((each) => JSON.stringify(each) !== JSON.stringify(first)))
    throw new Error(`Clean cases differ: ${JSON.stringify(facts)}`);
  return first;
}

/** How often each thing came, the most frequent first. */
export function tally(names: readonly string[]): [name: string, times: number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
