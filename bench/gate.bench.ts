import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Agent } from "undici";
import { type Case, field, openCase, type Person, receiptFor, signIn } from "../e2e/support/raw-client.ts";
import { connectStack } from "../stack/control.ts";
import { ci95Of, medianOf } from "./statistics.ts";

/**
 * `npm run bench -- gate [--pairs N] [--seconds S] [--handicap MS]`: what the gate costs.
 *
 *   times    2 MB of ciphertext in and out, through the gateway and straight to Synapse's socket, in turns (A B B A). Downloads are of
 *            files that the gateway no longer has in memory. Both sides: one connection, bytes never sent before, addresses reserved by a permit
 *   checks   decisions a second at the same door: half let a reader have a picture, half refuse one whose consent was taken back, each
 *            written to the audit trail before its answer. The generator runs on the same cores; Synapse's own log counts what it was asked
 */
const { values: options } = parseArgs({
  options: {
    pairs: { type: "string", default: "40" },
    // Longer, and a fast machine uses up what the accounts are allowed.
    seconds: { type: "string", default: "3" },
    /** Milliseconds added to the gateway's side: a control that the bench sees a difference. */
    handicap: { type: "string", default: "0" },
    verbose: { type: "boolean", default: false },
  },
});
const pairs = Math.max(2, Number(options.pairs));
const warmUp = 5;
const pictureBytes = 2_000_000;
/** As long as the gateway keeps a new picture in memory, and a little. */
const forgottenMs = 22_000;
/** The gateway lets each account ask so often (600 at once, 60 a second): enough of them that this is not what is measured. */
const accounts = ["leroy", "faure", "martin", "haddad", "kermarrec", "aubry", "benali"];
const atOnce = 16;
/** The sweeper's rounds, every two seconds. */
const sweeps = /\/_synapse\/admin\/v1\/(statistics\/users\/media|users\/[^/ ]+\/media)$/;

type Ask = (method: "GET" | "PUT", path: string, body?: Buffer) => Promise<{ status: number; bytes: Buffer }>;

const { facts } = connectStack();
const busyBefore = loadavg()[0] ?? 0;
if (busyBefore > cpus().length)
  console.error(
    `The machine is busy (load ${busyBefore.toFixed(1)}): what follows compares, and says little in milliseconds.`,
  );

const martin = `@martin:${facts.serverName}`;
const leroy = await signIn(facts.publicUrl, "leroy");
const inCase = await openCase(leroy, martin);
await mustBe(200, leroy.ask("POST", "/colloque/v1/consents", { consent: await leroy.sign(inCase.consent) }));

const gateway = asking(leroy.token);
const direct = asking(leroy.token, facts.synapseSocket);
const { uploads, kept } = await measureUploads();
await delay(forgottenMs);
const downloads = await measureDownloads(kept);
const checks = await measureChecks();
report();

/** An address that the ledger knows and that waits for exactly these bytes. */
async function permit(person: Person, of: Case, bytes: Buffer): Promise<string> {
  const receipt = await person.sign(receiptFor(person, of, bytes));
  const answer = await mustBe(
    200,
    person.ask("POST", "/colloque/v1/permits", { roomId: of.roomId, receipt }),
  );
  const files: unknown = Reflect.get(Object(answer.body), "files");
  return field(Array.isArray(files) ? files[0] : undefined, "mxc").slice("mxc://".length);
}

async function measureUploads() {
  const differences: number[] = [];
  const sides = { gateway: [] as number[], direct: [] as number[] };
  const uploaded: { media: string; bytes: Buffer }[] = [];
  for (let pair = 0; pair < warmUp + pairs; pair += 1) {
    const took = { gateway: 0, direct: 0 };
    for (const side of turnsOf(pair)) {
      const bytes = randomBytes(pictureBytes);
      const media = await permit(leroy, inCase, bytes);
      const path = `/_matrix/media/v3/upload/${media}`;
      took[side] = await timed(side, () =>
        mustBe(200, (side === "gateway" ? gateway : direct)("PUT", path, bytes)),
      );
      if (side === "gateway") uploaded.push({ media, bytes });
    }
    note("upload", pair, took, differences, sides);
  }
  return { uploads: { differences, ...sides }, kept: uploaded };
}

async function measureDownloads(files: readonly { media: string; bytes: Buffer }[]) {
  const differences: number[] = [];
  const sides = { gateway: [] as number[], direct: [] as number[] };
  for (const [pair, { media, bytes }] of files.entries()) {
    const took = { gateway: 0, direct: 0 };
    for (const side of turnsOf(pair)) {
      const path = `/_matrix/client/v1/media/download/${media}?timeout_ms=0`;
      took[side] = await timed(side, async () => {
        const answer = await mustBe(200, (side === "gateway" ? gateway : direct)("GET", path));
        if (!answer.bytes.equals(bytes)) throw new Error("Other bytes came back");
      });
    }
    note("download", pair, took, differences, sides);
  }
  return { differences, ...sides };
}

/** Somebody with a picture that they may read, and one that they may read no more. */
async function doorsOf(account: string) {
  const person = account === "leroy" ? leroy : await signIn(facts.publicUrl, account);
  const live = await openCase(person, martin);
  const over = await openCase(person, martin);
  for (const { consent } of [live, over])
    await mustBe(200, person.ask("POST", "/colloque/v1/consents", { consent: await person.sign(consent) }));
  const ask = asking(person.token);
  const send = async (of: Case) => {
    const bytes = randomBytes(1000);
    const media = await permit(person, of, bytes);
    await mustBe(200, ask("PUT", `/_matrix/media/v3/upload/${media}`, bytes));
    return `/_matrix/client/v1/media/download/${media}?timeout_ms=0`;
  };
  const refused = await send(over);
  const withdraw = `/colloque/v1/consents/${over.consent.consentId}/withdraw`;
  await mustBe(200, person.ask("POST", withdraw, { reason: "patient-asked" }));
  return {
    /** Last, so that the gateway has it in memory when it is asked for: what is measured is the gate, not Synapse's disk. */
    open: async () => {
      const path = await send(live);
      return [
        { ask, path, expected: 200 },
        { ask, path: refused, expected: 410 },
      ];
    },
  };
}

/** Decisions a second, and what Synapse was asked meanwhile. */
async function measureChecks() {
  const people: Awaited<ReturnType<typeof doorsOf>>[] = [];
  for (const account of accounts) people.push(await doorsOf(account));
  // What the archivist does with the new cases, and what the preparation took of everybody's allowance.
  await delay(8000);
  const doors = (await Promise.all(people.map((person) => person.open()))).flat();
  // Everybody once: what follows is the steady state.
  for (const { ask, path, expected } of doors) await mustBe(expected, ask("GET", path));
  const log = join(facts.logsDir, "synapse.log");
  const before = statSync(log).size;
  const ms = Math.min(Number(options.seconds), 15) * 1000;
  const began = performance.now();
  let done = 0;
  const generate = async (first: number): Promise<void> => {
    for (let next = first; performance.now() - began < ms; next += atOnce) {
      const door = doors[next % doors.length];
      if (door === undefined) throw new Error("Somebody asks");
      await mustBe(door.expected, door.ask("GET", door.path));
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, first) => generate(first)));
  const seconds = (performance.now() - began) / 1000;
  // A request that came in is in the log once it is answered.
  await delay(1000);
  const said = readFileSync(log).subarray(before).toString("utf8");
  return { checks: done, seconds, asked: askedOfSynapse(said) };
}

/**
 * What Synapse answered meanwhile, the standing streams of archivist and gateway left out, and the sweeper's rounds: those are the same,
 * whatever the gateway is asked.
 */
function askedOfSynapse(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => line.includes("Processed request:"))
    .map((line) => /"([A-Z]+ [^ "?]+)/.exec(line)?.[1] ?? line)
    .filter(
      (asked) =>
        !asked.endsWith("/sync") &&
        !asked.endsWith("/health") &&
        !asked.endsWith("/versions") &&
        !sweeps.test(asked),
    );
}

function report(): void {
  const added = { upload: medianOf(uploads.differences), download: medianOf(downloads.differences) };
  const perSecond = checks.checks / checks.seconds;
  const result = {
    bench: "gate",
    value: round(Math.max(added.upload, added.download)),
    unit: "ms added, the worse of upload and download, median of paired differences",
    uploadAddedMs: round(added.upload),
    uploadCi95: ci95Of(uploads.differences).map(round),
    downloadAddedMs: round(added.download),
    downloadCi95: ci95Of(downloads.differences).map(round),
    uploadMs: { gateway: round(medianOf(uploads.gateway)), direct: round(medianOf(uploads.direct)) },
    downloadMs: { gateway: round(medianOf(downloads.gateway)), direct: round(medianOf(downloads.direct)) },
    pairs,
    bytes: pictureBytes,
    checksPerSecond: Math.round(perSecond),
    checks: checks.checks,
    synapseRequests: checks.asked.length,
    handicapMs: Number(options.handicap),
    load: [round(busyBefore), round(loadavg()[0] ?? 0)],
  };
  console.log(
    `2 MB through the gate take ${result.uploadMs.gateway} ms in and ${result.downloadMs.gateway} ms out; straight to Synapse ` +
      `${result.uploadMs.direct} ms and ${result.downloadMs.direct} ms. Added, median of ${pairs} paired differences: ` +
      `${result.uploadAddedMs} ms (95 %: ${result.uploadCi95.join(" to ")}) and ${result.downloadAddedMs} ms ` +
      `(${result.downloadCi95.join(" to ")}). The gate decides ${result.checksPerSecond} times a second on the same cores as who asks it; ` +
      `Synapse was asked ${result.synapseRequests} times meanwhile.`,
  );
  console.log(JSON.stringify(result));
  if (checks.asked.length > 0) {
    console.error(`Synapse was asked: ${[...new Set(checks.asked)].join(", ")}`);
    process.exitCode = 1;
  }
}

type Side = "gateway" | "direct";
/** A B B A: whatever drifts, drifts on both. */
function turnsOf(pair: number): readonly Side[] {
  return pair % 2 === 0 ? ["gateway", "direct"] : ["direct", "gateway"];
}

async function timed(side: Side, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began + (side === "gateway" ? Number(options.handicap) : 0);
}

function note(
  what: string,
  pair: number,
  took: Readonly<Record<Side, number>>,
  differences: number[],
  sides: Readonly<Record<Side, number[]>>,
): void {
  if (options.verbose)
    console.error(`${what} ${pair} gateway ${took.gateway.toFixed(1)} direct ${took.direct.toFixed(1)}`);
  if (pair < warmUp) return;
  differences.push(took.gateway - took.direct);
  sides.gateway.push(took.gateway);
  sides.direct.push(took.direct);
}

/** One connection, kept open, to the gateway or to Synapse's socket. */
function asking(token: string, socketPath?: string): Ask {
  const dispatcher = new Agent({
    connections: 1,
    ...(socketPath === undefined ? {} : { connect: { socketPath } }),
  });
  const origin = socketPath === undefined ? facts.publicUrl : "http://localhost";
  return async (method, path, body) => {
    const answer = await dispatcher.request({
      origin,
      method,
      path,
      headers: {
        authorization: `Bearer ${token}`,
        "x-forwarded-for": "127.0.0.1",
        ...(body === undefined ? {} : { "content-type": "application/octet-stream" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) };
  };
}

async function mustBe<T extends { readonly status: number }>(status: number, asked: Promise<T>): Promise<T> {
  const answer = await asked;
  if (answer.status !== status)
    throw new Error(
      `${answer.status} where ${status} was due: ${JSON.stringify(Reflect.get(answer, "body") ?? "")}`,
    );
  return answer;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
