import { createHash, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ConsentEvidence, consentEvidenceSchema, consentSchema } from "#protocol/consent.ts";
import { faultOf, frenchRules } from "#protocol/consent-rules.ts";
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
import { createConsentModel } from "./consent-model.ts";
import type { ConsentDeps, ConsentSubject } from "./consent-state.ts";
import type { Stroke } from "./signature.ts";

const now = Date.parse("2026-11-24T10:51:00Z");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const dermatology: Addressee = { kind: "specialty", specialty: "dermatology" };
const signed: Stroke[] = [
  Array.from({ length: 40 }, (_, i) => [100 + i * 15, 150 + 40 * Math.sin(i)] as const),
];

function setUp(
  changes: Partial<ConsentDeps> & {
    recipient?: Addressee;
    patient?: typeof delattre;
    more?: Partial<ConsentSubject>;
  } = {},
) {
  const recorded: { consent: ConsentDraft; evidence: ConsentEvidence }[] = [];
  const told: ConsentDraft[] = [];
  const { recipient = dermatology, patient = delattre, more = {}, ...rest } = changes;
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
    rules: frenchRules,
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
      ...more,
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
    expect([...model.store.getState().granted]).toEqual([]);
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
      video: false,
      teaching: false,
      research: false,
      publication: false,
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
    model.choose("care-outside-team", true);
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
    other.choose("care-outside-team", true);
    expect(other.lack()).toBe("pictures-need-opinion");
  });

  test("[G17] being filmed is a decision of its own, and goes nowhere without one on photos", async () => {
    const { model, recorded } = setUp();
    model.choose("opinion", true);
    model.choose("video", true);
    expect(model.lack()).toBe("video-needs-pictures");
    model.choose("care-outside-team", true);
    model.setProof({ kind: "oral", witness: "Julie Petit" });
    expect(model.lack()).toBeNull();
    await model.record();
    expect(decisionsOf(recorded[0]?.consent)).toMatchObject({ "care-outside-team": true, video: true });
  });

  test("[G17] no silence and no emergency stands in for being filmed", () => {
    const named = { recipient: { kind: "person", userId: martin.userId } } as const;
    const { model } = setUp(named);
    model.choose("video", true);
    model.sayUnopposed();
    expect(model.lack()).toBe("not-by-non-opposition");
    expect(model.useAtFault()).toBe("video");
    model.choose("video", false);
    expect(model.lack()).toBeNull();
    model.choose("video", true);
    model.sayEmergency();
    expect(model.store.getState().granted.has("video")).toBe(false);
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
    expect(Object.values(decisionsOf(recorded[0]?.consent))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test("keeps the very text that was read, its version, its hash and its language", async () => {
    const { model, recorded } = setUp();
    model.setLanguage("en");
    const read = model.notice();
    model.sayYesToBoth();
    await model.recordBefore("Julie Petit");
    expect(recorded[0]?.evidence.noticeText).toBe(read);
    expect(recorded[0]?.consent.notice).toEqual({
      version: "2026-11.4",
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
    expect(model.store.getState().granted.has("care-outside-team")).toBe(true);
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
    model.setGiver({ kind: "representative", name: "Karim Bernard", capacity: "father", second: "" });
    expect(model.lack()).toBe("assent-missing");
    model.setAssent("not-able");
    expect(model.lack()).toBe("witness-missing");
    await model.recordBefore("Julie Petit");
    expect(recorded[0]?.consent).toMatchObject({
      method: "oral-witnessed",
      givenBy: "parent",
      assent: "not-able",
    });
    expect(recorded[0]?.evidence).toMatchObject({
      representative: "Karim Bernard, père",
      witness: "Julie Petit",
    });
  });

  test("an adult decides alone, unless a guardian is named", () => {
    const { model } = setUp();
    expect(model.minor).toBe(false);
    expect(model.store.getState().giver).toEqual({ kind: "patient" });
    model.setGiver({ kind: "representative", name: "", capacity: "guardian", second: "" });
    model.choose("opinion", true);
    expect(model.lack()).toBe("representative-name");
  });
});

describe("the notice", () => {
  test.each(["fr", "fr-simple", "en"] as const)(
    "in %s names who sees, the archivist, how long and how to change one's mind",
    (language) => {
      const { model } = setUp({ language });
      const text = model.notice();
      for (const part of ["Hélène Martin", "Nadia Haddad", "CHU de Valombre", "Inf. Leroy"])
        expect(text).toContain(part);
      expect(text).toMatch(
        language !== "en"
          ? /Archiviste.*vingt ans.*six mois.*changer d’avis/
          : /archivist.*twenty years.*six months.*change your mind/,
      );
    },
  );
});

/** What the registry would say of what was recorded. */
const faultIn = (consent: ConsentDraft | undefined) =>
  faultOf(
    consentSchema.parse({ ...consent, v: 1, evidenceSha256: "0".repeat(64), collectedBy: leroy.userId }),
    frenchRules,
  );

describe("uses beyond care", () => {
  test("spoken words do not grant them: the sheet says so before the registry would; a signature does", async () => {
    const { model, recorded } = setUp();
    model.sayYesToBoth();
    model.setProof({ kind: "oral", witness: "Julie Petit" });
    expect(model.lack()).toBeNull();
    model.choose("teaching", true);
    expect([model.lack(), model.useAtFault()]).toEqual(["method-too-weak", "teaching"]);
    await model.record();
    expect(recorded).toEqual([]);
    model.setProof({ kind: "signature", strokes: signed });
    expect(model.lack()).toBeNull();
    await model.record();
    expect(decisionsOf(recorded[0]?.consent)).toMatchObject({ teaching: true, "care-outside-team": true });
    expect(faultIn(recorded[0]?.consent)).toBeNull();
  });

  test("research names its study", async () => {
    const { model, recorded } = setUp();
    model.choose("opinion", true);
    model.choose("research", true);
    model.setProof({ kind: "signature", strokes: signed });
    expect([model.lack(), model.useAtFault()]).toEqual(["project-missing", "research"]);
    model.setProject(" PEAU-OUEST ");
    await model.record();
    expect(recorded[0]?.consent.decisions).toContainEqual({
      purpose: "research",
      granted: true,
      project: "PEAU-OUEST",
    });
  });

  test("publication of a child needs both parents, and their names; one is enough for care", async () => {
    const { model, recorded } = setUp({ patient: adam });
    const mother = { kind: "representative", name: "Lina Bernard", capacity: "mother", second: "" } as const;
    model.choose("opinion", true);
    model.setGiver(mother);
    model.setAssent("yes");
    model.setProof({ kind: "signature", strokes: signed });
    expect(model.lack()).toBeNull();
    model.choose("publication", true);
    expect([model.lack(), model.useAtFault()]).toEqual(["both-parents-needed", "publication"]);
    model.setGiver({ ...mother, capacity: "both-parents" });
    expect(model.lack()).toBe("second-name");
    model.setGiver({ ...mother, capacity: "both-parents", second: "Karim Bernard" });
    await model.record();
    expect(recorded[0]?.consent.givenBy).toBe("both-parents");
    expect(recorded[0]?.evidence).toMatchObject({
      representative: "Lina Bernard, parent",
      secondRepresentative: "Karim Bernard, parent",
    });
    expect(faultIn(recorded[0]?.consent)).toBeNull();
  });

  test("a child's no stands against them, and not against care", () => {
    const { model } = setUp({ patient: adam });
    model.choose("opinion", true);
    model.choose("care-outside-team", true);
    model.setGiver({ kind: "representative", name: "Lina", capacity: "mother", second: "" });
    model.setAssent("no");
    model.setProof({ kind: "signature", strokes: signed });
    expect(model.lack()).toBeNull();
    model.choose("teaching", true);
    expect(model.lack()).toBe("minor-said-no");
  });
});

describe("other ways to know the decision", () => {
  const toMartin = { recipient: { kind: "person", userId: martin.userId } } as const;

  test("information and no objection is enough for whom the patient was told of by name, never for a pool", async () => {
    const { model, recorded } = setUp(toMartin);
    expect(model.mayGoUnopposed).toBe(true);
    expect(setUp().model.mayGoUnopposed).toBe(false);
    model.sayUnopposed();
    await model.record();
    expect(recorded[0]?.consent).toMatchObject({ method: "non-opposition", givenBy: "patient" });
    expect(decisionsOf(recorded[0]?.consent)).toMatchObject({ opinion: true, "care-named": true });
    expect(faultIn(recorded[0]?.consent)).toBeNull();
  });

  test("an emergency needs its reason, is decided by nobody, and ends after the hours of the rules", async () => {
    const { model, recorded } = setUp({ patient: adam });
    model.sayEmergency();
    expect(model.lack()).toBe("reason-missing");
    model.setProof({ kind: "emergency", reason: "inconscient" });
    await model.record();
    const { consent, evidence } = recorded[0] ?? {};
    expect(consent).toMatchObject({ method: "emergency", givenBy: "nobody" });
    expect(consent).not.toHaveProperty("assent");
    expect(Date.parse(consent?.expiresAt ?? "") - now).toBe(frenchRules.emergencyHours * 3_600_000);
    expect(evidence).toMatchObject({ emergencyReason: "inconscient" });
    expect(evidence).not.toHaveProperty("representative");
    expect(faultIn(consent)).toBeNull();
  });

  test("what an emergency or a silence supposed is no choice of the patient's once somebody signs", () => {
    const { model } = setUp(toMartin);
    model.sayEmergency();
    model.setProof({ kind: "signature", strokes: [] });
    expect(model.lack()).toBe("nothing-chosen");
    model.sayYesToBoth();
    model.setProof({ kind: "signature", strokes: signed });
    expect(model.lack()).toBeNull();
  });

  test("what the patient's own phone signed is recorded word for word; meanwhile nothing is", async () => {
    const { model, recorded } = setUp();
    model.setProof({ kind: "phone" });
    expect(model.lack()).toBe("on-the-phone");
    await model.record();
    expect(recorded).toEqual([]);
    const consentId = consentIdSchema.parse(randomUUID());
    const decisions = [
      { purpose: "opinion" as const, granted: true },
      { purpose: "care-outside-team" as const, granted: false },
    ];
    const notice = { version: "2026-11.4", sha256: "a".repeat(64), language: "fr-simple" };
    const key = { kty: "EC" as const, crv: "P-256" as const, x: "a".repeat(43), y: "b".repeat(43) };
    const patientPhone = { key, jws: "a.b.c", answeredAt: new Date(now).toISOString() };
    await model.recordPhone({ consentId, decisions, notice, patientPhone, noticeText: "Nous voulons…" });
    expect(recorded[0]?.consent).toMatchObject({ consentId, decisions, notice, method: "patient-phone" });
    expect(recorded[0]?.evidence).toEqual({ consentId, noticeText: "Nous voulons…", patientPhone });
  });

  test("an interpreter is named in the evidence", async () => {
    const { model, recorded } = setUp();
    model.setInterpreter("Amel Haddad");
    model.sayYesToBoth();
    await model.recordBefore("Julie Petit");
    expect(recorded[0]?.evidence.interpreter).toBe("Amel Haddad");
  });
});

describe("a case that is open", () => {
  test("each reach is a decision of its own, by name, and takes the place of the earlier word", async () => {
    const before = consentIdSchema.parse(randomUUID());
    const { model, recorded } = setUp({
      more: {
        recipients: [dermatology, { kind: "person", userId: faure.userId }],
        supersedes: before,
        roomId: "!room",
      },
    });
    expect(model.care.map(({ purpose, people }) => [purpose, people.map((each) => each.family)])).toEqual([
      ["care-outside-team", ["Martin", "Haddad"]],
      ["care-named", ["Faure"]],
    ]);
    model.sayYesToBoth();
    model.choose("care-named", false);
    await model.recordBefore("Julie Petit");
    expect(recorded[0]?.consent.supersedes).toBe(before);
    expect(decisionsOf(recorded[0]?.consent)).toMatchObject({
      "care-outside-team": true,
      "care-named": false,
    });
  });
});
