import { describe, expect, test } from "vitest";
import type { PermitAnswer } from "#protocol/api.ts";
import type { ConsentEvidence } from "#protocol/consent.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { parseCaseEvent, type Request } from "#protocol/events.ts";
import type { Rendition } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { sha256Hex } from "../kit/bytes.ts";
import type { Clock } from "../kit/clock.ts";
import { makeFileSecret } from "../media/attachment.ts";
import { factsOf } from "../media/send.ts";
import type { Signer } from "../session/signing.ts";
import { memoryDevice } from "../testing/memory-device.ts";
import { at, colleague, collector, nowMs, testConsent, testRegistry } from "../testing/people.ts";
import { refOfEvent, refOfItem, refOfPicture } from "./item.ts";
import { createOutbox, type NewItem, type Outbox } from "./outbox.ts";
import type { OutboxPorts } from "./ports.ts";

const clock: Clock = {
  nowMs: () => nowMs,
  monoMs: () => 0,
  wait: () => new Promise((resolve) => setTimeout(resolve)),
};
const registry = await testRegistry();
const signer: Signer = await registry.certified(collector);

/** The hospital's side, which goes on when a client dies. It forgets transactions at once, which is worse than Synapse. */
function createWorld() {
  const rooms = new Map<string, string>();
  const events: { eventId: string; roomId: string; content: unknown }[] = [];
  const permits = new Map<string, PermitAnswer>();
  const bytes = new Map<string, string>();
  const registered = new Set<string>();
  /** Called after each effect: a test may never let it return, which is what a reload looks like from inside. */
  const world = {
    rooms,
    events,
    permits,
    bytes,
    registered,
    stale: false,
    /** The consents of the case beside the picture's own. */
    standing: [] as (typeof consent)[],
    after: async (_step: string): Promise<void> => undefined,
  };
  const refuse = new Map<string, ErrorCode>();

  const ports: OutboxPorts = {
    userId: collector,
    language: "fr",
    nowMs: () => nowMs,
    signer,
    clinicians: () => [],
    async registerConsent(consent) {
      registered.add(consent.payload.consentId);
      await world.after("register");
      return ok({ state: "live" });
    },
    statusOf: async () => ({ state: "live", untilMs: nowMs + 60_000 }),
    // The first sync of a page may be older than what an earlier page did.
    findRoom: (caseId) => (world.stale ? null : (rooms.get(caseId) ?? null)),
    async createRoom(caseId) {
      const refusal = refuse.get("room");
      if (refusal !== undefined) return err(refusal);
      const roomId = rooms.get(caseId) ?? `!room-${rooms.size}`;
      rooms.set(caseId, roomId);
      await world.after("room");
      return ok(roomId);
    },
    glassesIn: () => [],
    consentsIn: () => world.standing,
    breakGlass: async () => {
      const refusal = refuse.get("glass");
      if (refusal !== undefined) return err(refusal);
      await world.after("glass");
      return ok(undefined);
    },
    withdraw: async () => ok(undefined),
    readersIn: () => [colleague],
    findEcho(item) {
      const ref = refOfItem(item);
      for (const { eventId, content } of events) {
        const event = parseCaseEvent({
          eventId,
          sender: collector,
          atMs: nowMs,
          type: "m.room.message",
          content,
        });
        if (refOfEvent(event) === ref) return eventId;
      }
      return null;
    },
    async sendEvent(roomId, _type, content): Promise<Result<string, ErrorCode>> {
      const eventId = `$event${events.length}`;
      events.push({ eventId, roomId, content });
      await world.after("event");
      return ok(eventId);
    },
    async askPermit(_roomId, { payload }) {
      const known = permits.get(payload.receiptId);
      const files = payload.ciphertexts.map(({ rendition, sha256 }) => ({
        rendition,
        sha256,
        mxc: `mxc://valombre.example/${rendition}${payload.receiptId.slice(0, 8)}`,
      }));
      const permit = known ?? { receiptId: payload.receiptId, files };
      permits.set(payload.receiptId, permit);
      await world.after("permit");
      return ok(permit);
    },
    async upload(mxc, ciphertext) {
      const hash = await sha256Hex(ciphertext);
      const known = bytes.get(mxc);
      if (known !== undefined && known !== hash) throw new Error("Other bytes at a reserved address");
      bytes.set(mxc, hash);
      await world.after("upload");
      return ok(undefined);
    },
  };
  return { rooms, events, permits, bytes, registered, world, ports, refuse };
}

const consent = testConsent(["opinion", "care-named"]);
const evidence: ConsentEvidence = { consentId: consent.consentId, noticeText: "…" };
const request: Request = {
  caseId: consent.caseId,
  patient: { recordId: "p1", family: "DELATTRE", given: "Josiane", sex: "female", identity: "provisional" },
  addressee: { kind: "person", userId: colleague },
  specialty: "dermatology",
  urgency: "48h",
  dueAt: at(nowMs + 1000),
  question: "Que penser de cette lésion ?",
  history: "",
  requester: collector,
  createdAt: at(nowMs),
};

async function wholeRequest(): Promise<NewItem[]> {
  const signed = await signer.sign(consent);
  const photo = {
    photoId: crypto.randomUUID(),
    consentId: consent.consentId,
    site: { region: "scapula", laterality: "L" },
    view: "close-up",
    takenAt: at(nowMs),
    source: "camera",
  } as const;
  const common = { caseId: consent.caseId, roomId: null };
  const picture = async (rendition: Rendition): Promise<NewItem> => {
    const jpeg = crypto.getRandomValues(new Uint8Array(rendition === "full" ? 3000 : 300));
    const made = { jpeg, widthPx: 100, heightPx: 100, sha256: await sha256Hex(jpeg) };
    const body = {
      kind: "picture",
      consent,
      addressee: request.addressee,
      secret: makeFileSecret(),
      receipt: null,
      permit: null,
      uploaded: false,
      facts: factsOf(photo, made, rendition),
    } as const;
    return { ...common, localId: refOfPicture(body.facts), picture: jpeg, body };
  };
  return [
    { ...common, localId: "register", body: { kind: "register", consent: signed } },
    { ...common, localId: "room", body: { kind: "room" } },
    { ...common, localId: "consent", body: { kind: "consent", consent: signed, evidence } },
    { ...common, localId: "request", body: { kind: "request", request } },
    await picture("preview"),
    await picture("full"),
  ];
}

/** Who collects the consents breaks the glass over this one, for a quarter of an hour. */
const aGlass = () =>
  signer.sign({
    v: 1 as const,
    glassId: crypto.randomUUID(),
    caseId: consent.caseId,
    consentId: consent.consentId,
    reader: collector,
    openedBy: collector,
    reasonSha256: "0".repeat(64),
    openedAt: at(nowMs),
    endsAt: at(nowMs + 900_000),
  });

const kinds = (events: readonly { content: unknown }[]): string[] =>
  events.map(
    ({ content }) =>
      parseCaseEvent({ eventId: "$e", sender: collector, atMs: 0, type: "m.room.message", content }).kind,
  );

async function untilQuiet(outbox: Outbox, signal?: AbortSignal): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    if (signal?.aborted || outbox.store.getState().items.every((item) => item.done)) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe("outbox", () => {
  test("a request leaves in order: registered, room, consent, request, the preview, the photo", async () => {
    const { ports, events, rooms, bytes, registered } = createWorld();
    const outbox = createOutbox({ device: memoryDevice(), clock });
    outbox.run(ports, new AbortController().signal);
    expect((await outbox.add(await wholeRequest())).ok).toBe(true);
    await untilQuiet(outbox);
    expect(registered.size).toBe(1);
    expect(rooms.size).toBe(1);
    expect(kinds(events)).toEqual(["consent", "request", "preview", "photo"]);
    expect(bytes.size).toBe(2);
  });

  test("the preview is there, event and bytes, before anything of the whole picture leaves", async () => {
    const { ports } = createWorld();
    const way: string[] = [];
    const told: OutboxPorts = {
      ...ports,
      async sendEvent(...given) {
        const sent = await ports.sendEvent(...given);
        way.push(...kinds([{ content: given[2] }]));
        return sent;
      },
      async upload(mxc, ...given) {
        const sent = await ports.upload(mxc, ...given);
        way.push(mxc.includes("/preview") ? "small bytes" : "whole bytes");
        return sent;
      },
    };
    const outbox = createOutbox({ device: memoryDevice(), clock });
    outbox.run(told, new AbortController().signal);
    await outbox.add(await wholeRequest());
    await untilQuiet(outbox);
    expect(way.slice(0, 2)).toEqual(["consent", "request"]);
    expect(new Set(way.slice(2, 4))).toEqual(new Set(["preview", "small bytes"]));
    expect(new Set(way.slice(4))).toEqual(new Set(["photo", "whole bytes"]));
  });

  test("a preview that fails does not hold up its photo, and goes with it; what is discarded goes in both forms", async () => {
    const { ports, events } = createWorld();
    const refusing: OutboxPorts = {
      ...ports,
      askPermit: async (roomId, receipt) =>
        receipt.payload.derivedFrom === undefined ? ports.askPermit(roomId, receipt) : err("bad-request"),
    };
    const outbox = createOutbox({ device: memoryDevice(), clock });
    outbox.run(refusing, new AbortController().signal);
    await outbox.add(await wholeRequest());
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(kinds(events)).toEqual(["consent", "request", "photo"]);
    expect(outbox.store.getState().items.filter((item) => item.failed !== null)).toEqual([]);

    const other = createOutbox({ device: memoryDevice(), clock });
    const items = await wholeRequest();
    await other.add(items);
    await other.discard(items.at(-1)?.localId ?? "");
    expect(other.store.getState().items.map((item) => item.body.kind)).not.toContain("picture");
  });

  test("a reload after any step, of the hospital's or the device's, sends everything exactly once", async () => {
    const items = await wholeRequest();
    let steps = 0;
    for (let fatal = 1; fatal <= steps + 1; fatal += 1) {
      const { world, ports, events, rooms, bytes, permits } = createWorld();
      const device = memoryDevice();
      const page = new AbortController();
      let count = 0;
      const dieAfter = async (): Promise<void> => {
        count += 1;
        if (count < fatal) return;
        page.abort();
        await new Promise(() => undefined);
      };
      world.after = dieAfter;
      const first = createOutbox({ device, clock });
      await first.add(items);
      device.onSet = dieAfter;
      first.run(ports, page.signal);
      await untilQuiet(first, page.signal);
      steps = Math.max(steps, count);
      // What the dead page was doing may still land.
      await new Promise((resolve) => setTimeout(resolve, 2));

      world.after = async () => undefined;
      world.stale = true;
      device.onSet = async () => undefined;
      const second = createOutbox({ device, clock });
      await second.load();
      second.run(ports, new AbortController().signal);
      await untilQuiet(second);
      expect({ fatal, kinds: kinds(events) }).toEqual({
        fatal,
        kinds: ["consent", "request", "preview", "photo"],
      });
      expect(rooms.size).toBe(1);
      expect(permits.size).toBe(2);
      const permitted = [...permits.values()].flatMap(({ files }) => files.map((file) => file.sha256));
      expect(new Set(bytes.values())).toEqual(new Set(permitted));
    }
    expect(steps).toBeGreaterThan(12);
  });

  test("a refused room holds up its case, and a retry sends the whole of it", async () => {
    const { ports, events, refuse } = createWorld();
    refuse.set("room", "not-allowed");
    const outbox = createOutbox({ device: memoryDevice(), clock });
    outbox.run(ports, new AbortController().signal);
    await outbox.add(await wholeRequest());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toEqual([]);
    expect(outbox.store.getState().items.find((item) => item.localId === "room")?.failed).toBe("not-allowed");
    refuse.clear();
    outbox.retry("request");
    await untilQuiet(outbox);
    expect(kinds(events)).toEqual(["consent", "request", "preview", "photo"]);
  });

  test("a network that is away is tried again until it is back", async () => {
    const { ports, events } = createWorld();
    let failures = 3;
    const flaky: OutboxPorts = {
      ...ports,
      createRoom: async (caseId) => {
        failures -= 1;
        return failures > 0 ? err("homeserver-unreachable") : ports.createRoom(caseId);
      },
    };
    const outbox = createOutbox({ device: memoryDevice(), clock });
    outbox.run(flaky, new AbortController().signal);
    await outbox.add(await wholeRequest());
    await untilQuiet(outbox);
    expect(kinds(events)).toEqual(["consent", "request", "preview", "photo"]);
  });

  test("a photo that the gate refuses at the last moment sends nothing; the rest of the case went", async () => {
    const { ports, events, bytes, permits } = createWorld();
    const outbox = createOutbox({ device: memoryDevice(), clock });
    const withdrawn: OutboxPorts = {
      ...ports,
      statusOf: async () => ({ state: "withdrawn", untilMs: nowMs }),
    };
    outbox.run(withdrawn, new AbortController().signal);
    await outbox.add(await wholeRequest());
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(kinds(events)).toEqual(["consent", "request"]);
    expect(permits.size + bytes.size).toBe(0);
    expect(outbox.store.getState().items.at(-1)?.failed).toBe("withdrawn");
  });

  test("[G14] a picture that waits leaves by the patient's newest word, narrower or wider than the one that it was taken under", async () => {
    const words = consent;
    const nothing = { ...words, decisions: [{ purpose: "opinion" as const, granted: true }] };
    const later = (one: typeof consent) => ({
      ...one,
      consentId: testConsent([]).consentId,
      collectedAt: at(nowMs),
      supersedes: consent.consentId,
    });
    const sent = async (takenUnder: typeof consent, standing: readonly (typeof consent)[]) => {
      const { ports, events, world } = createWorld();
      world.standing.push(...standing);
      const outbox = createOutbox({ device: memoryDevice(), clock });
      outbox.run(ports, new AbortController().signal);
      const items = (await wholeRequest()).map((item) =>
        item.body.kind === "picture" ? { ...item, body: { ...item.body, consent: takenUnder } } : item,
      );
      await outbox.add(items);
      await untilQuiet(outbox);
      return {
        kinds: kinds(events).slice(2),
        failed: outbox.store.getState().items.flatMap((item) => item.failed ?? []),
      };
    };
    const both = { kinds: ["preview", "photo"], failed: [] };
    const none = { kinds: [], failed: ["purpose-not-granted", "purpose-not-granted"] };
    expect(await sent(words, [])).toEqual(both);
    expect(await sent(words, [later(nothing)])).toEqual(none);
    expect(await sent(nothing, [])).toEqual(none);
    expect(await sent(nothing, [later(words)])).toEqual(both);
    // A word on another case, or that takes nothing's place, changes nothing.
    expect(await sent(words, [{ ...later(nothing), caseId: testConsent([]).caseId }])).toEqual(both);
    expect(await sent(words, [{ ...later(nothing), supersedes: undefined }])).toEqual(both);
  });

  test("a full device takes nothing of a request, and says so; with room it takes all", async () => {
    const device = memoryDevice();
    const outbox = createOutbox({ device, clock });
    device.full = true;
    expect(await outbox.add(await wholeRequest())).toEqual({ ok: false, error: "storage-full" });
    expect(outbox.store.getState().items).toEqual([]);
    expect(await device.keys("pictures")).toEqual([]);
    device.full = false;
    expect((await outbox.add(await wholeRequest())).ok).toBe(true);
    expect(outbox.store.getState().items).toHaveLength(6);
  });

  test("what is discarded is gone from the device too", async () => {
    const device = memoryDevice();
    const outbox = createOutbox({ device, clock });
    await outbox.add(await wholeRequest());
    await outbox.discard("request");
    expect(await device.keys("outbox")).toEqual([]);
    expect(await device.keys("pictures")).toEqual([]);
  });

  test("an emergency that the patient's withdrawal overtook waits until the registry takes it as past", async () => {
    const { ports, refuse } = createWorld();
    const device = memoryDevice();
    let laterMs = 0;
    const glass = await aGlass();
    const outbox = createOutbox({ device, clock });
    refuse.set("glass", "withdrawn");
    outbox.run({ ...ports, nowMs: () => nowMs + laterMs }, new AbortController().signal);
    const body = { kind: "journal", glass } as const;
    await outbox.add([{ localId: "j", caseId: consent.caseId, roomId: "!room", body }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outbox.store.getState().items).toMatchObject([{ localId: "j", failed: null }]);
    laterMs = 600_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outbox.store.getState().items).toMatchObject([{ localId: "j", failed: "withdrawn" }]);
  });

  test("an emergency that was opened here is told to the case, and to the registry once it is back, over a reload; it cannot be discarded", async () => {
    const { ports, events, refuse, world } = createWorld();
    const device = memoryDevice();
    const glass = await aGlass();
    const common = { caseId: consent.caseId, roomId: "!room" };
    const told = {
      ...common,
      localId: "g",
      body: { kind: "glass", glass, reason: "famille injoignable" },
    } as const;
    const journal = { ...common, localId: "j", body: { kind: "journal", glass } } as const;
    const page = new AbortController();
    const first = createOutbox({ device, clock });
    refuse.set("glass", "registry-unreachable");
    first.run(ports, page.signal);
    await first.add([told, journal]);
    for (const localId of ["g", "j"]) await first.discard(localId);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kinds(events)).toEqual(["glass"]);
    expect(await device.keys("outbox")).toContain("j");
    page.abort();
    refuse.clear();
    let brought = 0;
    world.after = async (step) => {
      if (step === "glass") brought += 1;
    };
    const second = createOutbox({ device, clock });
    await second.load();
    second.run(ports, new AbortController().signal);
    await untilQuiet(second);
    expect(brought).toBe(1);
    expect(kinds(events)).toEqual(["glass"]);
    expect(await device.keys("outbox")).not.toContain("j");
  });
});
