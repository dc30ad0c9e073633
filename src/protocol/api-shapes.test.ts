import { describe, expect, test } from "vitest";
import * as api from "./api.ts";
import { frenchRules } from "./consent-rules.ts";
import { consent, glass, hash, now, picture, user, uuid } from "./testing/event-values.ts";
import { breaches, many, needless, passes, wrongly } from "./testing/limits.ts";

const jwk = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) };
const roomId = "!r:b.example";
const mxc = "mxc://b.example/abc";

test("the interface is where it is, and its limits are these", () => {
  expect([api.apiPrefix, api.readHeader, api.maxUploadBytes, api.leaseMs]).toEqual([
    "/colloque/v1",
    "x-colloque-read",
    41_943_040,
    60_000,
  ]);
});

test("the configuration names the hospital, its archivist, its key and its rules", () => {
  const config = {
    hospital: { name: "CHU", address: "a", emergencyNumber: "15" },
    serverName: "b.example",
    bot: user,
    registryKey: jwk,
    registryName: "registry",
    urgentPhones: { dermatology: "01" },
    archive: false,
    consentRules: frenchRules,
  };
  const needed = ["hospital", "hospital.name", "hospital.address", "hospital.emergencyNumber", "serverName"];
  const alsoNeeded = ["bot", "registryKey", "registryName", "urgentPhones", "archive", "consentRules"];
  expect(passes(api.configSchema, config)).toBe(true);
  expect(needless(api.configSchema, config, ...needed, ...alsoNeeded)).toEqual([]);
  expect(
    wrongly(api.configSchema, config, "urgentPhones", { fits: [{}], breaks: [{ magic: "01" }] }),
  ).toEqual([]);
});

test("a part is up, down or off, each of them", () => {
  const parts = { homeserver: "up", record: "down", archive: "off", bot: "up" };
  const health = { ok: true, parts };
  expect(passes(api.healthSchema, health)).toBe(true);
  for (const part of Object.keys(parts)) {
    expect(
      wrongly(api.healthSchema, health, `parts.${part}`, {
        fits: ["up", "down", "off"],
        breaks: ["", undefined],
      }),
    ).toEqual([]);
  }
  expect(needless(api.healthSchema, health, "ok", "parts")).toEqual([]);
});

describe("what is asked and answered", () => {
  test.each<[string, Parameters<typeof needless>[0], object, string[]]>([
    ["to certify a key", api.certifyRequestSchema, { jwk }, ["jwk"]],
    ["as its certificate", api.certifyAnswerSchema, { certificate: "c" }, ["certificate"]],
    [
      "as the directory",
      api.directorySchema,
      { clinicians: [], teams: [], updatedAt: now },
      ["clinicians", "teams", "updatedAt"],
    ],
    ["to register a consent", api.registerConsentSchema, { consent: consent.consent }, ["consent"]],
    ["to break a glass", api.breakGlassSchema, { glass }, ["glass"]],
    ["of a glass", api.breakGlassAnswerSchema, { glassId: uuid, open: false }, ["glassId", "open"]],
    ["to add a member", api.addMemberSchema, { userId: user }, ["userId"]],
    ["for a permit", api.permitRequestSchema, { roomId, receipt: picture.receipt }, ["roomId", "receipt"]],
  ])("%s is whole", (_what, schema, good, members) => {
    expect(passes(schema, good)).toBe(true);
    expect(needless(schema, good, ...members)).toEqual([]);
  });

  test("says how a consent stands, and why it is taken back", () => {
    const status = { consentId: uuid, state: "live" };
    expect(
      wrongly(api.consentStatusSchema, status, "state", {
        fits: ["live", "withdrawn"],
        breaks: ["", "unknown"],
      }),
    ).toEqual([]);
    expect(needless(api.consentStatusSchema, status, "consentId", "state")).toEqual([]);
    const reasons = { fits: ["patient-asked", "collected-in-error"], breaks: ["", "because"] };
    expect(wrongly(api.withdrawSchema, {}, "reason", reasons)).toEqual([]);
  });

  test("gives so many patients at once, and says when there are more", () => {
    const patient = { recordId: "p", family: "D", given: "J", sex: "female", identity: "provisional" };
    const answer = { matches: [patient], more: false };
    expect(
      wrongly(api.patientMatchesSchema, answer, "matches", {
        fits: [[], many(20, patient)],
        breaks: [many(21, patient), [{}]],
      }),
    ).toEqual([]);
    expect(needless(api.patientMatchesSchema, answer, "matches", "more")).toEqual([]);
  });

  test("names each access: which picture, who, when, and whether a person", () => {
    const access = { receiptId: uuid, rendition: "full", by: user, at: now, how: "view" };
    const good = { accesses: [access] };
    const fits = [[], many(2000, access), [{ ...access, how: "machine" }]];
    const broken = ["receiptId", "rendition", "by", "at", "how"].map((name) => [{ ...access, [name]: "" }]);
    expect(
      wrongly(api.accessesSchema, good, "accesses", { fits, breaks: [many(2001, access), ...broken] }),
    ).toEqual([]);
  });

  test("reserves one address at least, for each ciphertext", () => {
    const file = { rendition: "full", sha256: hash, mxc };
    const good = { receiptId: uuid, files: [file] };
    const broken = ["rendition", "sha256", "mxc"].map((name) => [{ ...file, [name]: "" }]);
    expect(
      wrongly(api.permitAnswerSchema, good, "files", { fits: [[file, file]], breaks: [[], ...broken] }),
    ).toEqual([]);
    expect(needless(api.permitAnswerSchema, good, "receiptId", "files")).toEqual([]);
  });

  test("gives leases of a length, each saying what it is a word on", () => {
    expect(breaches(api.leasesSchema, { leases: ["l"] }, { "leases.0": 4096 })).toEqual([]);
    const glasses = [{ reader: user, exp: 2 }];
    const claims = {
      iss: "r",
      consentId: uuid,
      caseId: uuid,
      roomId,
      state: "live",
      withdrawnReceipts: [uuid],
      glasses,
      iat: 1,
      exp: 2,
    };
    const needed = ["iss", "consentId", "caseId", "state", "withdrawnReceipts", "glasses", "iat", "exp"];
    expect(passes(api.leaseClaimsSchema, claims)).toBe(true);
    expect(needless(api.leaseClaimsSchema, claims, ...needed, "glasses.0.reader", "glasses.0.exp")).toEqual(
      [],
    );
    expect([
      ...wrongly(api.leaseClaimsSchema, claims, "state", { fits: ["withdrawn"], breaks: ["", "unknown"] }),
      ...wrongly(api.leaseClaimsSchema, claims, "roomId", { fits: [undefined], breaks: [""] }),
    ]).toEqual([]);
  });

  test("tells of each entry of the record what it is and whether it can be read", () => {
    const entry = { id: "e", kind: "photo", reference: "r", filedAt: now, readable: true };
    const good = { entries: [entry] };
    expect(breaches(api.recordViewSchema, good, { "entries.0.id": 64 })).toEqual([]);
    const needed = ["id", "kind", "reference", "filedAt", "readable"].map((each) => `entries.0.${each}`);
    expect(needless(api.recordViewSchema, good, "entries", ...needed)).toEqual([]);
    const more = { contentType: "image/jpeg", sha256: hash };
    expect(
      wrongly(api.recordViewSchema, good, "entries.0", {
        fits: [{ ...entry, ...more }],
        breaks: [{ ...entry, sha256: "" }],
      }),
    ).toEqual([]);
    expect(passes(api.recordViewSchema, { ...good, patientRecordUrl: "https://record" })).toBe(true);
    expect(passes(api.recordViewSchema, { ...good, patientRecordUrl: 7 })).toBe(false);
  });
});
