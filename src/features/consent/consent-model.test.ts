import { createHash, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ConsentEvidence, consentEvidenceSchema, consentSchema } from "#protocol/consent.ts";
import { caseIdSchema, consentIdSchema } from "#protocol/ids.ts";
import type { Addressee } from "#protocol/people.ts";
import { err, ok } from "#protocol/result.ts";
import type { ConsentDraft } from "../../matrix/types.ts";
import {
  adam,
  clinicians,
  createFakeVault,
  delattre,
  faure,
  leroy,
  martin,
  teams,
} from "../testing/index.ts";
import { type ConsentDeps, createConsentModel } from "./consent-model.ts";
import type { Stroke } from "./signature.ts";

const now = Date.parse("2026-11-24T10:51:00Z");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const dermatology: Addressee = { kind: "specialty", specialty: "dermatology" };
const signed: Stroke[] = [
  Array.from({ length: 40 }, (_, i) => [100 + i * 15, 150 + 40 * Math.sin(i)] as const),
];

function setUp(changes: Partial<ConsentDeps> & { recipient?: Addressee; patient?: typeof delattre } = {}) {
  const recorded: { consent: ConsentDraft; evidence: ConsentEvidence }[] = [];
  const told: ConsentDraft[] = [];
  const { recipient = dermatology, patient = delattre, ...rest } = changes;
  const model = createConsentModel({
    door: {
      vault: createFakeVault(),
      async recordConsent(consent, evidence) {
        recorded.push({ consent, evidence });
        return ok({ registered: true });
      },
    },
    clinicians,
    teams: new Map(teams.map((each) => [each.id, each.name])),
    hospital: "CHU de Valombre",
    collector: leroy.userId,
    clock: () => now,
    newId: () => consentIdSchema.parse(randomUUID()),
    sha256: async (text) => sha256(text),
    language: "fr",
    subject: {
      caseId: caseIdSchema.parse(randomUUID()),
      pseudonym: "A".repeat(22),
      patient,
      recipients: [recipient],
    },
    onRecorded: (consent) => told.push(consent),
    ...rest,
  });
  return { model, recorded, told };
}

const decisionsOf = (consent: ConsentDraft | undefined) =>
  Object.fromEntries((consent?.decisions ?? []).map((each) => [each.purpose, each.granted]));

describe("the sheet", () => {
  test("begins with every decision off, and records nothing that nobody chose", async () => {
    const { model, recorded } = setUp();
    expect(model.store.getState().choices).toEqual({ opinion: false, pictures: false, teaching: false });
    expect(model.lack()).toBe("nothing-chosen");
    await model.record();
    expect(recorded).toEqual([]);
  });

  test("the usual oral case is two acts: yes to both, and who stands by", async () => {
    const { model, recorded, told } = setUp();
    model.sayYesToBoth();
    expect(model.lack()).toBe("witness-missing");
    await model.recordBefore("Dr Paul Faure");
    const { consent, evidence } = recorded[0] ?? {};
    expect(decisionsOf(consent)).toEqual({
      opinion: true,
      "care-outside-team": true,
      teaching: false,
      research: false,
    });
    expect(consent).toMatchObject({ method: "oral-witnessed", givenBy: "patient" });
    expect(evidence).toMatchObject({ witness: "Dr Paul Faure" });
    expect(told).toHaveLength(1);
  });

  test("a witness is offered by name and never assumed; who was witness last is offered first", async () => {
    const { model } = setUp({ collector: faure.userId });
    expect(model.store.getState().witnesses).toEqual(["Inf. Claire Leroy"]);
    expect(model.store.getState().proof).toEqual({ kind: "signature", strokes: [] });
    const vault = createFakeVault();
    await vault.set("consent/last-witness", "Julie Petit");
    const again = setUp({
      collector: faure.userId,
      door: { vault, recordConsent: async () => ok({ registered: true }) },
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(again.model.store.getState().witnesses).toEqual(["Julie Petit", "Inf. Claire Leroy"]);
  });

  test("a signature of two pixels is refused, one that can be recognised is taken", async () => {
    const { model, recorded } = setUp();
    model.choose("opinion", true);
    model.choose("pictures", true);
    expect(model.lack()).toBe("signature-missing");
    model.setProof({
      kind: "signature",
      strokes: [
        [
          [10, 10],
          [12, 11],
        ],
      ],
    });
    expect(model.lack()).toBe("signature-small");
    await model.record();
    expect(recorded).toEqual([]);
    model.setProof({ kind: "signature", strokes: signed });
    await model.record();
    expect(recorded[0]?.consent.method).toBe("signed-on-screen");
    expect(recorded[0]?.evidence.signature?.[0]).toHaveLength(40);
  });

  test("the opinion and the pictures are two decisions: yes to one is not yes to the other", async () => {
    const { model, recorded } = setUp();
    model.choose("opinion", true);
    model.setProof({ kind: "oral", witness: "Julie Petit" });
    await model.record();
    expect(decisionsOf(recorded[0]?.consent)).toMatchObject({ opinion: true, "care-outside-team": false });
    const other = setUp().model;
    other.choose("pictures", true);
    expect(other.lack()).toBe("pictures-need-opinion");
  });

  test("asks for what the recipient needs: a named colleague is not a pool", async () => {
    const { model, recorded } = setUp({ recipient: { kind: "person", userId: martin.userId } });
    model.sayYesToBoth();
    await model.recordBefore("Julie Petit");
    expect(decisionsOf(recorded[0]?.consent)).toMatchObject({ "care-named": true });
    expect(decisionsOf(recorded[0]?.consent)).not.toHaveProperty("care-outside-team");
  });

  test("a refusal is recorded as one, whatever was touched before", async () => {
    const { model, recorded } = setUp();
    model.sayYesToBoth();
    await model.recordRefusal();
    expect(Object.values(decisionsOf(recorded[0]?.consent))).toEqual([false, false, false, false]);
  });

  test("keeps the very text that was read, its version, its hash and its language", async () => {
    const { model, recorded } = setUp();
    model.setLanguage("en");
    const read = model.notice();
    model.sayYesToBoth();
    await model.recordBefore("Julie Petit");
    expect(recorded[0]?.evidence.noticeText).toBe(read);
    expect(recorded[0]?.consent.notice).toEqual({
      version: "2026-11.2",
      sha256: sha256(read),
      language: "en",
    });
  });

  test("what it records satisfies the protocol", async () => {
    const { model, recorded } = setUp();
    model.sayYesToBoth();
    await model.recordBefore("Julie Petit");
    const { consent, evidence } = recorded[0] ?? {};
    expect(consentEvidenceSchema.safeParse(evidence).success).toBe(true);
    expect(
      consentSchema.safeParse({
        ...consent,
        v: 1,
        evidenceSha256: "0".repeat(64),
        collectedBy: leroy.userId,
      }).success,
    ).toBe(true);
    expect(consent?.expiresAt).toBe("2027-05-24T10:51:00.000Z");
  });

  test("a registry that refuses leaves the sheet as it was", async () => {
    const { model, told } = setUp({
      door: { vault: createFakeVault(), recordConsent: async () => err("registry-unreachable") },
    });
    model.sayYesToBoth();
    await model.recordBefore("Julie Petit");
    expect(model.store.getState().step).toEqual({ at: "failed", error: "registry-unreachable" });
    expect(model.store.getState().choices.pictures).toBe(true);
    expect(told).toEqual([]);
  });
});

describe("somebody decides for the patient", () => {
  test("a child's sheet asks who, in what capacity, and speaks of the child", async () => {
    const { model, recorded } = setUp({ patient: adam });
    expect(model.minor).toBe(true);
    expect(model.notice()).toContain("la partie à soigner de Adam".replace("de A", "d’A"));
    model.sayYesToBoth();
    expect(model.lack()).toBe("representative-name");
    model.setGiver({ kind: "representative", name: "Karim Bernard", capacity: "father" });
    expect(model.lack()).toBe("witness-missing");
    await model.recordBefore("Julie Petit");
    expect(recorded[0]?.consent).toMatchObject({ method: "oral-witnessed", givenBy: "parent" });
    expect(recorded[0]?.evidence).toMatchObject({
      representative: "Karim Bernard, père",
      witness: "Julie Petit",
    });
  });

  test("an adult decides alone, unless a guardian is named", () => {
    const { model } = setUp();
    expect(model.minor).toBe(false);
    expect(model.store.getState().giver).toEqual({ kind: "patient" });
    model.setGiver({ kind: "representative", name: "", capacity: "guardian" });
    model.choose("opinion", true);
    expect(model.lack()).toBe("representative-name");
  });
});

describe("the notice", () => {
  test.each(["fr", "en"] as const)(
    "in %s names who sees, the archivist, how long and how to change one's mind",
    (language) => {
      const { model } = setUp({ language });
      const text = model.notice();
      for (const part of ["Hélène Martin", "Nadia Haddad", "CHU de Valombre", "Inf. Leroy"])
        expect(text).toContain(part);
      expect(text).toMatch(
        language === "fr"
          ? /Archiviste.*vingt ans.*six mois.*changer d’avis/
          : /archivist.*twenty years.*six months.*change your mind/,
      );
    },
  );
});
