import { expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import { type CaseEvent, expiredSchema } from "#protocol/events.ts";
import { request } from "#protocol/testing/case-events.ts";
import { createConsents } from "./consents.ts";
import { followExpiries } from "./expiries.ts";
import type { Clock } from "./kit/clock.ts";
import { createOutbox } from "./outbox/outbox.ts";
import { memoryDevice } from "./testing/memory-device.ts";
import { at, collector, nowMs, stranger, testConsent } from "./testing/people.ts";
import type { TimelineState } from "./timeline/timeline.ts";

const bot = "@archiviste:valombre.example";
const clock: Clock = { nowMs: () => nowMs, monoMs: () => 0, wait: async () => undefined };
const consent = testConsent(["opinion", "care-named"]);
const roomId = "!room";

const outgoing = (localId: string, done: boolean, caseId: string = consent.caseId) => ({
  localId,
  caseId,
  roomId,
  seq: 1,
  txnId: localId,
  atMs: nowMs,
  eventId: done ? "$sent" : null,
  done,
  failed: null,
  body: { kind: "message", text: "Elle saigne.", clientRef: crypto.randomUUID() },
});

async function setUp() {
  const device = memoryDevice();
  await device.setAll([
    { area: "vault", key: `opinion/${roomId}`, value: "un brouillon" },
    { area: "vault", key: "opinion/!another", value: "un autre" },
    { area: "session", key: `consent ${consent.consentId}`, value: "signé ici" },
    { area: "session", key: "consent another", value: "signé ici" },
    { area: "outbox", key: "sent", value: outgoing("sent", true) },
    { area: "outbox", key: "unsent", value: outgoing("unsent", false) },
    { area: "outbox", key: "elsewhere", value: outgoing("elsewhere", true, crypto.randomUUID()) },
  ]);
  const outbox = createOutbox({ device, clock });
  await outbox.load();
  const forgotten: string[] = [];
  const timeline = createStore<TimelineState>(() => ({ loaded: true, synced: true, byRoom: new Map() }));
  const stop = new AbortController();
  followExpiries(
    {
      timeline,
      bot,
      outbox,
      consents: createConsents(device, clock),
      leases: { unlearn: (room) => void forgotten.push(`words on ${room}`) },
      pictures: { forget: (consentId) => void forgotten.push(`pictures of ${consentId}`) },
      device,
    },
    stop.signal,
  );
  const say = async (events: readonly CaseEvent[]) => {
    const view = { roomId, caseId: consent.caseId, members: [], invited: [], unreadable: [], refused: [] };
    timeline.setState({ byRoom: new Map([[roomId, { ...view, events }]]) });
    await new Promise((done) => setTimeout(done));
  };
  const left = async () => [
    ...(await device.keys("vault")),
    ...(await device.keys("session")),
    ...(await device.keys("outbox")),
  ];
  return { say, left, forgotten, outbox, stop };
}

function expired(sender: string): CaseEvent {
  const asked = request();
  if (asked.kind !== "request") throw new Error("A request");
  return {
    eventId: "$expired",
    sender,
    atMs: nowMs,
    kind: "expired",
    expired: expiredSchema.parse({
      at: at(nowMs),
      requestEventId: "$request",
      request: { ...asked.request, caseId: consent.caseId },
      requestedAt: at(nowMs),
      consentIds: [consent.consentId],
      ended: { how: "answered", by: collector, at: at(nowMs) },
      filedAt: at(nowMs),
    }),
  };
}

const everything = [
  `opinion/${roomId}`,
  "opinion/!another",
  `consent ${consent.consentId}`,
  "consent another",
  "sent",
  "unsent",
  "elsewhere",
];

test("[C15] what a case leaves on this device goes with it, and nothing of another case, nor what was not sent", async () => {
  const { say, left, forgotten, outbox } = await setUp();
  expect(await left()).toEqual(everything);
  await say([expired(bot)]);
  expect(await left()).toEqual(["opinion/!another", "consent another", "unsent", "elsewhere"]);
  expect(
    outbox.store
      .getState()
      .items.map((item) => item.localId)
      .sort(),
  ).toEqual(["elsewhere", "unsent"]);
  expect(forgotten).toEqual([`words on ${roomId}`, `pictures of ${consent.consentId}`]);
  await say([expired(bot)]);
  expect(forgotten).toHaveLength(2);
});

test("[C15] that a case has left is the archivist's word alone", async () => {
  const { say, left, forgotten } = await setUp();
  await say([expired(stranger)]);
  expect(await left()).toEqual(everything);
  expect(forgotten).toEqual([]);
});
