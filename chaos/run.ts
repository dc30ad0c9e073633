import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { people, startMs } from "../server/filing/testing/a-case.ts";
import type { WorkItem } from "../server/filing/work.ts";
import { newBystander, newCase } from "./cases.ts";
import type { Certificates } from "./certificates.ts";
import { type Hospital, startHospital } from "./hospital.ts";
import { type ChaosCase, type Facts, factsOf, faultsOf, isSettled } from "./judge.ts";
import { beginLife, type End, type Version } from "./lives.ts";
import { filingPoints, pointsWithoutDisk, type Settings, storagePlaces, type Trap } from "./points.ts";
import { type Fault, faults, type Passing, startProxy } from "./proxy.ts";
import { createRandom, type Random } from "./random.ts";
import type { Target } from "./target.ts";

export type RunOptions = {
  readonly seed: number;
  readonly version: Version;
  readonly target: Target;
  readonly certificates: Certificates;
  /** Nothing goes wrong: what the record holds then is the measure of the others. */
  readonly isClean?: boolean;
  /** What a case leaves in the record when nothing goes wrong. */
  readonly clean: Facts;
  /** Whether another process may be killed still. */
  readonly mayKill?: () => boolean;
  readonly onKill?: (point: string) => void;
};

export type RunReport = {
  readonly seed: number;
  readonly kills: readonly string[];
  readonly faults: readonly string[];
  readonly events: number;
  readonly parked: number;
  readonly processes: number;
  readonly wrong: readonly string[];
  readonly facts: readonly Facts[];
  readonly ms: number;
};

const dayMs = 86400_000;
const casesOfRun = 2;

/** One run: cases on their way into the record, processes that die and begin again, and a judgement at the end. */
export async function playRun(options: RunOptions): Promise<RunReport> {
  const beganMs = Date.now();
  const random = createRandom(options.seed);
  const scene = await setScene(options, random);
  const { cases, hospital, folder } = scene;
  try {
    const { kills, met, unexpected } = await live(options, scene, random);
    const wrong = [...unexpected, ...hospital.faults()];
    const facts: Facts[] = [];
    for (const one of cases) {
      const holdings = await options.target.holdingsOf(one.patient);
      facts.push(factsOf(one, holdings));
      if (options.isClean !== true) wrong.push(...faultsOf(one, hospital.told(), holdings, options.clean));
      else if (!isSettled(one, hospital.told())) wrong.push("a clean run files everything");
    }
    if (scene.strays() > 0) wrong.push(`${scene.strays()} requests left the record's address`);
    return {
      seed: options.seed,
      kills,
      faults: [...scene.happened, ...met],
      events: cases.reduce((sum, { items }) => sum + items.length, 0),
      parked: hospital.told().filter(({ filed }) => filed.outcome.state === "parked").length,
      processes: scene.processes,
      wrong,
      facts,
      ms: Date.now() - beganMs,
    };
  } finally {
    await scene.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Scene = {
  readonly folder: string;
  readonly cases: readonly ChaosCase[];
  readonly hospital: Hospital;
  readonly settings: (consumer: string, traps: readonly Trap[]) => Settings;
  readonly processes: number;
  /** The faults that were let loose, as they happen. */
  readonly happened: readonly string[];
  readonly strays: () => number;
  /** Requests so far: something moves. */
  readonly steps: () => number;
  close(): Promise<void>;
};

async function setScene(
  { target, isClean, version, seed, certificates }: RunOptions,
  random: Random,
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const all = await people();
  const spoiled = isClean !== true && random.chance(0.25) ? random.below(casesOfRun) : -1;
  const cases: ChaosCase[] = [];
  for (let at = 0; at < casesOfRun; at += 1) cases.push(await newCase(all, target, at === spoiled));
  const another = await newBystander(target);
  const happened: string[] = [];
  let steps = 0;
  const proxy = await startProxy({
    onRequest: () => {
      steps += 1;
    },
    fhirUrl: target.fhirUrl,
    dicomwebUrl: target.dicomwebUrl,
    certificates,
    faultFor:
      isClean === true ? () => undefined : chooser(random, cases, happened, version === "naive" ? 0.25 : 0.1),
    alter: (body) => spoil(body, cases, another),
  });
  const hospital = await startHospital(mixed(cases, random));
  const sealKey = randomBytes(32).toString("base64");
  return {
    folder,
    cases,
    hospital,
    processes: version === "filing" && isClean !== true && random.chance(0.3) ? 2 : 1,
    happened,
    strays: proxy.strays,
    steps: () => steps + hospital.told().length,
    settings: (consumer, traps) => ({
      consumer,
      folder,
      sealKey,
      registryKey: all.registry.publicJwk,
      fhirUrl: proxy.fhirUrl,
      dicomwebUrl: proxy.dicomwebUrl,
      organizationId: target.organizationId,
      hospitalUrl: hospital.url,
      offsetMs: startMs + dayMs - seedTime(seed),
      timeoutMs: target.timeoutMs,
      authorityFile: certificates.authorityFile,
      traps: [...traps],
    }),
    close: async () => {
      await hospital[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** A run's clock starts a day after its cases did. */
const beganAt = new Map<number, number>();
const seedTime = (seed: number): number => {
  const known = beganAt.get(seed) ?? Date.now();
  beganAt.set(seed, known);
  return known;
};

/** All cases in one stream, each in its own order. */
function mixed(cases: readonly ChaosCase[], random: Random): WorkItem[] {
  const rest = cases.map(({ items }) => [...items]);
  const stream: WorkItem[] = [];
  for (let open = rest; open.length > 0; open = open.filter((items) => items.length > 0)) {
    const next = random.pick(open).shift();
    if (next !== undefined) stream.push(next);
  }
  return stream;
}

/** So many of a kind in a run: the product gives up on a record that fails often enough, which would be right, and is not what is looked for. */
const most: Partial<Record<Fault, number>> = { "500": 4, "409": 5, "412": 5 };
const mostOfAll = 14;
const passing = faults.filter((fault) => fault !== "wrong subject stored");

function chooser(random: Random, cases: readonly ChaosCase[], happened: string[], chance: number) {
  let writesUntilSpoiled = random.below(4);
  return ({ method, path, body }: Passing): Fault | undefined => {
    const text = method === "POST" && path.startsWith("/fhir") ? body.toString("latin1") : "";
    const spoiled = cases.find((one) => one.isSpoiled && text.includes(`Patient/${one.patient.recordId}`));
    if (spoiled !== undefined && writesUntilSpoiled-- === 0) {
      happened.push("wrong subject stored");
      return "wrong subject stored";
    }
    if (happened.length >= mostOfAll || !random.chance(chance)) return undefined;
    const fault = random.pick(passing);
    if (happened.filter((each) => each === fault).length >= (most[fault] ?? mostOfAll)) return undefined;
    happened.push(fault);
    return fault;
  };
}

/** The same request, of somebody else. */
function spoil(body: Buffer, cases: readonly ChaosCase[], another: string): Buffer {
  const own = cases.find((one) => one.isSpoiled)?.patient.recordId ?? "";
  return Buffer.from(body.toString("utf8").replaceAll(`"Patient/${own}"`, `"Patient/${another}"`));
}

async function live(options: RunOptions, scene: Scene, random: Random) {
  const { version, isClean, mayKill = () => true } = options;
  const kills: string[] = [];
  const met: string[] = [];
  const unexpected: string[] = [];
  const wanted = isClean === true ? 0 : 8 + random.below(8);
  const done = (): boolean => scene.cases.every((one) => isSettled(one, scene.hospital.told()));
  const isStuck = watchProgress(() => scene.steps() + kills.length, version === "naive" ? 8_000 : 90_000);
  const isOver = (): boolean => done() || isStuck();

  async function succession(consumer: string): Promise<void> {
    while (!isOver()) {
      const traps = kills.length < wanted && mayKill() ? newTraps(random, version) : [];
      const life = beginLife(version, scene.settings(consumer, traps));
      const end = await Promise.race([life.ended, until(isOver)]);
      if (end === undefined) await life.stop();
      met.push(...life.met);
      if (end?.killedAt !== undefined) {
        kills.push(end.killedAt);
        options.onKill?.(end.killedAt);
      } else if (end !== undefined && !isOfTheDisk(end, life.met)) {
        unexpected.push(`the process ended by itself (${end.code}): ${end.said}`);
        return;
      }
    }
  }
  await Promise.all(Array.from({ length: scene.processes }, (_, at) => succession(`device-${at}`)));
  if (!done() && version === "filing") unexpected.push("it does not go on");
  return { kills, met, unexpected };
}

/** Whether nothing has moved for so long: what the naive one lost never comes. A slow machine is no stuck one. */
function watchProgress(steps: () => number, patienceMs: number): () => boolean {
  let [seen, sinceMs] = [-1, performance.now()];
  return () => {
    if (steps() !== seen) [seen, sinceMs] = [steps(), performance.now()];
    return performance.now() - sinceMs > patienceMs;
  };
}

/** A disk that fails while the process starts ends it: whoever runs it starts it again. */
const isOfTheDisk = ({ code }: End, met: readonly string[]): boolean => code !== 0 && met.length > 0;

async function until(what: () => boolean): Promise<undefined> {
  while (!what()) await delay(50);
  return undefined;
}

/** One place to die in this life, and sometimes a disk that fails before. */
function newTraps(random: Random, version: Version): Trap[] {
  const points = version === "naive" ? pointsWithoutDisk : filingPoints;
  const traps: Trap[] = [{ point: random.pick(points), nth: 1 + random.below(3), how: "kill" }];
  if (random.chance(0.25)) {
    const how = random.pick(["full", "io", "busy"] as const);
    const place = random.pick(storagePlaces);
    traps.push({ point: `${how === "busy" ? "after" : "before"} ${place}`, nth: 1 + random.below(3), how });
  }
  return traps;
}
