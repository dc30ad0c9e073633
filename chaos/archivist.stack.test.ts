import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { contentKeys, filedSchema, type Request } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { type Clinician, clinician, killAll, register } from "../server/bot/testing/people.ts";
import { delattre, people } from "../server/filing/testing/a-case.ts";
import { newBystander } from "./cases.ts";
import { type HomeserverProxy, homeserverPoints, startHomeserverProxy } from "./homeserver-proxy.ts";
import { beginLife, type End } from "./lives.ts";
import type { Settings, Trap } from "./points.ts";
import { createRandom } from "./random.ts";
import { startSmallRecord } from "./target.ts";

vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 120_000 });

const seed = Number(process.env.COLLOQUE_CHAOS_SEED ?? 2026);
const given = z
  .object({ url: z.string() })
  .parse(JSON.parse(process.env.COLLOQUE_TEST_HOMESERVER ?? '{"url":"http://127.0.0.1:1"}'));
/** Inside the archivist: its keys, what it decrypted, what it handed over, and filing behind it. */
const insidePoints = [
  ...["keys", "decrypted event", "hand-over", "crypto", "inbox row", "claim", "mark", "outcome"],
  ...["workflow", "receipt's mark"],
].flatMap((place) => [`before ${place}`, `after ${place}`]);

let stack: AsyncDisposableStack;
let target: Awaited<ReturnType<typeof startSmallRecord>>;
let proxy: HomeserverProxy;
let requester: Clinician;
let recordId = "";
let roomId = "";
let caseId = "";
let settings: Settings;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  stack.defer(killAll);
  target = stack.use(await startSmallRecord());
  proxy = stack.use(await startHomeserverProxy(given.url));
  const folder = mkdtempSync(join(tmpdir(), "archivist-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const all = await people();
  const suffix = randomUUID().slice(0, 8);
  const bot = await register(`bot${suffix}`);
  await register(`requester${suffix}`);
  recordId = await newBystander(target);
  settings = {
    consumer: "archivist",
    folder,
    sealKey: randomBytes(32).toString("base64"),
    registryKey: all.registry.publicJwk,
    fhirUrl: target.fhirUrl,
    dicomwebUrl: target.dicomwebUrl,
    organizationId: target.organizationId,
    hospitalUrl: "",
    offsetMs: 0,
    timeoutMs: 5000,
    matrix: { url: proxy.url, userId: bot },
    traps: [],
  };
  // Its keys must be known before anybody writes to it.
  const first = beginLife("archivist", settings);
  stack.defer(first.stop);
  requester = await clinician(`requester${suffix}`, "R1", bot);
  caseId = randomUUID();
  roomId = z.string().parse(await requester.call("createCase", { caseId, bot }));
  await requester.call("waitFor", { roomId, userId: bot, membership: "join" });
  await first.stop();
});
afterEach(() => stack.disposeAsync());

const send = async (content: object): Promise<string> =>
  z.string().parse(await requester.call("send", { roomId, type: "m.room.message", content }));

const { ins: _ins, hospitalNumber: _number, ...person } = delattre;
const sendRequest = () =>
  send({
    msgtype: "m.text",
    body: "request",
    [contentKeys.request]: {
      caseId: caseIdSchema.parse(caseId),
      patient: { ...person, recordId, identity: "provisional" },
      addressee: { kind: "person", userId: "@nobody:valombre.example" },
      specialty: "dermatology",
      urgency: "48h",
      dueAt: new Date(Date.now() + 86400_000).toISOString(),
      question: "Faut-il l’enlever ?",
      history: "Rien.",
      requester: requester.userId,
      createdAt: new Date().toISOString(),
    } satisfies Request,
  });

const readSchema = z.array(z.looseObject({ type: z.string(), content: z.looseObject({}) }));
/** What the room was told to be filed, in its order. */
async function filedInRoom(): Promise<string[]> {
  const events = readSchema.parse(await requester.call("read", { roomId, atLeast: 1 }));
  return events
    .map(({ content }) => filedSchema.safeParse(content).data)
    .flatMap((word) => (word?.outcome.state === "filed" ? [word.ofEvent] : []));
}

async function lifeWith(traps: readonly Trap[], point: string, nth: number): Promise<End | undefined> {
  const life = beginLife("archivist", { ...settings, traps: [...traps] });
  proxy.aim(point, nth, () => process.kill(life.pid, "SIGKILL"));
  const end = await Promise.race([life.ended, delay(25_000, undefined)]);
  await life.stop();
  return end;
}

async function expectAllFiledOnce(sent: readonly string[], texts: readonly string[]): Promise<void> {
  const life = beginLife("archivist", settings);
  stack.defer(life.stop);
  const end = Date.now() + 180_000;
  while (new Set(await filedInRoom()).size < sent.length && Date.now() < end) await delay(500);
  await life.stop();
  expect(await filedInRoom()).toEqual(sent);
  const { resources } = await target.holdingsOf({ recordId, hospitalNumber: "" });
  const saying = (words: string) =>
    resources.filter(
      (each) => each.resourceType === "Communication" && JSON.stringify(each).includes(`"${words}"`),
    );
  expect(resources.filter((each) => each.resourceType === "ServiceRequest")).toHaveLength(1);
  for (const words of texts) expect(saying(words)).toHaveLength(1);
}

describe("the archivist under chaos, on a real homeserver", () => {
  test("[F13] killed before and after sync ack, decryption, its keys and every step behind: each event filed once and told once, in order", async () => {
    const random = createRandom(seed);
    const sent = [await sendRequest()];
    const texts: string[] = [];
    const killed: string[] = [];
    const points = [...homeserverPoints, ...insidePoints];
    for (let round = 0; round < points.length * 1.5; round += 1) {
      const words = `parole ${round} ${randomUUID()}`;
      texts.push(words);
      sent.push(await send({ msgtype: "m.text", body: words }));
      const point = points[round % points.length] ?? "";
      const nth = 1 + random.below(2);
      const isInside = insidePoints.includes(point);
      const end = await lifeWith(isInside ? [{ point, nth, how: "kill" }] : [], isInside ? "" : point, nth);
      killed.push(end === undefined ? `at rest, instead of ${point}` : point);
    }
    await expectAllFiledOnce(sent, texts);
    expect(new Set(killed.filter((each) => !each.startsWith("at rest"))).size).toBeGreaterThan(20);
  });

  test.each([
    ["a wasm trap", { point: "before crypto", nth: 3, how: "wasm" }],
    ["an I/O error under its keys", { point: "before keys", nth: 5, how: "io" }],
    ["a disk that is full under its keys", { point: "before keys", nth: 4, how: "full" }],
  ] as const)(
    "the crypto layer falls over %s: the process stops before another request leaves, and nothing is lost",
    async (_what, trap) => {
      const sent = [await sendRequest()];
      const texts: string[] = [];
      for (let at = 0; at < 3; at += 1) {
        const words = `parole ${at} ${randomUUID()}`;
        texts.push(words);
        sent.push(await send({ msgtype: "m.text", body: words }));
      }
      const end = await lifeWith([trap], "", 0);
      expect(end?.said).toContain(`${trap.how} ${trap.point}`);
      expect(end?.code).toBe(70);
      expect(end?.said).not.toContain("left after the fall");
      await expectAllFiledOnce(sent, texts);
    },
  );
});
