import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { z as zod } from "zod";
import { consentEvidenceSchema, consentSchema } from "./consent.ts";
import { ColloqueError, isErrorCode } from "./errors.ts";
import {
  eventIdSchema,
  instantSchema,
  mxcUriSchema,
  roomIdSchema,
  sha256Schema,
  userIdSchema,
} from "./ids.ts";
import { patientQuerySchema, patientSchema, sexSchema } from "./patient.ts";
import { addresseeSchema, careTeamSchema, clinicianSchema, specialtySchema } from "./people.ts";
import { receiptSchema } from "./receipt.ts";
import { certificateSchema, publicJwkSchema, signedSchema } from "./signed.ts";
import { breaches, many, needless, passes } from "./testing/limits.ts";

/** Every limit of what travels, from both sides: the longest that passes, and one more. */
const limits = (schema: z.ZodType, good: object, longest: Readonly<Record<string, number>>): void =>
  expect(breaches(schema, good, longest)).toEqual([]);
const needs = (schema: z.ZodType, good: object, ...members: string[]): void =>
  expect(needless(schema, good, ...members)).toEqual([]);

const hash = "0123456789abcdef".repeat(4);
const pseudonym = "abcdefghijklmnopqrstuv";
const uuid = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const user = "@a:b.example";
const now = "2026-03-01T10:00:00Z";
const b43 = "A".repeat(43);

describe("ids", () => {
  test.each<[string, z.ZodType, string[], string[]]>([
    [
      "user",
      userIdSchema,
      [user, "@a.b=c_d/e+f-g:[::1]:80"],
      [`x${user}`, `${user} `, "@A:b", "@:b", "@a:", "@a", `@${"a".repeat(254)}:b`],
    ],
    [
      "room",
      roomIdSchema,
      ["!a", "!abc:b.example", "!a_~.=+/-z:[::1]:8448"],
      ["x!a", "!a b", "!a:b c", "!", "!a:", "a:b", "!€", "!a:€", `!${"a".repeat(255)}`],
    ],
    ["event", eventIdSchema, ["$a", "$a_~.=+/-:z"], ["x$a", "$a b", "$", `$${"a".repeat(255)}`]],
    [
      "media",
      mxcUriSchema,
      ["mxc://a.b:80/c-d_E1"],
      ["xmxc://a/b", "mxc://a/b/c", "mxc://a/b?c", "mxc://a/", "mxc:///b", "mxc://a b/c"],
    ],
    [
      "hash",
      sha256Schema,
      [hash],
      [`x${hash}`, `${hash}0`, hash.slice(1), hash.toUpperCase(), "g".repeat(64)],
    ],
    [
      "instant",
      instantSchema,
      [now, "2026-03-01T10:00:00+01:00"],
      ["2026-03-01", "2026-03-01T10:00:00", "now"],
    ],
  ])("a %s is of its form and of no other", (_name, schema, good, bad) => {
    for (const each of good) expect(passes(schema, each), each).toBe(true);
    for (const each of bad) expect(passes(schema, each), each).toBe(false);
  });
});

describe("signed statements", () => {
  const signed = { payload: 1, jws: "ab..cd", certificate: "ab.cd.ef" };
  const schema = signedSchema(zod.number());

  test("are a detached signature and a certificate, whole and no longer than allowed", () => {
    expect(passes(schema, signed)).toBe(true);
    for (const jws of ["ab.cd", " ab..cd", "ab..cd ", "..cd", "ab..", `${"a".repeat(2046)}..c`])
      expect(passes(schema, { ...signed, jws }), jws).toBe(false);
    for (const certificate of [
      "ab.cd",
      " ab.cd.ef",
      "ab.cd.ef ",
      ".cd.ef",
      "ab..ef",
      "ab.cd.",
      `a.b.${"c".repeat(4093)}`,
    ])
      expect(passes(schema, { ...signed, certificate }), certificate).toBe(false);
  });

  test("are by a P-256 key that is certified for a device", () => {
    const jwk = { kty: "EC", crv: "P-256", x: b43, y: b43 };
    expect(passes(publicJwkSchema, jwk)).toBe(true);
    for (const each of [
      { kty: "OKP" },
      { crv: "P-384" },
      { x: `${b43}A` },
      { x: "A" },
      { x: `-${b43}` },
      { x: "=".repeat(43) },
    ])
      expect(passes(publicJwkSchema, { ...jwk, ...each }), JSON.stringify(each)).toBe(false);
    for (const y of [`${b43}A`, "A", `-${b43}`, "=".repeat(43)])
      expect(passes(publicJwkSchema, { ...jwk, y }), y).toBe(false);
    const good = {
      iss: "r",
      sub: user,
      device: "D",
      kid: "k",
      cnf: { jwk },
      name: "N",
      rpps: "8",
      iat: 1,
      exp: 2,
    };
    limits(certificateSchema, good, { device: 64, kid: 64, name: 300, rpps: 20 });
    needs(
      certificateSchema,
      good,
      "iss",
      "sub",
      "device",
      "kid",
      "cnf",
      "cnf.jwk",
      "name",
      "rpps",
      "iat",
      "exp",
    );
  });
});

describe("people", () => {
  const good = {
    userId: user,
    practitionerId: "p",
    practitionerRoleId: "r",
    family: "Martin",
    given: "Hélène",
    title: "Dr",
    specialty: "dermatology",
    rpps: "89900000001",
    organization: "CHU",
    phone: "15",
    teams: ["t"],
  };

  test("are as the directory gives them", () => {
    const longest = {
      practitionerId: 64,
      practitionerRoleId: 64,
      family: 200,
      given: 200,
      title: 40,
      organization: 200,
      phone: 40,
    };
    limits(clinicianSchema, good, longest);
    needs(clinicianSchema, good, "userId", "specialty", "rpps", "teams");
    for (const rpps of ["8990000000", "899000000012", "x89900000001", "89900000001x", "8", "abcdefghijk"])
      expect(passes(clinicianSchema, { ...good, rpps }), rpps).toBe(false);
    expect(passes(clinicianSchema, { ...good, teams: ["t".repeat(64)] })).toBe(true);
    expect(passes(clinicianSchema, { ...good, teams: ["t".repeat(65)] })).toBe(false);
    const team = { id: "t", name: "Garde", specialty: "surgery", phone: "15" };
    limits(careTeamSchema, team, { id: 64, name: 200, phone: 40 });
    needs(careTeamSchema, team, "id", "name", "specialty");
    for (const each of ["dermatology", "ophthalmology", "surgery", "general-practice", "nursing"])
      expect(passes(specialtySchema, each)).toBe(true);
    expect(passes(specialtySchema, "")).toBe(false);
  });

  test("are addressed as a person, a specialty or a team", () => {
    expect(passes(addresseeSchema, { kind: "person", userId: user })).toBe(true);
    expect(passes(addresseeSchema, { kind: "specialty", specialty: "surgery" })).toBe(true);
    limits(addresseeSchema, { kind: "team", teamId: "t" }, { teamId: 64 });
    expect(passes(addresseeSchema, { kind: "", teamId: "t" })).toBe(false);
    expect(passes(addresseeSchema, { kind: "", specialty: "surgery" })).toBe(false);
  });
});

describe("patients", () => {
  test("are as the record gives them", () => {
    const good = {
      recordId: "p.1-A",
      family: "D",
      given: "J",
      sex: "female",
      identity: "qualified",
      ins: { system: "s", value: "v" },
    };
    limits(patientSchema, good, {
      family: 200,
      given: 200,
      birthFamily: 200,
      birthPlace: 200,
      hospitalNumber: 60,
      "ins.system": 200,
      "ins.value": 40,
    });
    needs(patientSchema, good, "recordId", "family", "given", "sex", "identity", "ins.system", "ins.value");
    for (const recordId of ["", "a/b", "/a", "a/", "a".repeat(65)])
      expect(passes(patientSchema, { ...good, recordId }), recordId).toBe(false);
    for (const sex of ["female", "male", "other", "unknown"]) expect(passes(sexSchema, sex)).toBe(true);
    expect(passes(sexSchema, "")).toBe(false);
    expect(passes(patientSchema, { ...good, identity: "" })).toBe(false);
  });

  test("are asked for by an identifier, or by a family name or a birth date at least", () => {
    const asked = (query: object): boolean => passes(patientQuerySchema, query);
    expect(asked({ identifier: "123" })).toBe(true);
    expect(asked({ identifier: "1".repeat(60) })).toBe(true);
    for (const identifier of ["12", "12 ", "1".repeat(61)]) expect(asked({ identifier })).toBe(false);
    expect(asked({ family: "Le" })).toBe(true);
    expect(asked({ family: "L".repeat(100), given: "Y" })).toBe(true);
    expect(asked({ birthDate: "1959-03-14" })).toBe(true);
    expect(asked({ family: "Le", birthDate: "1959-03-14", given: "Y".repeat(100), sex: "male" })).toBe(true);
    for (const bad of [
      {},
      { given: "Yann" },
      { sex: "male" },
      { family: "L" },
      { family: "L " },
      { family: "L".repeat(101) },
    ])
      expect(asked(bad), JSON.stringify(bad)).toBe(false);
    for (const given of ["", " ", "Y".repeat(101)]) expect(asked({ family: "Le", given })).toBe(false);
  });
});

describe("a consent", () => {
  const good = {
    v: 1,
    consentId: uuid,
    caseId: uuid,
    pseudonym,
    decisions: [{ purpose: "opinion", granted: true }],
    recipients: [{ kind: "person", userId: user }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: user,
    collectedAt: now,
    expiresAt: "2026-03-01T10:00:00.001Z",
  };

  test("is whole, of one patient, and ends after it begins", () => {
    limits(consentSchema, good, { "notice.version": 40, "notice.language": 20 });
    needs(
      consentSchema,
      good,
      "consentId",
      "notice.sha256",
      "givenBy",
      "method",
      "evidenceSha256",
      "collectedBy",
    );
    for (const each of [`${pseudonym}x`, `=${pseudonym}`, pseudonym.slice(1)])
      expect(passes(consentSchema, { ...good, pseudonym: each }), each).toBe(false);
    for (const givenBy of ["patient", "parent", "both-parents", "guardian", "nobody"])
      expect(passes(consentSchema, { ...good, givenBy })).toBe(true);
    expect(passes(consentSchema, { ...good, givenBy: "" })).toBe(false);
    for (const assent of ["yes", "no", "not-able"])
      expect(passes(consentSchema, { ...good, assent })).toBe(true);
    expect(passes(consentSchema, { ...good, assent: "" })).toBe(false);
    const said = consentSchema.safeParse({ ...good, expiresAt: now });
    expect(said.error?.issues[0]?.message).toBe("A consent ends after it begins");
  });

  test("names somebody and decides something, within reason", () => {
    for (const member of ["decisions", "recipients"] as const) {
      const [one] = good[member];
      expect(passes(consentSchema, { ...good, [member]: [] })).toBe(false);
      expect(passes(consentSchema, { ...good, [member]: many(20, one) })).toBe(true);
      expect(passes(consentSchema, { ...good, [member]: many(21, one) })).toBe(false);
    }
    const research = (project: string) => ({
      ...good,
      decisions: [{ purpose: "research", granted: true, project }],
    });
    expect(passes(consentSchema, research("p".repeat(200)))).toBe(true);
    expect(passes(consentSchema, research("p".repeat(201)))).toBe(false);
  });

  test("has its evidence: names, a reason, strokes within their box, what the patient's phone signed", () => {
    const jwk = { kty: "EC", crv: "P-256", x: b43, y: b43 };
    const evidence = {
      consentId: uuid,
      noticeText: "…",
      patientPhone: { key: jwk, jws: "j", answeredAt: now },
    };
    const names = {
      witness: 200,
      representative: 200,
      secondRepresentative: 200,
      interpreter: 200,
      emergencyReason: 1000,
    };
    limits(consentEvidenceSchema, evidence, { ...names, noticeText: 8000, "patientPhone.jws": 20_000 });
    needs(
      consentEvidenceSchema,
      evidence,
      "consentId",
      "noticeText",
      "patientPhone.key",
      "patientPhone.answeredAt",
    );
    for (const name of Object.keys(names))
      expect(consentEvidenceSchema.parse({ ...evidence, [name]: " Marie " })).toMatchObject({
        [name]: "Marie",
      });
    const drawn = (...points: unknown[]) =>
      passes(consentEvidenceSchema, { ...evidence, signature: [points] });
    expect(drawn([0, 0], [1000, 300])).toBe(true);
    for (const point of [[-1, 0], [0, -1], [1001, 0], [0, 301], [1], [1, 2, 3], [0.5, 0]])
      expect(drawn(point)).toBe(false);
    expect(drawn(...Array.from({ length: 2000 }, () => [1, 1]))).toBe(true);
    expect(drawn(...Array.from({ length: 2001 }, () => [1, 1]))).toBe(false);
    const strokes = (count: number) => ({
      ...evidence,
      signature: Array.from({ length: count }, () => [[1, 1]]),
    });
    expect(passes(consentEvidenceSchema, strokes(200))).toBe(true);
    expect(passes(consentEvidenceSchema, strokes(201))).toBe(false);
  });
});

describe("a receipt", () => {
  test("names every ciphertext, with its length, and the patient by a pseudonym", () => {
    const file = { rendition: "full", sha256: hash, bytes: 1 };
    const good = {
      v: 1,
      receiptId: uuid,
      consentId: uuid,
      caseId: uuid,
      pseudonym,
      pictureSha256: hash,
      ciphertexts: [file],
      takenBy: user,
      takenAt: now,
      source: "camera",
    };
    expect(passes(receiptSchema, good)).toBe(true);
    expect(passes(receiptSchema, { ...good, source: "file" })).toBe(true);
    expect(passes(receiptSchema, { ...good, ciphertexts: [file, file, file, file] })).toBe(true);
    const bad = [
      { pseudonym: `${pseudonym}x` },
      { pseudonym: `=${pseudonym}` },
      { ciphertexts: [] },
      { ciphertexts: [file, file, file, file, file] },
      { ciphertexts: [{ ...file, bytes: 0 }] },
      { ciphertexts: [{ ...file, sha256: "" }] },
      { ciphertexts: [{}] },
      { source: "" },
    ];
    for (const each of bad)
      expect(passes(receiptSchema, { ...good, ...each }), JSON.stringify(each)).toBe(false);
  });
});

describe("an error", () => {
  test("is known by its code, and by nothing that an object happens to inherit", () => {
    expect(isErrorCode("withdrawn")).toBe(true);
    for (const each of ["", "toString", "constructor", 1, null, undefined])
      expect(isErrorCode(each)).toBe(false);
  });

  test("says its code, its cause and what may be logged", () => {
    const cause = new Error("inner");
    const error = new ColloqueError("withdrawn", { cause, details: { why: "x" } });
    expect(error).toMatchObject({
      name: "ColloqueError",
      code: "withdrawn",
      message: "withdrawn",
      cause,
      details: { why: "x" },
    });
    expect(new ColloqueError("internal").details).toEqual({});
  });
});
