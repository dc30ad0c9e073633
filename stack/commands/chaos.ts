import { parseArgs } from "node:util";
import { type Campaign, playCampaign } from "../../chaos/campaign.ts";
import { realRecord } from "../../chaos/real-record.ts";
import { lineOf, reportOf } from "../../chaos/report.ts";
import { startSmallRecord, type Target } from "../../chaos/target.ts";
import { StackFailure } from "../failure.ts";
import { createProgress } from "../progress.ts";
import { startStack } from "../stack.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Tally } from "./check.ts";

const usage = "npm run chaos -- filing [--kills 1000] [--minutes 30] [--seed N] [--small] [--naive]";

/** `npm run chaos -- filing`: kills filing at its named points, over faults, before the real record and archive. */
export async function chaos([what = "", ...args]: readonly string[]): Promise<number> {
  if (what !== "filing") throw new StackFailure(`What shall be killed? ${usage}`);
  return (await runChaos(args)).failed === 0 ? 0 : 1;
}

/** The same, counted for `npm run test:full`. */
export async function runChaos(args: readonly string[] = []): Promise<Tally> {
  const given = readArgs(args);
  const { signal, dispose } = stopSignal();
  try {
    if (given.small) {
      await using record = await startSmallRecord();
      return await play(record, given);
    }
    const progress = createProgress();
    await using stack = await startStack({
      profile: "chaos",
      reset: true,
      progress,
      parts: ["hapi", "orthanc"],
      signal,
    });
    progress.end();
    return await play(await realRecord(stack.fhirUrl, stack.dicomwebUrl), given);
  } finally {
    dispose();
  }
}

type Given = ReturnType<typeof readArgs>;

async function play(target: Target, { seed, kills, minutes, naive }: Given): Promise<Tally> {
  console.log(`── Seed ${seed}`);
  const campaign = await playCampaign({
    seed,
    kills,
    version: naive ? "naive" : "filing",
    target,
    limitMs: minutes * 60_000,
    onRun: (run, soFar) => console.log(lineOf(run, soFar)),
  });
  console.log(reportOf(campaign, seed));
  const failed = campaign.wrong.length + (isShort(campaign, kills) ? 1 : 0);
  return { passed: campaign.runs.filter((run) => run.wrong.length === 0).length, failed };
}

function isShort({ kills }: Campaign, wanted: number): boolean {
  if (kills >= wanted) return false;
  console.log(`NOT DONE: ${kills} kills of ${wanted} in the time that was given.`);
  return true;
}

function readArgs(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "1000" },
      minutes: { type: "string", default: "30" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
      small: { type: "boolean", default: false },
      naive: { type: "boolean", default: false },
    },
  });
  const [kills, minutes, seed] = [values.kills, values.minutes, values.seed].map(Number);
  if (kills === undefined || minutes === undefined || seed === undefined || !(kills + minutes + seed >= 0))
    throw new StackFailure(`These are no numbers: ${usage}`);
  return { kills, minutes, seed, small: values.small, naive: values.naive };
}
