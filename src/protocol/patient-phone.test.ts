import { describe, expect, test } from "vitest";
import { consentSchema } from "./consent.ts";
import * as phone from "./patient-phone.ts";
import { consent, hash, now, uuid } from "./testing/event-values.ts";
import { breaches, many, needless, passes, wrongly } from "./testing/limits.ts";

const id = "abcdefghijklmno-_z0123";
const jwk = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) };
const words = (text: string) => ({ fr: text, "fr-simple": text, en: text });
const jws = "ab_-1.cd_-2.ef_-3";
const sealed = "A_-9".padEnd(38, "z");

/** Where a sealed text of a length belongs. */
const sealing = (schema: Parameters<typeof wrongly>[0], good: object, path: string, most: number) =>
  wrongly(schema, good, path, {
    fits: ["_".repeat(38), "A".repeat(most)],
    breaks: ["A".repeat(37), "A".repeat(most + 1), `${sealed}=`, `+${sealed}`, `${sealed} `, ""],
  });
/** Where a compact JWS belongs. */
const signing = (schema: Parameters<typeof wrongly>[0], good: object, path: string, most: number) =>
  wrongly(schema, good, path, {
    fits: [`a.b.${"c".repeat(most - 4)}`],
    breaks: [
      `a.b.${"c".repeat(most - 3)}`,
      "a.b",
      ".b.c",
      "a..c",
      "a.b.",
      " a.b.c",
      "a.b.c ",
      "a.b.c.d",
      "é.b.c",
      "a.é.c",
    ],
  });

test("a link lives for ten minutes, and five wrong answers close a copy for reading", () => {
  expect([phone.linkMs, phone.copyTries]).toEqual([600_000, 5]);
  expect(phone.phoneRefusals).toEqual(["expired", "other-device", "answered", "cancelled"]);
});

test("a name of 128 bits is of its length and letters", () => {
  for (const bad of ["", id.slice(1), `${id}a`, `=${id.slice(1)}`, ` ${id}`])
    expect(passes(phone.phoneIdSchema, bad)).toBe(false);
  expect(passes(phone.phoneIdSchema, id)).toBe(true);
});

test("each sealed text is bound to its kind and its name, so that none stands in another's place", () => {
  const all = Object.values(phone.sealedFor).map((bind) => bind("X"));
  expect(all).toEqual(["colloque/offer/X", "colloque/answer/X", "colloque/cover/X", "colloque/copy/X"]);
});

describe("what the phone is shown", () => {
  const ask = { purpose: "care-named", care: true, label: words("l"), detail: words("d") };
  const offer = {
    v: 1,
    linkId: id,
    consentId: uuid,
    initials: "J. D.",
    hospital: "CHU",
    asker: "Dr Martin",
    forSomebodyElse: false,
    notice: { version: "1", text: words("n") },
    asks: [ask],
  };
  const schema = phone.offerSchema;

  test("is all of it, in each language, and no longer than a page", () => {
    const languages = (path: string, most: number) =>
      Object.fromEntries(["fr", "fr-simple", "en"].map((each) => [`${path}.${each}`, most]));
    const limits = { initials: 20, hospital: 200, asker: 200, "notice.version": 40, "asks.0.project": 200 };
    const texts = {
      ...languages("notice.text", 8000),
      ...languages("asks.0.label", 300),
      ...languages("asks.0.detail", 1000),
    };
    expect(breaches(schema, offer, { ...limits, ...texts })).toEqual([]);
    const needed = [
      "linkId",
      "consentId",
      "initials",
      "hospital",
      "asker",
      "forSomebodyElse",
      "notice",
      "asks",
    ];
    const ofAsk = ["purpose", "care", "label", "detail"].map((each) => `asks.0.${each}`);
    expect(needless(schema, offer, "v", ...needed, ...ofAsk, ...Object.keys(texts))).toEqual([]);
    expect(wrongly(schema, offer, "asks", { fits: [many(20, ask)], breaks: [[], many(21, ask)] })).toEqual(
      [],
    );
    expect(wrongly(schema, offer, "v", { breaks: [2] })).toEqual([]);
  });
});

describe("what the phone signs", () => {
  const statement = {
    v: 1 as const,
    linkId: id,
    consentId: uuid,
    offerSha256: hash,
    notice: { version: "1", sha256: hash, language: "fr" as const },
    decisions: [{ purpose: "opinion" as const, granted: true }],
    signature: { kind: "drawn", sha256: hash },
    answeredAt: now,
  };
  const schema = phone.phoneStatementSchema;

  test("names the offer, the notice, each decision and the signature", () => {
    expect(breaches(schema, statement, { "notice.version": 40 })).toEqual([]);
    const needed = ["v", "linkId", "consentId", "offerSha256", "notice", "notice.sha256", "notice.language"];
    expect(needless(schema, statement, ...needed, "decisions", "signature", "answeredAt")).toEqual([]);
    const [one] = statement.decisions;
    expect([
      ...wrongly(schema, statement, "notice.language", {
        fits: ["fr", "fr-simple", "en"],
        breaks: ["", "de"],
      }),
      ...wrongly(schema, statement, "decisions", { fits: [many(20, one)], breaks: [[], many(21, one)] }),
      ...wrongly(schema, statement, "signature", {
        fits: [
          { kind: "written", name: "Jo" },
          { kind: "written", name: "a".repeat(200) },
        ],
        breaks: [
          { kind: "drawn" },
          { kind: "drawn", name: "Jo" },
          { kind: "written" },
          { kind: "written", name: "J" },
          { kind: "written", name: " J " },
          { kind: "written", name: "a".repeat(201) },
          { kind: "", sha256: hash },
        ],
      }),
    ]).toEqual([]);
    expect(schema.parse({ ...statement, signature: { kind: "written", name: " Jo " } }).signature).toEqual({
      kind: "written",
      name: "Jo",
    });
  });

  test("is what the consent says: the same id, notice and decisions, in whatever order", () => {
    const { payload } = consent.consent;
    const said = phone.phoneStatementSchema.parse(statement);
    const { consentId, notice, decisions } = said;
    const as = (change: object) =>
      consentSchema.parse({ ...payload, consentId, notice, decisions, ...change });
    expect(phone.saysTheSame(said, as({}))).toBe(true);
    expect(phone.saysTheSame(said, as({ notice: { language: "fr", sha256: hash, version: "1" } }))).toBe(
      true,
    );
    for (const change of [
      { consentId: "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f" },
      { notice: { ...said.notice, version: "2" } },
      { decisions: [{ purpose: "opinion", granted: false }] },
    ])
      expect(phone.saysTheSame(said, as(change)), JSON.stringify(change)).toBe(false);
  });
});

test("what the phone seals is its key, its words and its strokes", () => {
  const answer = { key: jwk, jws, signature: [[[1, 2]]] };
  const schema = phone.phoneAnswerSchema;
  expect(signing(schema, answer, "jws", 20_000)).toEqual([]);
  expect(needless(schema, answer, "key", "jws", "signature")).toEqual([]);
  const stroke = [[1, 2]];
  const breaks = [
    many(201, stroke),
    [many(2001, [1, 2])],
    [[[1]]],
    [[[1, 2, 3]]],
    [[[0.5, 1]]],
    [[[1, 0.5]]],
  ];
  expect(
    wrongly(schema, answer, "signature", { fits: [[], many(200, stroke), [many(2000, [1, 2])]], breaks }),
  ).toEqual([]);
});

describe("a link", () => {
  test("is opened with a sealed offer for one consent of one case", () => {
    const link = { linkId: id, consentId: uuid, caseId: uuid, sealed };
    expect(sealing(phone.openLinkSchema, link, "sealed", 120_000)).toEqual([]);
    expect(needless(phone.openLinkSchema, link, "linkId", "consentId", "caseId", "sealed")).toEqual([]);
  });

  test("is in one of its states, and the answer says how long it lives", () => {
    const states = ["waiting", "opened", "answered", "expired", "cancelled"];
    const answer = { state: "waiting", expiresInMs: 1, nowMs: 2 };
    expect([
      ...wrongly(phone.linkAnswerSchema, answer, "state", { fits: states, breaks: ["", undefined] }),
      ...wrongly(phone.askLinkSchema, {}, "known", { fits: [...states, undefined], breaks: [""] }),
      ...sealing(phone.linkAnswerSchema, answer, "sealed", 150_000),
      ...wrongly(phone.linkAnswerSchema, answer, "key", { fits: [jwk, undefined], breaks: [{}] }),
      ...needless(phone.linkAnswerSchema, answer, "state", "expiresInMs", "nowMs"),
    ]).toEqual([]);
  });
});

describe("a phone's request", () => {
  test("is signed for one act on one link", () => {
    const schema = phone.phoneRequestSchema;
    expect(passes(schema, { act: "open", linkId: id })).toBe(true);
    expect(passes(schema, { act: "answer", linkId: id, sha256: hash })).toBe(true);
    for (const bad of [
      {},
      { act: "", linkId: id },
      { act: "open" },
      { act: "answer", linkId: id },
      { act: "answer", sha256: hash },
    ])
      expect(passes(schema, bad)).toBe(false);
    expect(signing(phone.openOnPhoneSchema, { jws }, "jws", 2000)).toEqual([]);
    const opened = { sealed: "s", expiresInMs: 1, nowMs: 2 };
    expect(passes(phone.openedOnPhoneSchema, opened)).toBe(true);
    expect(needless(phone.openedOnPhoneSchema, opened, "sealed", "expiresInMs", "nowMs")).toEqual([]);
  });

  test("brings the answer and the patient's copy together", () => {
    const proof = "p_-9".padEnd(43, "z");
    const request = { jws, body: { sealed, copy: { copyId: id, cover: sealed, sealed, proof } } };
    const schema = phone.answerOnPhoneSchema;
    const proofs = { breaks: [proof.slice(1), `${proof}a`, `=${proof.slice(1)}`, ` ${proof}`] };
    expect(passes(schema, request)).toBe(true);
    expect([
      ...signing(schema, request, "jws", 2000),
      ...sealing(schema, request, "body.sealed", 150_000),
      ...sealing(schema, request, "body.copy.cover", 2000),
      ...sealing(schema, request, "body.copy.sealed", 150_000),
      ...wrongly(schema, request, "body.copy.proof", proofs),
      ...needless(
        schema,
        request,
        "jws",
        "body",
        "body.sealed",
        "body.copy",
        "body.copy.copyId",
        "body.copy.proof",
      ),
      ...wrongly(phone.readCopySchema, { copyId: id, proof }, "proof", { fits: [proof], ...proofs }),
      ...needless(phone.readCopySchema, { copyId: id, proof }, "copyId", "proof"),
      ...needless(phone.copyIdSchema, { copyId: id }, "copyId"),
    ]).toEqual([]);
  });
});

describe("a patient's copy", () => {
  test("is closed, with the tries that are left, or open, with who opened the pictures", () => {
    const access = { by: "Dr Martin", at: now, how: "view", times: 1 };
    const open = { open: true, sealed: "s", state: "live", accesses: [access] };
    const schema = phone.copyAnswerSchema;
    expect(passes(schema, { open: false, triesLeft: 4 })).toBe(true);
    expect(passes(schema, { open: false, triesLeft: 0.5 })).toBe(false);
    expect(passes(schema, { open: false })).toBe(false);
    expect(passes(schema, open)).toBe(true);
    const broken = ["by", "at", "how", "times"].map((name) => [{ ...access, [name]: undefined }]);
    expect([
      ...needless(schema, open, "open", "sealed", "state", "accesses"),
      ...wrongly(schema, open, "state", { fits: ["waiting", "refused", "live", "withdrawn"], breaks: [""] }),
      ...wrongly(schema, open, "accesses", {
        fits: [[], [{ ...access, how: "machine" }]],
        breaks: [...broken, [{ ...access, how: "" }], [{ ...access, times: 0.5 }]],
      }),
      ...wrongly(schema, open, "withdrawnAt", { fits: [now, undefined], breaks: ["now"] }),
      ...wrongly(schema, open, "expiresAt", { fits: [now, undefined], breaks: ["now"] }),
    ]).toEqual([]);
  });
});
