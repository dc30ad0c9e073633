import { describe, expect, test } from "vitest";
import { canonicalJson } from "#protocol/canonical.ts";
import { contentKeys } from "#protocol/events.ts";
import type { Glass, SignedGlass } from "#protocol/glass.ts";
import { identityCorrectionSchema } from "#protocol/identity.ts";
import { misfilingSchema } from "#protocol/misfiling.ts";
import { amendmentSchema } from "#protocol/opinion.ts";
import { questionAmendmentSchema } from "#protocol/question.ts";
import { judgePlace, placeKey, type RatchetPlace } from "#protocol/trust.ts";
import { sha256Hex, utf8 } from "../kit/bytes.ts";
import { collector, nowMs, stranger, testConsent, testRegistry } from "../testing/people.ts";
import { admitAll, judge, type RoomEvent } from "./admit.ts";

const registry = await testRegistry();
const signer = await registry.certified(collector);
const caseId = testConsent([]).caseId;
const clientRef = "00000000-0000-4000-8000-000000000000";
const message = { msgtype: "m.text", body: "Bonjour", [contentKeys.message]: { clientRef } };

const raw = (change: Partial<RoomEvent> = {}): RoomEvent => ({
  eventId: "$one",
  sender: collector,
  atMs: nowMs,
  encrypted: true,
  place: { roomId: "!room", sessionId: "s", messageIndex: 0 },
  clear: { type: "m.room.message", content: message },
  failure: null,
  forged: false,
  ...change,
});

const verdictOf = (event: RoomEvent) => judge(event, caseId, registry.key);

describe("what a case takes in", () => {
  test("an encrypted message of a signed device is taken", async () => {
    expect(await verdictOf(raw())).toMatchObject({
      kind: "event",
      event: { kind: "message", text: "Bonjour" },
    });
  });

  test("the same message in the clear is refused, Matrix's own events in the clear are not ours", async () => {
    expect(await verdictOf(raw({ encrypted: false, place: null }))).toEqual({
      kind: "refused",
      reason: "not-encrypted",
    });
    const redaction = { type: "m.room.redaction", content: {} };
    expect(await verdictOf(raw({ encrypted: false, place: null, clear: redaction }))).toEqual({
      kind: "ignored",
    });
    const filed = { type: "fr.colloque.filed", content: {} };
    expect(await verdictOf(raw({ encrypted: false, place: null, clear: filed }))).toMatchObject({
      reason: "not-encrypted",
    });
  });

  test("a sender that does not own the session is refused", async () => {
    expect(await verdictOf(raw({ forged: true }))).toEqual({ kind: "refused", reason: "forged-sender" });
  });

  test("an edit is refused: a correction is an event of its own", async () => {
    const content = { ...message, "m.relates_to": { rel_type: "m.replace", event_id: "$zero" } };
    expect(await verdictOf(raw({ clear: { type: "m.room.message", content } }))).toMatchObject({
      reason: "rewritten",
    });
    const reply = { ...message, "m.relates_to": { "m.in_reply_to": { event_id: "$zero" } } };
    expect(await verdictOf(raw({ clear: { type: "m.room.message", content: reply } }))).toMatchObject({
      kind: "event",
    });
  });

  test("what cannot be read yet says why", async () => {
    expect(await verdictOf(raw({ clear: null, failure: "keys-on-their-way" }))).toEqual({
      kind: "unreadable",
      reason: "keys-on-their-way",
    });
  });

  test("a consent is taken with its signature and evidence; changed, of another case or by another hand it is not", async () => {
    const base = testConsent(["opinion"], { caseId });
    const evidence = { consentId: base.consentId, witness: "C. Leroy", noticeText: "…" };
    const evidenceSha256 = await sha256Hex(utf8(canonicalJson(evidence)));
    const consentEvent = (content: object) =>
      raw({ clear: { type: "m.room.message", content: { msgtype: "m.text", body: "", ...content } } });
    const consent = await signer.sign({ ...base, evidenceSha256 });
    expect(await verdictOf(consentEvent({ [contentKeys.consent]: { consent, evidence } }))).toMatchObject({
      kind: "event",
    });
    const otherWitness = { ...evidence, witness: "Nobody" };
    expect(
      await verdictOf(consentEvent({ [contentKeys.consent]: { consent, evidence: otherWitness } })),
    ).toMatchObject({ reason: "bad-signature" });
    const other = await (await registry.certified(stranger)).sign({ ...base, evidenceSha256 });
    expect(
      await verdictOf(consentEvent({ [contentKeys.consent]: { consent: other, evidence } })),
    ).toMatchObject({
      reason: "bad-signature",
    });
    const elsewhere = await signer.sign({ ...testConsent(["opinion"]), evidenceSha256 });
    expect(
      await verdictOf(consentEvent({ [contentKeys.consent]: { consent: elsewhere, evidence } })),
    ).toMatchObject({ reason: "of-another-case" });
  });

  test("the same ciphertext under a second event is a replay, however often the room is read", async () => {
    const taken = new Map<string, string>();
    const claim = (place: RatchetPlace, eventId: string): boolean => {
      const verdict = judgePlace(taken.get(placeKey(place)), eventId);
      if (verdict === "first") taken.set(placeKey(place), eventId);
      return verdict !== "replay";
    };
    const events = [raw(), raw({ eventId: "$again" })];
    const judged = await Promise.all(
      events.map(async (each) => ({ raw: each, verdict: await verdictOf(each) })),
    );
    for (const _reading of [1, 2]) {
      const admitted = admitAll(judged, claim);
      expect(admitted.events.map((event) => event.eventId)).toEqual(["$one"]);
      expect(admitted.refused).toEqual([{ eventId: "$again", reason: "replayed" }]);
    }
  });
});

describe("a broken glass", () => {
  const reason = "arrêt cardiaque, injoignable";
  const glassOf = async (change: Partial<Glass> = {}) =>
    signer.sign<Glass>({
      v: 1,
      glassId: crypto.randomUUID(),
      caseId,
      consentId: testConsent([]).consentId,
      reader: stranger,
      openedBy: collector,
      reasonSha256: await sha256Hex(utf8(reason)),
      openedAt: new Date(nowMs).toISOString(),
      endsAt: new Date(nowMs + 3_600_000).toISOString(),
      ...change,
    });
  const said = (glass: SignedGlass, words = reason) =>
    verdictOf(
      raw({
        clear: {
          type: "m.room.message",
          content: { msgtype: "m.text", body: "…", [contentKeys.glass]: { glass, reason: words } },
        },
      }),
    );

  test("is taken with the reason that was signed, and refused with another, of another case, or forged", async () => {
    const glass = await glassOf();
    expect(await said(glass)).toMatchObject({ kind: "event", event: { kind: "glass", reason } });
    expect(await said(glass, "une autre raison")).toEqual({ kind: "refused", reason: "bad-signature" });
    const longer = { ...glass.payload, endsAt: new Date(nowMs + 9e9).toISOString() };
    expect(await said({ ...glass, payload: longer })).toEqual({ kind: "refused", reason: "bad-signature" });
    const elsewhere = await glassOf({ caseId: testConsent([]).caseId });
    expect(await said(elsewhere)).toEqual({ kind: "refused", reason: "of-another-case" });
  });
});

describe("what is signed after the request: later versions, a wrong patient, the right one", () => {
  const said = (content: object) =>
    verdictOf(
      raw({ clear: { type: "m.room.message", content: { msgtype: "m.text", body: "…", ...content } } }),
    );
  const refused = { kind: "refused", reason: "bad-signature" };
  const elsewhere = testConsent([]).caseId;
  const amended = (assessment: string, ofCase: string = caseId) =>
    amendmentSchema.parse({
      v: 1,
      amends: { eventId: "$opinion", opinionId: crypto.randomUUID() },
      how: "corrected",
      reason: "Le côté était faux.",
      opinion: {
        opinionId: crypto.randomUUID(),
        caseId: ofCase,
        requestEventId: "$request",
        findings: "",
        assessment,
        certainty: "certain",
        plan: "Surveillance",
        ifWorse: "Rappeler",
        inPerson: { needed: false },
        limits: "",
        picturesSeen: [],
        author: collector,
        signedAt: new Date(nowMs).toISOString(),
      },
    });
  const misfiled = (reason: string, ofCase: string = caseId) =>
    misfilingSchema.parse({
      v: 1,
      misfilingId: crypto.randomUUID(),
      caseId: ofCase,
      requestEventId: "$request",
      reason,
      told: [],
      by: collector,
      at: new Date(nowMs).toISOString(),
    });

  test("are taken as they were signed, and refused when changed, by another hand, or of another case", async () => {
    const other = await registry.certified(stranger);
    const amendment = await signer.sign(amended("Naevus"));
    expect(await said({ [contentKeys.amendment]: amendment })).toMatchObject({ kind: "event" });
    const changed = { ...amendment, payload: amended("Mélanome") };
    expect(await said({ [contentKeys.amendment]: changed })).toEqual(refused);
    expect(await said({ [contentKeys.amendment]: await other.sign(amended("Naevus")) })).toEqual(refused);
    const moved = await signer.sign(amended("Naevus", elsewhere));
    expect(await said({ [contentKeys.amendment]: moved })).toMatchObject({ reason: "of-another-case" });

    const misfiling = await signer.sign(misfiled("Homonyme choisi par erreur."));
    expect(await said({ [contentKeys.misfiled]: misfiling })).toMatchObject({ kind: "event" });
    const reworded = { ...misfiling, payload: misfiled("Une autre raison que celle-là.") };
    expect(await said({ [contentKeys.misfiled]: reworded })).toEqual(refused);
    const byOther = await other.sign(misfiled("Homonyme choisi par erreur."));
    expect(await said({ [contentKeys.misfiled]: byOther })).toEqual(refused);
    const ofOther = await signer.sign(misfiled("Homonyme choisi par erreur.", elsewhere));
    expect(await said({ [contentKeys.misfiled]: ofOther })).toMatchObject({ reason: "of-another-case" });
  });

  const question = (text: string, ofCase: string = caseId) =>
    questionAmendmentSchema.parse({
      v: 1,
      caseId: ofCase,
      amends: { eventId: "$request" },
      how: "completed",
      reason: "Le traitement manquait.",
      question: text,
      author: collector,
      signedAt: new Date(nowMs).toISOString(),
    });
  const patient = { recordId: "p2", family: "D", given: "J", sex: "female", identity: "provisional" };
  const identity = (change: object = {}, ofCase: string = caseId) =>
    identityCorrectionSchema.parse({
      v: 1,
      correctionId: crypto.randomUUID(),
      caseId: ofCase,
      requestEventId: "$request",
      misfilingId: crypto.randomUUID(),
      patient: { ...patient, ...change },
      attests: "consent-and-photos-are-theirs",
      by: collector,
      at: new Date(nowMs).toISOString(),
    });

  test("so is a later version of the question, and whom the case is about", async () => {
    const other = await registry.certified(stranger);
    for (const [key, one, two, moved] of [
      [
        contentKeys.question,
        question("Et maintenant ?"),
        question("Autre chose ?"),
        question("x", elsewhere),
      ],
      [contentKeys.identity, identity(), identity({ recordId: "another" }), identity({}, elsewhere)],
    ] as const) {
      const signed = await signer.sign(one);
      expect(await said({ [key]: signed })).toMatchObject({ kind: "event" });
      expect(await said({ [key]: { ...signed, payload: two } })).toEqual(refused);
      expect(await said({ [key]: await other.sign(one) })).toEqual(refused);
      expect(await said({ [key]: await signer.sign(moved) })).toMatchObject({ reason: "of-another-case" });
    }
  });
});
