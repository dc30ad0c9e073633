/**
 * How one would file without thinking of death: acknowledge, keep in memory, POST and let the record name things, believe any 200, try again
 * three times, say "filed". It is here to be caught.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { foldCase } from "#protocol/case-state.ts";
import type { CaseEvent, Filed } from "#protocol/events.ts";
import { type PlanContext, planFiling, type Step } from "../../server/filing/plan/index.ts";
import { dicomFile } from "../../server/filing/record/dicom-object.ts";
import { clinicians, delattre } from "../../server/filing/testing/a-case.ts";
import { isFileable, type WorkItem } from "../../server/filing/work.ts";
import { settingsSchema } from "../points.ts";
import { takeEvents, tellRoom } from "./feed.ts";
import { hospitalOf, withTimeout } from "./surroundings.ts";
import { layTraps } from "./traps.ts";

const settings = settingsSchema.parse(JSON.parse(process.argv[2] ?? ""));
layTraps(settings.traps);
const send = withTimeout(settings.timeoutMs);
const cases = new Map<string, CaseEvent[]>();
const early = new Map<string, WorkItem[]>();
let line: Promise<void> = Promise.resolve();

await takeEvents(settings, async (item) => {
  const { roomId, event } = item;
  if (event.kind !== "request" && !cases.has(roomId)) {
    early.set(roomId, [...(early.get(roomId) ?? []), item]);
    return;
  }
  cases.set(roomId, cases.get(roomId) ?? []);
  for (const each of [item, ...(early.get(roomId) ?? [])])
    line = line.then(() => file(each)).catch(() => undefined);
  early.delete(roomId);
});

async function file({ event, roomId, picture }: WorkItem): Promise<void> {
  if (!isFileable(event)) return;
  const events = [...(cases.get(roomId) ?? []), event];
  cases.set(roomId, events);
  const { steps, blobs } = await planFiling(event, picture, contextOf(events));
  const bytes: Record<string, Uint8Array> = { ...blobs, ...(picture === undefined ? {} : { picture }) };
  for (const step of steps) await patiently(() => perform(step, bytes));
  const at = new Date(Date.now() + settings.offsetMs).toISOString();
  const filed: Filed = {
    ofEvent: event.eventId,
    kind: event.kind,
    outcome: { state: "filed", at, entries: [] },
  };
  await tellRoom(settings, roomId, filed, randomUUID());
}

async function perform(step: Step, bytes: Record<string, Uint8Array>): Promise<void> {
  const bytesOf = (name: string) => bytes[name] ?? new Uint8Array();
  if (step.kind === "dicom") await stow(dicomFile(step.dataset, bytesOf(step.blob)));
  if (step.kind !== "bundle" && step.kind !== "documents") return;
  const entry = step.writes.map(({ resource: { id, ...resource }, blob }) => ({
    fullUrl: `${resource.resourceType}/${id}`,
    resource: {
      ...resource,
      ...(blob === undefined ? {} : { data: Buffer.from(bytesOf(blob)).toString("base64") }),
    },
    request: { method: "POST", url: resource.resourceType },
  }));
  const body = JSON.stringify({ resourceType: "Bundle", type: "transaction", entry });
  await post(settings.fhirUrl, "application/fhir+json", body);
}

async function stow(object: Uint8Array): Promise<void> {
  if (settings.dicomwebUrl === undefined) return;
  const parts = ["--X\r\nContent-Type: application/dicom\r\n\r\n", object, "\r\n--X--\r\n"];
  const body = new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
  await post(
    `${settings.dicomwebUrl}/studies`,
    'multipart/related; type="application/dicom"; boundary=X',
    body,
  );
}

async function post(url: string, contentType: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await send(url, { method: "POST", headers: { "content-type": contentType }, body });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(String(answer.status));
}

async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      return await work();
    } catch {
      await delay(200);
    }
  }
}

function contextOf(events: readonly CaseEvent[]): PlanContext {
  const state = foldCase(events, "");
  return {
    state,
    patient: state.request?.request.patient ?? delattre,
    clinician: (userId) => clinicians.find((each) => each.userId === userId),
    team: () => undefined,
    hospital: hospitalOf(settings),
    language: "fr",
    timeZone: "Europe/Paris",
    archive: settings.dicomwebUrl !== undefined,
    documents: "contained",
    recordHost: new URL(settings.fhirUrl).hostname,
    nowMs: Date.now() + settings.offsetMs,
    filedAtMs: new Map(),
    pictures: new Map(),
  };
}
