import { describe, expect, test } from "vitest";
import { type Consent, consentSchema } from "#protocol/consent.ts";
import type { Status } from "#protocol/disclose.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { type Clinician, clinicianSchema } from "#protocol/people.ts";
import { type Receipt, receiptSchema } from "#protocol/receipt.ts";
import { createGate } from "./gate.ts";

const now = Date.parse("2026-03-01T10:00:00Z");
const user = (name: string) => `@${name}:valombre.example`;
const hash = "a".repeat(64);
const caseId = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const consentId = "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";

const consent: Consent = consentSchema.parse({
  v: 1,
  consentId,
  caseId,
  pseudonym: "abcdefghijklmnopqrstuv",
  decisions: [
    { purpose: "opinion", granted: true },
    { purpose: "care-named", granted: true },
  ],
  recipients: [{ kind: "person", userId: user("martin") }],
  method: "oral-witnessed",
  givenBy: "patient",
  notice: { version: "1", sha256: hash, language: "fr" },
  evidenceSha256: hash,
  collectedBy: user("leroy"),
  collectedAt: "2026-03-01T09:00:00Z",
  expiresAt: "2026-06-01T09:00:00Z",
});

const receipt: Receipt = receiptSchema.parse({
  v: 1,
  receiptId: "9f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
  consentId,
  caseId,
  pseudonym: "abcdefghijklmnopqrstuv",
  pictureSha256: hash,
  ciphertexts: [{ rendition: "full", sha256: hash, bytes: 10 }],
  takenBy: user("leroy"),
  takenAt: "2026-03-01T09:30:00Z",
  source: "camera",
});

const clinicians: Clinician[] = ["leroy", "martin", "haddad"].map((name) =>
  clinicianSchema.parse({
    userId: user(name),
    practitionerId: name,
    practitionerRoleId: name,
    family: name,
    given: "",
    title: "",
    specialty: "dermatology",
    rpps: "89900000001",
    organization: "",
    teams: [],
  }),
);

const gateWith = (state: "live" | "withdrawn", known: Consent | null = consent) => {
  const status: Status = { state, untilMs: now + 60_000 };
  const facts = { consent: known, status, glasses: [] };
  return createGate({
    registry: { factsOf: async () => facts, consentsOfCase: async () => (known === null ? [] : [facts]) },
    directory: { clinicians: () => clinicians },
    clock: () => now,
  });
};
const picture = (state: "live" | "withdrawn") => ({
  kind: "picture" as const,
  glasses: [],
  mxc: "mxc://x/y",
  caseId,
  roomId: "!r",
  uploader: user("leroy"),
  rendition: "full" as const,
  sha256: hash,
  bytes: 10,
  uploaded: true,
  receipt,
  consent,
  status: { state, untilMs: now + 60_000 },
});

describe("gate 2", () => {
  test("gives a permit under a live consent, and none without one or after its withdrawal", async () => {
    expect(await gateWith("live").permit(receipt, user("leroy"))).toEqual({ allow: true });
    expect(await gateWith("withdrawn").permit(receipt, user("leroy"))).toMatchObject({ reason: "withdrawn" });
    expect(await gateWith("live", null).permit(receipt, user("leroy"))).toMatchObject({
      reason: "no-consent",
    });
  });

  test("gives the bytes to the colleague who was named, and to nobody beyond", () => {
    const gate = gateWith("live");
    expect(gate.download(picture("live"), user("martin"))).toEqual({ allow: true });
    expect(gate.download(picture("live"), user("haddad"))).toMatchObject({ reason: "audience-not-covered" });
    expect(gate.download(picture("withdrawn"), user("martin"))).toMatchObject({ reason: "withdrawn" });
  });

  test("lets into the case whom a consent covers and the directory knows", async () => {
    const gate = gateWith("live");
    expect(await gate.member(caseId, user("martin"))).toEqual({ allow: true });
    expect(await gate.member(caseId, user("haddad"))).toMatchObject({ reason: "audience-not-covered" });
    expect(await gate.member(caseId, user("unknown"))).toMatchObject({ reason: "audience-not-covered" });
    expect(await gateWith("live", null).member(caseId, user("martin"))).toMatchObject({
      reason: "no-consent",
    });
  });

  test("says no in so many words: to who is in no directory though named, and without a consent", async () => {
    const toNobody = { ...consent, recipients: [{ kind: "person" as const, userId: user("unknown") }] };
    const refused = (reason: string) => ({ allow: false, reason });
    expect(await gateWith("live", toNobody).member(caseId, user("unknown"))).toEqual(
      refused("audience-not-covered"),
    );
    expect(await gateWith("live", null).member(caseId, user("martin"))).toEqual(refused("no-consent"));
    expect(await gateWith("live", null).permit(receipt, user("leroy"))).toEqual(refused("no-consent"));
    expect(await gateWith("live").member(caseId, user("haddad"))).toEqual(refused("audience-not-covered"));
  });

  test("gives a permit only to who may see it, and only of what may go into the record", async () => {
    const gate = gateWith("live");
    expect(await gate.permit(receipt, user("martin"))).toEqual({ allow: true });
    expect(await gate.permit(receipt, user("haddad"))).toEqual({
      allow: false,
      reason: "audience-not-covered",
    });
    expect(await gate.permit({ ...receipt, caseId: caseIdSchema.parse(consentId) }, user("leroy"))).toEqual({
      allow: false,
      reason: "receipt-of-another-case",
    });
  });

  test("lets in for whom the glass is broken, for as long as it is", async () => {
    const status: Status = { state: "live", untilMs: now + 60_000 };
    const over = (untilMs: number) => ({ consent, status, glasses: [{ reader: user("haddad"), untilMs }] });
    for (const [untilMs, allow] of [
      [now, true],
      [now - 1, false],
    ] as const) {
      const facts = over(untilMs);
      const gate = createGate({
        registry: { factsOf: async () => facts, consentsOfCase: async () => [facts] },
        directory: { clinicians: () => clinicians },
        clock: () => now,
      });
      expect((await gate.member(caseId, user("haddad"))).allow).toBe(allow);
      expect((await gate.permit(receipt, user("haddad"))).allow).toBe(allow);
      expect(gate.download({ ...picture("live"), ...facts }, user("haddad")).allow).toBe(allow);
    }
  });

  test("lets in by any consent of the case that covers, first or last", async () => {
    const status: Status = { state: "live", untilMs: now + 60_000 };
    const narrow = { consent, status, glasses: [] };
    const wide = {
      ...narrow,
      consent: { ...consent, recipients: [{ kind: "person" as const, userId: user("haddad") }] },
    };
    for (const all of [
      [narrow, wide],
      [wide, narrow],
    ]) {
      const gate = createGate({
        registry: { factsOf: async () => narrow, consentsOfCase: async () => all },
        directory: { clinicians: () => clinicians },
        clock: () => now,
      });
      expect(await gate.member(caseId, user("haddad"))).toEqual({ allow: true });
    }
  });

  test("[G11] says whether the patient's word or a broken glass lets somebody in, and until when", async () => {
    const untilMs = now + 3_600_000;
    const broken = [
      { reader: user("haddad"), untilMs },
      { reader: user("haddad"), untilMs: untilMs - 1 },
      { reader: user("martin"), untilMs: untilMs + 1 },
    ];
    const cover = (person: string, state: "live" | "withdrawn" = "live") => {
      const facts = { consent, status: { state, untilMs: now + 1000 }, glasses: broken };
      return createGate({
        registry: { factsOf: async () => facts, consentsOfCase: async () => [facts] },
        directory: { clinicians: () => clinicians },
        clock: () => now,
      }).coverOf(caseId, user(person));
    };
    expect(await cover("haddad")).toEqual({ by: "glass", untilMs });
    expect(await cover("martin")).toEqual({ by: "consent" });
    expect(await cover("haddad", "withdrawn")).toEqual({ by: "nothing", reason: "withdrawn" });
    expect(await cover("unknown")).toEqual({ by: "nothing", reason: "audience-not-covered" });
  });
});
