import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { people } from "../server/filing/testing/a-case.ts";
import { aRecord, patientResource } from "../server/filing/testing/a-record.ts";
import { connectStack } from "../stack/control.ts";
import { type BenchCase, benchCase, benchPhoto, demoPatients, filingPlace } from "./filing-place.ts";
import { type Kept, rehearsal, replay } from "./replay.ts";
import { ci95Of, medianOf } from "./statistics.ts";

/**
 * `npm run bench -- filing [--events N] [--blocks N] [--handicap MS]`: how much of the time is ours when photos are filed.
 *
 *   ours     the product's filing, from the moment that it opens a database in which the photos of a block wait, to its word that the last was
 *            read back: gate, plan, outbox, document bundle, STOW-RS, workflow bundle, read-backs. Real HAPI, real Orthanc
 *   replay   the very requests that filing makes for as many other photos of the same size, kept in memory before, sent by a plain loop: the
 *            same client, as many cases at once, each request once those were answered that filing had waited for
 *
 * Blocks take turns (A B B A); every id is new in every block, so both sides create. What is measured is filing: what the archivist does
 * with Matrix before and after is in neither side.
 */
const { values: options } = parseArgs({
  options: {
    /** Of each side. */
    events: { type: "string", default: "1000" },
    blocks: { type: "string", default: "10" },
    bytes: { type: "string", default: "300000" },
    /** Milliseconds added to ours for each photo: a control that the bench sees a difference. */
    handicap: { type: "string", default: "0" },
    verbose: { type: "boolean", default: false },
  },
});
const blocks = Math.max(2, Number(options.blocks));
const perCase = 10;
const casesPerBlock = Math.max(1, Math.round(Number(options.events) / blocks / perCase));
const perBlock = casesPerBlock * perCase;
const atOnce = 4;

const { facts } = connectStack();
const address = { fhirUrl: facts.fhirUrl, dicomwebUrl: facts.dicomwebUrl ?? undefined };
const busyBefore = loadavg()[0] ?? 0;
if (busyBefore > cpus().length)
  console.error(
    `The machine is busy (load ${busyBefore.toFixed(1)}): what follows compares, and says little in milliseconds.`,
  );

const all = await people();
await warmUp();
const took = { ours: [] as number[], replay: [] as number[] };
const requests = { ours: 0, replay: 0 };
/** What this process itself worked meanwhile: the record and the archive have the rest. */
const worked = { ours: 0, replay: 0 };
for (let block = 0; block < blocks; block += 1) await measureBlock(block);
report();

/** Java compiles what it runs often: neither side shall pay for that. */
async function warmUp(): Promise<void> {
  using place = filingPlace(all, address);
  const cases = await openCases(place, 4);
  await place.lay(await photosOf(cases, 15));
  await place.file(fetch, 4 * 15);
  await replay(await rehearse(await openedElsewhere(4), 15), atOnce);
}

async function measureBlock(block: number): Promise<void> {
  using place = filingPlace(all, address);
  const cases = await openCases(place, casesPerBlock);
  await place.lay(await photosOf(cases, perCase));
  const lines = await rehearse(await openedElsewhere(casesPerBlock), perCase);

  const sides = {
    ours: async () => {
      let asked = 0;
      const counting: typeof fetch = (input, init) => {
        asked += 1;
        return fetch(input, init);
      };
      await place.file(counting, perBlock);
      return asked;
    },
    replay: () => replay(lines, atOnce),
  };
  const order = block % 2 === 0 ? (["ours", "replay"] as const) : (["replay", "ours"] as const);
  for (const side of order) {
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    requests[side] += await sides[side]();
    const ms = performance.now() - began + (side === "ours" ? Number(options.handicap) * perBlock : 0);
    took[side].push(ms);
    const { user, system } = process.cpuUsage(cpuBefore);
    worked[side] += (user + system) / 1000;
    if (options.verbose) console.error(`block ${block} ${side} ${ms.toFixed(0)} ms`);
  }
}

type Place = ReturnType<typeof filingPlace>;

/** Cases with their request and consent in the record. */
async function openCases(place: Place, count: number): Promise<BenchCase[]> {
  const cases: BenchCase[] = [];
  for (let at = 0; at < count; at += 1) cases.push(await benchCase(all, patientAt(at)));
  await place.lay(cases.flatMap(({ opening }) => opening));
  await place.file(fetch, count * 2);
  return cases;
}

/** The same, each in a database of its own, for the rehearsal. */
async function openedElsewhere(count: number) {
  const places: { place: Place; given: BenchCase }[] = [];
  for (let at = 0; at < count; at += 1) {
    const place = filingPlace(all, address);
    const given = await benchCase(all, patientAt(at));
    await place.lay(given.opening);
    await place.file(fetch, 2);
    places.push({ place, given });
  }
  return places;
}

/** The requests that filing makes for the photos of each case. */
async function rehearse(
  places: Awaited<ReturnType<typeof openedElsewhere>>,
  photos: number,
): Promise<Kept[][]> {
  const lines: Kept[][] = [];
  for (const { place, given } of places) {
    using _place = place;
    const record = aRecord();
    record.put(patientResource(given.request.patient));
    const { kept, fetcher } = rehearsal(record);
    await place.lay(await photosOf([given], photos));
    await place.file(fetcher, photos);
    lines.push(kept);
  }
  return lines;
}

async function photosOf(cases: readonly BenchCase[], each: number) {
  const items = [];
  for (let at = 0; at < each; at += 1)
    for (const given of cases) items.push(await benchPhoto(all, given, Number(options.bytes)));
  return items;
}

function patientAt(at: number) {
  const patient = demoPatients[at % demoPatients.length];
  if (patient === undefined) throw new Error("The demo has patients");
  return patient;
}

function report(): void {
  const ratios = took.ours.map((ms, at) => ms / (took.replay[at] ?? Number.NaN));
  const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);
  const events = blocks * perBlock;
  const perSecond = { ours: (events * 1000) / sum(took.ours), replay: (events * 1000) / sum(took.replay) };
  const result = {
    bench: "filing",
    ratio: round(sum(took.ours) / sum(took.replay)),
    unit: "time to file over time to replay the same requests",
    ratioOfBlocks: { median: round(medianOf(ratios)), ci95: ci95Of(ratios).map(round) },
    ratios: ratios.map(round),
    photosPerSecond: { ours: round(perSecond.ours), replay: round(perSecond.replay) },
    cpuMsPerPhoto: { ours: round(worked.ours / events), replay: round(worked.replay / events) },
    requests,
    events,
    blocks,
    bytes: Number(options.bytes),
    atOnce,
    archive: address.dicomwebUrl !== undefined,
    handicapMs: Number(options.handicap),
    load: [round(busyBefore), round(loadavg()[0] ?? 0)],
  };
  console.log(
    `${events} photos of ${Math.round(result.bytes / 1000)} kB that waited: filed at ${result.photosPerSecond.ours} a second; the same requests ` +
      `in a plain loop, ${result.photosPerSecond.replay} a second. Ratio of the times ${result.ratio}; of ${blocks} pairs of blocks the median is ` +
      `${result.ratioOfBlocks.median} (95 %: ${result.ratioOfBlocks.ci95.join(" to ")}).`,
  );
  console.log(JSON.stringify(result));
  if (requests.ours !== requests.replay) {
    console.error(`The sides did not ask the same: ${requests.ours} and ${requests.replay} requests`);
    process.exitCode = 1;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
