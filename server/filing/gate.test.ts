import { beforeAll, describe, expect, test } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import type { Consent } from "#protocol/consent.ts";
import type { Status } from "#protocol/disclose.ts";
import { consentIdSchema } from "#protocol/ids.ts";
import { gate, type RegistryPort } from "./gate.ts";
import {
  aCase,
  aClip,
  aGlass,
  anInformed,
  aWithdrawal,
  type CaseOptions,
  filmed,
  leaseOn,
  leroy,
  martin,
  type People,
  people,
  sampleClip,
  signAs,
  startMs,
  tinyJpeg,
} from "./testing/a-case.ts";
import { type FileableEvent, isFileable } from "./work.ts";

let all: People;
beforeAll(async () => {
  all = await people();
});

const live: Status = { state: "live", untilMs: startMs + 86400_000 };
const nowMs = startMs + 40 * 60_000;

function registry(status: Status = live, leases: readonly string[] = []): RegistryPort {
  return { key: all.registry.publicJwk, statusOf: async () => status, leasesOf: async () => leases };
}

async function events(options?: CaseOptions) {
  const { items } = await aCase(all, options);
  const of = <K extends FileableEvent["kind"]>(kind: K): Extract<FileableEvent, { kind: K }> => {
    const found = items.map((item) => item.event).find((event) => event.kind === kind);
    if (found === undefined || !isFileable(found) || !isKind(found, kind)) throw new Error("A whole case");
    return found;
  };
  return { list: items.map((item) => item.event), of };
}

const isKind = <K extends FileableEvent["kind"]>(
  event: FileableEvent,
  kind: K,
): event is Extract<FileableEvent, { kind: K }> => event.kind === kind;

const flipped = (jws: string): string => `${jws.slice(0, -4)}${jws.endsWith("AAAA") ? "BBBB" : "AAAA"}`;

describe("gate 4, a photo", () => {
  test("[F16] passes with its receipt, its bytes and a live consent", async () => {
    const { list, of } = await events();
    const answer = await gate(of("photo"), tinyJpeg, foldCase(list, ""), registry(), nowMs);
    expect(answer).toMatchObject({ allow: true });
  });

  test("[F16] is refused without its consent in the case", async () => {
    const { list, of } = await events();
    const without = foldCase(
      list.filter((event) => event.kind !== "consent"),
      "",
    );
    expect(await gate(of("photo"), tinyJpeg, without, registry(), nowMs)).toEqual({
      allow: false,
      reason: "no-consent",
    });
  });

  test("[F16] is refused where the patient said no to pictures", async () => {
    const { list, of } = await events({ pictures: false });
    expect(await gate(of("photo"), tinyJpeg, foldCase(list, ""), registry(), nowMs)).toEqual({
      allow: false,
      reason: "purpose-not-granted",
    });
  });

  test("[F16] is refused when it is another picture, none, or no JPEG", async () => {
    const { list, of } = await events();
    const state = foldCase(list, "");
    const changed = Uint8Array.from([...tinyJpeg, 0]);
    expect(await gate(of("photo"), changed, state, registry(), nowMs)).toMatchObject({
      reason: "picture-differs",
    });
    expect(await gate(of("photo"), undefined, state, registry(), nowMs)).toMatchObject({
      reason: "picture-missing",
    });
    const page = new TextEncoder().encode("<svg onload=alert(1)>");
    const other = await events({ picture: page });
    expect(await gate(other.of("photo"), page, foldCase(other.list, ""), registry(), nowMs)).toMatchObject({
      reason: "not-a-jpeg",
    });
  });

  test("[F16] a clip passes as what it says it is, under a yes to being filmed, and is refused otherwise", async () => {
    const clipIn = async (decisions: Consent["decisions"], bytes?: Uint8Array<ArrayBuffer>) => {
      const made = await aCase(all, { consent: { decisions } });
      const item = await aClip(all, made, "video/webm", bytes);
      if (item.event.kind !== "photo") throw new Error("A clip is a photo that moves");
      const state = foldCase([...made.items.map((each) => each.event), item.event], "");
      return gate(item.event, item.picture, state, registry(), nowMs);
    };
    expect(await clipIn(filmed)).toMatchObject({ allow: true });
    const photosAlone = filmed.map((each) => ({
      ...each,
      granted: each.granted && each.purpose !== "video",
    }));
    expect(await clipIn(photosAlone)).toMatchObject({ reason: "video-not-granted" });
    expect(await clipIn(filmed, tinyJpeg)).toMatchObject({ reason: "not-a-clip" });
    expect(await clipIn(filmed, sampleClip("video/mp4"))).toMatchObject({ reason: "not-a-clip" });
  });

  test("[F16] is refused when the receipt's signature is not its taker's", async () => {
    const { list, of } = await events();
    const photo = of("photo");
    const forged = { ...photo.photo.receipt, jws: flipped(photo.photo.receipt.jws) };
    const event = { ...photo, photo: { ...photo.photo, receipt: forged } };
    expect(await gate(event, tinyJpeg, foldCase(list, ""), registry(), nowMs)).toMatchObject({
      reason: "bad-signature",
    });
    const stranger = { ...registry(), key: (await people()).registry.publicJwk };
    expect(await gate(photo, tinyJpeg, foldCase(list, ""), stranger, nowMs)).toMatchObject({
      reason: "bad-signature",
    });
  });

  test("[F16] is refused when somebody else sends it on as his own", async () => {
    const { list, of } = await events();
    const event = { ...of("photo"), sender: "@martin:valombre.example" };
    expect(await gate(event, tinyJpeg, foldCase(list, ""), registry(), nowMs)).toMatchObject({
      reason: "not-the-senders",
    });
  });

  test("[F16] is refused once withdrawn, and held back while nobody knows", async () => {
    const { list, of } = await events();
    const state = foldCase(list, "");
    const ask = (status: Status) => gate(of("photo"), tinyJpeg, state, registry(status), nowMs);
    expect(await ask({ state: "withdrawn", untilMs: live.untilMs })).toEqual({
      allow: false,
      reason: "withdrawn",
    });
    expect(await ask({ state: "unknown" })).toEqual({ allow: "later", reason: "status-unknown" });
    expect(await ask({ state: "live", untilMs: nowMs - 1 })).toEqual({
      allow: "later",
      reason: "status-stale",
    });
    const silent = { ...registry(), statusOf: () => Promise.reject(new Error("down")) };
    expect(await gate(of("photo"), tinyJpeg, state, silent, nowMs)).toMatchObject({ allow: "later" });
  });
});

describe("gate 4, after a newer word of the patient", () => {
  test("[F16] a photo is refused where that word takes pictures back, unless the word itself was withdrawn", async () => {
    const { list, of } = await events();
    const state = foldCase(list, "");
    const [first] = state.consents;
    if (first === undefined) throw new Error("A whole case");
    const newer = {
      ...first.consent,
      consentId: consentIdSchema.parse(crypto.randomUUID()),
      supersedes: first.consent.consentId,
      decisions: [{ purpose: "opinion" as const, granted: true }],
    };
    const told = { ...state, consents: [first, { ...first, consent: newer }] };
    const ask = (ofNewer: "live" | "withdrawn") =>
      gate(
        of("photo"),
        tinyJpeg,
        told,
        {
          ...registry(),
          statusOf: async (id) => ({ ...live, state: id === newer.consentId ? ofNewer : "live" }),
        },
        nowMs,
      );
    expect(await ask("live")).toEqual({ allow: false, reason: "purpose-not-granted" });
    expect(await ask("withdrawn")).toMatchObject({ allow: true });
  });
});

describe("gate 4, a consent", () => {
  test("[F17] passes with its collector's signature and its evidence, refused ones too: a no is recorded", async () => {
    for (const pictures of [true, false]) {
      const { list, of } = await events({ pictures });
      expect(await gate(of("consent"), undefined, foldCase(list, ""), registry(), nowMs)).toMatchObject({
        allow: true,
      });
    }
  });

  test("[F17] is refused when its evidence is another", async () => {
    const { list, of } = await events();
    const consent = of("consent");
    const event = { ...consent, evidence: { ...consent.evidence, noticeText: "Autre chose." } };
    expect(await gate(event, undefined, foldCase(list, ""), registry(), nowMs)).toMatchObject({
      reason: "evidence-differs",
    });
  });

  test("[F17] is refused when it belongs to another case", async () => {
    const { of } = await events();
    const other = await events();
    expect(await gate(of("consent"), undefined, foldCase(other.list, ""), registry(), nowMs)).toMatchObject({
      reason: "another-case",
    });
  });
});

describe("gate 4, an opinion", () => {
  test("[F18] passes when its author signed and sent it", async () => {
    const { list, of } = await events();
    expect(await gate(of("opinion"), undefined, foldCase(list, ""), registry(), nowMs)).toMatchObject({
      allow: true,
      certificate: { sub: "@martin:valombre.example" },
    });
  });

  test("[F18] is refused when one word was changed, or another's key signed", async () => {
    const { list, of } = await events();
    const opinion = of("opinion");
    const payload = { ...opinion.opinion.payload, plan: "Ne rien faire." };
    const changed = { ...opinion, opinion: { ...opinion.opinion, payload } };
    expect(await gate(changed, undefined, foldCase(list, ""), registry(), nowMs)).toMatchObject({
      reason: "bad-signature",
    });
    const signed = await signAs(all, leroy, opinion.opinion.payload);
    const byOther = { ...opinion, opinion: { payload: opinion.opinion.payload, ...signed } };
    expect(await gate(byOther, undefined, foldCase(list, ""), registry(), nowMs)).toMatchObject({
      reason: "not-the-senders",
    });
  });

  test("[F18] is refused when the case has one already", async () => {
    const { list, of } = await events();
    const second = { ...of("opinion"), eventId: "$second" };
    expect(await gate(second, undefined, foldCase([...list, second], ""), registry(), nowMs)).toMatchObject({
      reason: "not-the-cases-opinion",
    });
  });
});

describe("gate 4, words", () => {
  test("[F19] a message is filed once however often it was sent, and a second request is refused", async () => {
    const { list, of } = await events();
    const again = { ...of("message"), eventId: "$again" };
    const state = foldCase([...list, again], "");
    expect(await gate(of("message"), undefined, state, registry(), nowMs)).toMatchObject({ allow: true });
    expect(await gate(again, undefined, state, registry(), nowMs)).toEqual({ allow: "nothing" });
    const request = { ...of("request"), eventId: "$other" };
    expect(await gate(request, undefined, foldCase([...list, request], ""), registry(), nowMs)).toMatchObject(
      {
        reason: "not-the-cases-request",
      },
    );
  });
});

describe("gate 4, a broken glass", () => {
  const gated = async (change: (glass: Awaited<ReturnType<typeof aGlass>>) => object = () => ({})) => {
    const { items, consent } = await aCase(all);
    const events = items.map((item) => item.event);
    const glass = await aGlass(all, consent, martin);
    const event = { ...glass, ...change(glass) };
    return gate(event, undefined, foldCase([...events, event], ""), registry(), nowMs);
  };

  test("[F33] passes when who breaks it signed for it, with the reason that was signed", async () => {
    expect(await gated()).toMatchObject({ allow: true, certificate: { sub: martin } });
  });

  test("[F33] is refused with another reason, from somebody else, or for another case", async () => {
    expect(await gated(() => ({ reason: "Par curiosité, vraiment." }))).toMatchObject({
      reason: "reason-differs",
    });
    expect(await gated(() => ({ sender: leroy }))).toMatchObject({ reason: "not-the-senders" });
    const other = await aCase(all);
    const glass = await aGlass(all, (await aCase(all)).consent, martin);
    const state = foldCase([...other.items.map((item) => item.event), glass], "");
    expect(await gate(glass, undefined, state, registry(), nowMs)).toMatchObject({ reason: "another-case" });
  });

  test("[F34] that the patient was told passes once, of a glass or an emergency that the case has", async () => {
    const { items, consent } = await aCase(all, { consent: { method: "emergency", givenBy: "nobody" } });
    const glass = await aGlass(all, consent, martin);
    const events = [...items.map((item) => item.event), glass];
    const told = anInformed({ kind: "glass", glassId: glass.glass.payload.glassId });
    const again = { ...told, eventId: "$again" };
    const emergency = anInformed({ kind: "emergency", consentId: consent.consentId });
    const state = foldCase([...events, told, again, emergency], "");
    const ask = (event: FileableEvent) => gate(event, undefined, state, registry(), nowMs);
    expect(await ask(told)).toEqual({ allow: true });
    expect(await ask(emergency)).toEqual({ allow: true });
    expect(await ask(again)).toEqual({ allow: "nothing" });
    const other = anInformed({ kind: "glass", glassId: crypto.randomUUID() });
    expect(await ask(other)).toMatchObject({ reason: "nothing-to-tell" });
  });
});

describe("gate 4, a withdrawal", () => {
  test("[F31] passes on the registry's signed word alone, and takes that along", async () => {
    const { items, consent } = await aCase(all);
    const event = {
      kind: "withdrawn" as const,
      eventId: "$w",
      sender: "",
      atMs: nowMs,
      withdrawn: aWithdrawal(consent),
    };
    const state = foldCase([...items.map((item) => item.event), event], "");
    const ask = (leases: readonly string[]) => gate(event, undefined, state, registry(live, leases), nowMs);
    const word = await leaseOn(all, consent, "withdrawn");
    expect(await ask([word])).toEqual({ allow: true, proof: word });
    expect(await ask([await leaseOn(all, consent, "live")])).toMatchObject({ reason: "not-withdrawn" });
    expect(await ask([])).toEqual({ allow: "later", reason: "status-unknown" });
    expect(await ask([await leaseOn(await people(), consent, "withdrawn")])).toMatchObject({
      allow: "later",
    });
    const elsewhere = await leaseOn(all, (await aCase(all)).consent, "withdrawn");
    expect(await ask([elsewhere])).toMatchObject({ allow: "later" });
  });
});
