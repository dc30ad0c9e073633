import { people } from "../server/filing/testing/a-case.ts";
import { aRecord, patientResource } from "../server/filing/testing/a-record.ts";
import { connectStack } from "../stack/control.ts";
import { type BenchCase, benchCase, benchPhoto, demoPatients, filingPlace } from "./filing-place.ts";
import { type Kept, rehearsal, replay } from "./replay.ts";
import { ci95Of, medianOf } from "./statistics.ts";

/**
 * How much of the time is ours when photos are filed.
 *
 *   ours     the product's own filing, from the moment that it opens a database in which the photos of a block wait, to its word that the last was
 *            read back: gate, plan, outbox, document bundle, STOW-RS, workflow bundle, read-backs. Real HAPI, real Orthanc
 *   replay   the very requests that filing makes for as many other photos of the same size, kept in memory before, sent by a plain loop: the
 *            same client, as many cases at once, each request once those were answered that filing had waited for
 *
 * Blocks take turns (A B B A); every id is new in every block, so both sides create. What is measured is filing: what the archivist does
 * with Matrix before and after is in neither side.
 */
export type WaitingOptions = {
  /** Of each side. */
  readonly events: number;
  readonly blocks: number;
  readonly bytes: number;
  /** Milliseconds added to ours for each photo: a control that the bench sees a difference. */
  readonly handicapMs: number;
  readonly say: (line: string) => void;
};
const perCase = 10;
const atOnce = 4;

const { facts } = connectStack();
const address = { fhirUrl: facts.fhirUrl, dicomwebUrl: facts.dicomwebUrl ?? undefined };
const all = await people();

export async function measureWaiting(options: WaitingOptions) {
  const casesPerBlock = Math.max(1, Math.round(options.events / options.blocks / perCase));
  const took = { ours: [] as number[], replay: [] as number[] };
  const requests = { ours: 0, replay: 0 };
  /** What this process itself worked meanwhile: the record and the archive have the rest. */
  const worked = { ours: 0, replay: 0 };
  await warmUp(options.bytes);
  for (let block = 0; block < options.blocks; block += 1) {
    const order = block % 2 === 0 ? (["ours", "replay"] as const) : (["replay", "ours"] as const);
    await using sides = await prepareBlock(casesPerBlock, options.bytes);
    for (const side of order) {
      const began = performance.now();
      const cpuBefore = process.cpuUsage();
      requests[side] += await sides[side]();
      const handicapMs = side === "ours" ? options.handicapMs * casesPerBlock * perCase : 0;
      const ms = performance.now() - began + handicapMs;
      took[side].push(ms);
      const { user, system } = process.cpuUsage(cpuBefore);
      worked[side] += (user + system) / 1000;
      options.say(`block ${block} ${side} ${ms.toFixed(0)} ms`);
    }
  }
  return resultOf({ options, took, requests, worked, events: options.blocks * casesPerBlock * perCase });
}

/** Java compiles what it runs often: neither side shall pay for that. */
async function warmUp(bytes: number): Promise<void> {
  using place = filingPlace(all, address);
  const cases = await openCases(place, 4);
  await place.lay(await photosOf(cases, 15, bytes));
  await place.file(fetch, 4 * 15);
  await replay(await rehearse(await openedElsewhere(4), 15, bytes), atOnce);
}

/** As many photos for each side, which wait. Each side gives how many requests it made. */
async function prepareBlock(casesPerBlock: number, bytes: number) {
  await using preparing = new AsyncDisposableStack();
  const place = preparing.use(filingPlace(all, address));
  const cases = await openCases(place, casesPerBlock);
  await place.lay(await photosOf(cases, perCase, bytes));
  const lines = await rehearse(await openedElsewhere(casesPerBlock), perCase, bytes);
  const prepared = preparing.move();
  return {
    ours: async () => {
      let asked = 0;
      const counting: typeof fetch = (input, init) => {
        asked += 1;
        return fetch(input, init);
      };
      await place.file(counting, casesPerBlock * perCase);
      return asked;
    },
    replay: () => replay(lines, atOnce),
    [Symbol.asyncDispose]: () => prepared.disposeAsync(),
  };
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
  bytes: number,
): Promise<Kept[][]> {
  const lines: Kept[][] = [];
  for (const { place, given } of places) {
    using _place = place;
    const record = aRecord();
    record.put(patientResource(given.request.patient));
    const { kept, fetcher } = rehearsal(record);
    await place.lay(await photosOf([given], photos, bytes));
    await place.file(fetcher, photos);
    lines.push(kept);
  }
  return lines;
}

async function photosOf(cases: readonly BenchCase[], each: number, bytes: number) {
  const items = [];
  for (let at = 0; at < each; at += 1)
    for (const given of cases) items.push(await benchPhoto(all, given, bytes));
  return items;
}

function patientAt(at: number) {
  const patient = demoPatients[at % demoPatients.length];
  if (patient === undefined) throw new Error("The demo has patients");
  return patient;
}

function resultOf(measured: {
  readonly options: WaitingOptions;
  readonly took: Readonly<Record<"ours" | "replay", readonly number[]>>;
  readonly requests: Readonly<Record<"ours" | "replay", number>>;
  readonly worked: Readonly<Record<"ours" | "replay", number>>;
  readonly events: number;
}) {
  const { options, took, requests, worked, events } = measured;
  const ratios = took.ours.map((ms, at) => ms / (took.replay[at] ?? Number.NaN));
  const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);
  return {
    ratio: round(sum(took.ours) / sum(took.replay)),
    unit: "time to file over time to replay the same requests",
    ratioOfBlocks: { median: round(medianOf(ratios)), ci95: ci95Of(ratios).map(round) },
    ratios: ratios.map(round),
    photosPerSecond: {
      ours: round((events * 1000) / sum(took.ours)),
      replay: round((events * 1000) / sum(took.replay)),
    },
    cpuMsPerPhoto: { ours: round(worked.ours / events), replay: round(worked.replay / events) },
    requests,
    events,
    blocks: options.blocks,
    bytes: options.bytes,
    atOnce,
    archive: address.dicomwebUrl !== undefined,
    handicapMs: options.handicapMs,
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
