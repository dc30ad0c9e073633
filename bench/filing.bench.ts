import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { connectStack } from "../stack/control.ts";

/**
 * `npm run bench -- filing [--only waiting,screen,memory]`: three questions about filing, each of which can be asked alone.
 *
 *   waiting   photos that wait: the product's filing against a plain loop that sends the same requests (filing-waiting.ts)
 *   screen    from the finger that sends a message to "filed" on the same screen (filing-screen.ts)
 *   memory    what the archivist's memory does over thousands of events (filing-memory.ts)
 */
const parts = ["waiting", "screen", "memory"] as const;
const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    /** Waiting: photos of each side, in so many blocks, each of so many bytes. */
    events: { type: "string", default: "1000" },
    blocks: { type: "string", default: "10" },
    bytes: { type: "string", default: "300000" },
    /** Waiting: milliseconds added to ours for each photo, a control that the bench sees a difference. */
    handicap: { type: "string", default: "0" },
    /** Screen: how many are sent. */
    messages: { type: "string", default: "30" },
    /** Memory: events after the warm-up. */
    held: { type: "string", default: "10000" },
    verbose: { type: "boolean", default: false },
  },
});
const wanted =
  options.only === undefined
    ? parts
    : options.only.split(",").flatMap((name) => parts.filter((part) => part === name));
if (wanted.length === 0) throw new Error(`Which parts? --only ${parts.join(",")}`);
const say = (line: string): void => void (options.verbose && console.error(line));
const load = (): number => Math.round((loadavg()[0] ?? 0) * 10) / 10;

const measure = { waiting, screen, memory };
for (const part of wanted) {
  const before = load();
  if (before > cpus().length)
    console.error(
      `The machine is busy (load ${before}): what follows compares, and says little in milliseconds.`,
    );
  const result = await measure[part]();
  console.log(JSON.stringify({ bench: `filing ${part}`, ...result, load: [before, load()] }));
}

async function waiting() {
  const { measureWaiting } = await import("./filing-waiting.ts");
  const result = await measureWaiting({
    events: Number(options.events),
    blocks: Math.max(2, Number(options.blocks)),
    bytes: Number(options.bytes),
    handicapMs: Number(options.handicap),
    say,
  });
  const { events, bytes, blocks, photosPerSecond, ratio, ratioOfBlocks, requests } = result;
  console.log(
    `${events} photos of ${Math.round(bytes / 1000)} kB that waited: filed at ${photosPerSecond.ours} a second; the same requests ` +
      `in a plain loop, ${photosPerSecond.replay} a second. Ratio of the times ${ratio}; of ${blocks} pairs of blocks the median is ` +
      `${ratioOfBlocks.median} (95 %: ${ratioOfBlocks.ci95.join(" to ")}).`,
  );
  if (requests.ours !== requests.replay) {
    console.error(`The sides did not ask the same: ${requests.ours} and ${requests.replay} requests`);
    process.exitCode = 1;
  }
  return result;
}

async function screen() {
  const { measureScreen } = await import("./filing-screen.ts");
  const result = await measureScreen({
    pages: process.env.COLLOQUE_BENCH_PAGES ?? "",
    publicUrl: connectStack().facts.publicUrl,
    messages: Number(options.messages),
    say,
  });
  const { n, filed } = result;
  console.log(
    `${n} messages, from pressing "send" to "filed" on the same screen: ${filed.p50} ms in the middle, ${filed.p95} ms at the 95th percentile.`,
  );
  return result;
}

async function memory() {
  const { measureMemory } = await import("./filing-memory.ts");
  const result = await measureMemory(Number(options.held), say);
  console.log(
    `The archivist's heap over ${result.events} events: ${result.heapMb.at(0)} to ${result.heapMb.at(-1)} MB, ${result.slopePercent} % per ` +
      `thousand (95 %: ${result.ci95.join(" to ")}).`,
  );
  return result;
}
