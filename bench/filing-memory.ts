import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { BotProcess, Clinician } from "../server/bot/testing/people.ts";
import { startHomeserver } from "../stack/commands/homeserver-tests.ts";
import { slopeOf } from "./statistics.ts";

/**
 * What the archivist holds in memory while it takes in event after event: its heap after a collection, every thousand. A Synapse of its own, four
 * people in twenty cases, messages and amendments; what is handed over is thrown away, so that what grows is the archivist's.
 */
export type Memory = {
  readonly events: number;
  readonly heapMb: readonly number[];
  readonly rssMb: readonly number[];
  /** Of the heap at the end of the warm-up, for each thousand events, in percent. */
  readonly slopePercent: number;
  readonly ci95: readonly [number, number];
};

const people = 4;
const casesOfEach = 5;
const each = 1000;
const warmUp = 2;

export async function measureMemory(events: number, say: (line: string) => void): Promise<Memory> {
  const stopping = new AbortController();
  await using homeserver = await startHomeserver(stopping.signal);
  Object.assign(process.env, homeserver.env);
  // They look for their homeserver as they load.
  const { botProcess, clinician, killAll, register } = await import("../server/bot/testing/people.ts");
  const dataDir = mkdtempSync(join(tmpdir(), "colloque-memory-"));
  try {
    const suffix = randomUUID().slice(0, 8);
    const bot = await register(`bot${suffix}`);
    const archivist = botProcess({ userId: bot, dataDir, nodeOptions: ["--expose-gc"] });
    await archivist.until("up", (lines) => lines.some((line) => line.up === true));
    const places = await Promise.all(
      Array.from({ length: people }, async (_, at) => {
        await register(`person${at}${suffix}`);
        const person = await clinician(`person${at}${suffix}`, "R", bot);
        const rooms = [];
        for (let room = 0; room < casesOfEach; room += 1)
          rooms.push(z.string().parse(await person.call("createCase", { caseId: randomUUID(), bot })));
        return { person, rooms };
      }),
    );
    return await watch(archivist, places, Math.max(3, Math.round(events / each)), say);
  } finally {
    killAll();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type Place = { readonly person: Clinician; readonly rooms: readonly string[] };

async function watch(
  archivist: BotProcess,
  places: readonly Place[],
  thousands: number,
  say: (line: string) => void,
): Promise<Memory> {
  const heap: number[] = [];
  const rss: number[] = [];
  for (let at = 0; at < warmUp + thousands; at += 1) {
    await Promise.all(places.map((place) => sayInAll(place, at)));
    await all(archivist, (at + 1) * each);
    const now = await memoryOf(archivist);
    say(`${(at + 1) * each} events: heap ${mb(now.heapUsed)} MB, whole process ${mb(now.rss)} MB`);
    if (at < warmUp - 1) continue;
    heap.push(now.heapUsed);
    rss.push(now.rss);
  }
  const [first = Number.NaN] = heap;
  const { slope, ci95 } = slopeOf(heap.map((bytes, at) => [at, (100 * bytes) / first] as const));
  return {
    events: thousands * each,
    heapMb: heap.map(mb),
    rssMb: rss.map(mb),
    slopePercent: rounded(slope),
    ci95: [rounded(ci95[0]), rounded(ci95[1])],
  };
}

async function sayInAll({ person, rooms }: Place, round: number): Promise<void> {
  const count = each / people / casesOfEach;
  for (const roomId of rooms) {
    const steps = Array.from({ length: count }, (_, at) => ({
      body: `${round}.${at} ${"une phrase comme on en écrit ".repeat(8)}`,
      as: at % 7 === 5 ? "amendment" : "message",
    }));
    await person.call("play", { roomId, steps });
  }
}

/** Waits as long as something comes. */
async function all(archivist: BotProcess, events: number): Promise<void> {
  const count = () => archivist.lines.filter((line) => line.item !== undefined).length;
  while (count() < events) {
    const seen = count();
    await archivist.until("more", () => count() > seen);
  }
}

async function memoryOf(archivist: BotProcess) {
  const told = () => archivist.lines.flatMap((line) => line.memory ?? []);
  const before = told().length;
  archivist.tell({ memory: true });
  await archivist.until("its memory", () => told().length > before);
  const last = told().at(-1);
  if (last === undefined) throw new Error("The archivist did not say what it holds");
  return last;
}

const mb = (bytes: number): number => rounded(bytes / 1e6);
const rounded = (value: number): number => Math.round(value * 100) / 100;
