import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import { consentEvidenceSchema, consentSchema } from "#protocol/consent.ts";
import { newPrivateJwk, signCompact, signingKeyOf } from "../kit/jose.ts";
import { sha256Hex } from "./ids.ts";
import { isPhonesWord } from "./phone-proof.ts";

const noticeText = "Nous montrons votre question au Dr Martin.";
const strokes: [number, number][][] = [
  [
    [0, 0],
    [900, 200],
  ],
];
const answeredAt = "2026-11-24T10:51:00.000Z";

/** A consent by phone, its evidence and what the phone signed, each of which may be changed. */
async function given(
  changes: { statement?: Record<string, Json>; consent?: object; evidence?: object } = {},
) {
  const key = await signingKeyOf(await newPrivateJwk());
  const consentId = randomUUID();
  const decisions = [{ purpose: "opinion", granted: true }];
  const notice = { version: "1", sha256: sha256Hex(noticeText), language: "fr-simple" };
  const statement = {
    v: 1,
    linkId: "A".repeat(22),
    consentId,
    offerSha256: "a".repeat(64),
    notice,
    decisions,
    signature: { kind: "drawn", sha256: sha256Hex(canonicalJson(strokes)) },
    answeredAt,
    ...changes.statement,
  };
  const consent = consentSchema.parse({
    v: 1,
    consentId,
    caseId: randomUUID(),
    pseudonym: "A".repeat(22),
    decisions,
    recipients: [{ kind: "person", userId: "@martin:valombre.example" }],
    method: "patient-phone",
    givenBy: "patient",
    notice,
    evidenceSha256: "a".repeat(64),
    collectedBy: "@leroy:valombre.example",
    collectedAt: answeredAt,
    expiresAt: "2027-05-24T10:51:00Z",
    ...changes.consent,
  });
  const evidence = consentEvidenceSchema.parse({
    consentId,
    noticeText,
    signature: strokes,
    patientPhone: { key: key.publicJwk, jws: await signCompact(key, statement), answeredAt },
    ...changes.evidence,
  });
  return [consent, evidence] as const;
}

describe("a consent from the patient's phone", () => {
  test("is taken when it says what the phone signed", async () => {
    expect(await isPhonesWord(...(await given()))).toBe(true);
  });

  test("is refused when the clinician's device changed a decision, the notice, the text or the signature", async () => {
    const more = [
      { purpose: "opinion", granted: true },
      { purpose: "teaching", granted: true },
    ];
    expect(await isPhonesWord(...(await given({ consent: { decisions: more } })))).toBe(false);
    const notice = { version: "2", sha256: sha256Hex(noticeText), language: "fr-simple" };
    expect(await isPhonesWord(...(await given({ consent: { notice } })))).toBe(false);
    expect(await isPhonesWord(...(await given({ evidence: { noticeText: "Autre chose." } })))).toBe(false);
    expect(await isPhonesWord(...(await given({ evidence: { signature: [] } })))).toBe(false);
    expect(await isPhonesWord(...(await given({ statement: { consentId: randomUUID() } })))).toBe(false);
  });

  test("is refused without the phone's word, or with one that another key signed", async () => {
    expect(await isPhonesWord(...(await given({ evidence: { patientPhone: undefined } })))).toBe(false);
    const [consent, evidence] = await given();
    const [, other] = await given();
    const mixed = { ...evidence, patientPhone: { ...evidence.patientPhone, key: other.patientPhone?.key } };
    const forged = consentEvidenceSchema.parse(mixed);
    await expect(isPhonesWord(consent, forged)).rejects.toMatchObject({ code: "bad-signature" });
  });

  test("any other method needs no phone", async () => {
    const [consent, evidence] = await given({
      consent: { method: "signed-on-screen" },
      evidence: { patientPhone: undefined },
    });
    expect(await isPhonesWord(consent, evidence)).toBe(true);
  });

  test("who cannot draw wrote the name, in the phone's own word", async () => {
    const signature = { kind: "written", name: "Josiane Delattre" };
    const written = await given({ statement: { signature }, evidence: { signature: undefined } });
    expect(await isPhonesWord(...written)).toBe(true);
  });
});
