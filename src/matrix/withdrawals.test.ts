import { expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import type { CaseEvent } from "#protocol/events.ts";
import { ok } from "#protocol/result.ts";
import type { Clock } from "./kit/clock.ts";
import { makeFileSecret } from "./media/attachment.ts";
import { createOutbox, type NewItem } from "./outbox/outbox.ts";
import { memoryDevice } from "./testing/memory-device.ts";
import { at, collector, nowMs, stranger, testConsent } from "./testing/people.ts";
import type { TimelineState } from "./timeline/timeline.ts";
import { createWithdrawals } from "./withdrawals.ts";

const bot = "@archiviste:valombre.example";
const clock: Clock = { nowMs: () => nowMs, monoMs: () => 0, wait: async () => undefined };
const consent = testConsent(["opinion", "care-named"]);
const other = testConsent(["opinion", "care-named"]);

const waiting = (of: typeof consent): NewItem => ({
  localId: `photo of ${of.consentId}`,
  caseId: of.caseId,
  roomId: "!room",
  picture: new Uint8Array([0xff, 0xd8]),
  body: {
    kind: "picture",
    facts: {
      photoId: crypto.randomUUID(),
      receiptId: crypto.randomUUID(),
      rendition: "full",
      consentId: of.consentId,
      widthPx: 1,
      heightPx: 1,
      sha256: "0".repeat(64),
      site: { region: "back", laterality: "U" },
      view: "overview",
      takenAt: at(nowMs),
      source: "camera",
      bytes: 2,
    },
    consent: of,
    addressee: null,
    secret: makeFileSecret(),
    receipt: null,
    permit: null,
    uploaded: false,
  },
});

async function setUp() {
  const device = memoryDevice();
  const outbox = createOutbox({ device, clock });
  const forgotten: string[] = [];
  const withdrawals = createWithdrawals({
    outbox,
    consents: { heard: (consentId, state) => void forgotten.push(`${consentId} ${state}`) },
    leases: { forget: () => undefined, unlearn: (roomId) => void forgotten.push(`leases of ${roomId}`) },
    pictures: { forget: (consentId) => void forgotten.push(`pictures of ${consentId}`) },
  });
  expect(await outbox.add([waiting(consent), waiting(other)])).toEqual(ok(undefined));
  const timeline = createStore<TimelineState>(() => ({ loaded: true, synced: true, byRoom: new Map() }));
  const say = (events: readonly CaseEvent[]) =>
    timeline.setState({
      byRoom: new Map([
        [
          "!room",
          {
            roomId: "!room",
            caseId: consent.caseId,
            members: [],
            invited: [],
            events,
            unreadable: [],
            refused: [],
          },
        ],
      ]),
    });
  const settled = () => new Promise((done) => setTimeout(done));
  const left = () => outbox.store.getState().items.map((item) => item.localId);
  return { device, withdrawals, timeline, say, forgotten, settled, left };
}

const takenBack = (sender: string): CaseEvent => ({
  eventId: "$w",
  sender,
  atMs: nowMs,
  kind: "withdrawn",
  withdrawn: {
    consentId: consent.consentId,
    at: at(nowMs),
    by: collector,
    reason: "patient-asked",
    photos: 1,
    inRecord: 0,
  },
});

test("on the archivist's word, what the consent left on this device goes, and what waited to leave never does", async () => {
  const { device, withdrawals, timeline, say, forgotten, settled, left } = await setUp();
  withdrawals.follow(timeline, bot, new AbortController().signal);
  say([takenBack(bot)]);
  await settled();
  expect(forgotten).toEqual([
    `${consent.consentId} withdrawn`,
    "leases of !room",
    `pictures of ${consent.consentId}`,
  ]);
  expect(left()).toEqual([`photo of ${other.consentId}`]);
  expect(await device.keys("pictures")).toEqual([`photo of ${other.consentId}`]);
  say([takenBack(bot)]);
  expect(forgotten).toHaveLength(3);
});

test("on anybody else's word nothing goes", async () => {
  const { withdrawals, timeline, say, forgotten, settled, left } = await setUp();
  withdrawals.follow(timeline, bot, new AbortController().signal);
  say([takenBack(stranger)]);
  await settled();
  expect(forgotten).toEqual([]);
  expect(left()).toHaveLength(2);
});
