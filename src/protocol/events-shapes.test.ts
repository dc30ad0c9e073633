import { describe, expect, test } from "vitest";
import * as events from "./events.ts";
import {
  file,
  filed,
  hash,
  informed,
  now,
  opinion,
  other,
  picture,
  receipt,
  request,
  seen,
  signed,
  user,
  uuid,
  withdrawn,
} from "./testing/event-values.ts";
import { breaches, changed, many, needless, passes, wrongly } from "./testing/limits.ts";

describe("a request", () => {
  const schema = events.requestSchema;
  test("is whole, and no longer than people write", () => {
    const texts = { history: 8000, background: 8000, treatments: 8000, allergies: 8000, hypothesis: 8000 };
    expect(breaches(schema, request, { ...texts, question: 1000, callback: 40 })).toEqual([]);
    expect(
      needless(
        schema,
        request,
        ...["caseId", "patient", "addressee", "specialty", "urgency", "dueAt", "question", "history"],
        ...["requester", "createdAt"],
      ),
    ).toEqual([]);
    expect(schema.parse({ ...request, question: " a ", callback: " 15 ", history: " h " })).toMatchObject({
      question: "a",
      callback: "15",
      history: "h",
    });
    expect(wrongly(schema, request, "question", { breaks: ["", " "] })).toEqual([]);
    const urgencies = { fits: ["now", "today", "48h", "7d"], breaks: ["", "soon"] };
    expect(wrongly(schema, request, "urgency", urgencies)).toEqual([]);
  });

  test("leaves the time that its urgency says", () => {
    const hour = 3_600_000;
    expect(events.answerWithinMs).toEqual({ now: 0, today: 8 * hour, "48h": 48 * hour, "7d": 168 * hour });
  });
});

describe("an encrypted file", () => {
  const schema = events.encryptedFileSchema;
  test("is as Matrix has them, to the letter", () => {
    expect(passes(schema, file)).toBe(true);
    const b64 = (length: number) => ({
      fits: ["+/".padEnd(length, "9z")],
      breaks: [
        "A".repeat(length - 1),
        "A".repeat(length + 1),
        "=".repeat(length),
        `${"A".repeat(length)}\n`,
        `-${"A".repeat(length - 1)}`,
      ],
    });
    expect([
      ...wrongly(schema, file, "url", { breaks: ["https://b.example/abc"] }),
      ...wrongly(schema, file, "v", { breaks: ["v1", ""] }),
      ...wrongly(schema, file, "key.kty", { breaks: ["EC", ""] }),
      ...wrongly(schema, file, "key.alg", { breaks: ["A128CTR", ""] }),
      ...wrongly(schema, file, "key.ext", { breaks: [false] }),
      ...wrongly(schema, file, "key.k", {
        fits: ["_-".padEnd(43, "9z")],
        breaks: ["A".repeat(42), "A".repeat(44), "=".repeat(43), `+${"A".repeat(42)}`],
      }),
      ...wrongly(schema, file, "key.key_ops", {
        fits: [["decrypt", "encrypt", "wrapKey"]],
        breaks: [["encrypt"], ["decrypt"], []],
      }),
      ...wrongly(schema, file, "iv", b64(22)),
      ...wrongly(schema, file, "hashes.sha256", b64(43)),
    ]).toEqual([]);
    expect(
      needless(schema, file, "url", "key", "key.k", "key.key_ops", "iv", "hashes", "hashes.sha256"),
    ).toEqual([]);
  });
});

describe("a photo", () => {
  test("is a JPEG of a size that there can be, with all that it was taken with", () => {
    for (const side of ["widthPx", "heightPx"])
      expect(
        wrongly(events.photoSchema, picture, side, { fits: [65_535], breaks: [0, -1, 65_536, 0.5] }),
      ).toEqual([]);
    expect(wrongly(events.photoSchema, picture, "bytes", { breaks: [0, 0.5] })).toEqual([]);
    const views = ["overview", "close-up", "profile", "dermoscopy", "fundus", "other"];
    expect(wrongly(events.photoSchema, picture, "view", { fits: views, breaks: ["", "x"] })).toEqual([]);
    expect(needless(events.photoSchema, picture, "photoId", "receipt", "site", "file", "bytes")).toEqual([]);
  });

  test("is the one of its receipt, and a preview the smaller form of it: neither stands in the other's place", () => {
    const of = (receiptId: string, derivedFrom?: string) =>
      changed(picture, "receipt", signed({ ...receipt, receiptId, derivedFrom }));
    const each = [of(uuid), of(other), of(uuid, other), of(uuid, uuid), of(other, uuid), of(other, other)];
    expect(each.map((value) => passes(events.photoSchema, value))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(each.map((value) => passes(events.previewSchema, value))).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe("an opinion", () => {
  const schema = events.opinionSchema;
  test("says what it found, thinks and advises, whose it is and of what", () => {
    const texts = { findings: 8000, assessment: 8000, plan: 8000, ifWorse: 8000, limits: 8000 };
    expect(breaches(schema, opinion, texts)).toEqual([]);
    for (const text of ["assessment", "plan", "ifWorse"]) {
      expect(wrongly(schema, opinion, text, { breaks: ["", " "] })).toEqual([]);
      expect(schema.parse({ ...opinion, [text]: " a " })).toMatchObject({ [text]: "a" });
    }
    expect(schema.parse({ ...opinion, findings: " a ", limits: " b " })).toMatchObject({
      findings: "a",
      limits: "b",
    });
    const needed = [
      "opinionId",
      "caseId",
      "requestEventId",
      "certainty",
      "inPerson",
      "picturesSeen",
      "author",
    ];
    expect(needless(schema, opinion, ...needed, "signedAt")).toEqual([]);
    const certainties = ["possible", "probable", "very-probable", "certain"];
    expect(wrongly(schema, opinion, "certainty", { fits: certainties, breaks: [""] })).toEqual([]);
    expect(
      wrongly(schema, opinion, "picturesSeen", {
        fits: [[], many(100, hash)],
        breaks: [many(101, hash), [""]],
      }),
    ).toEqual([]);
  });

  test("says when the patient should be seen, where that is needed", () => {
    const needed = (when: unknown) => ({ needed: true, when });
    expect(
      wrongly(schema, opinion, "inPerson", {
        fits: [{ needed: false }, needed("demain"), needed("a".repeat(300))],
        breaks: [{}, { needed: true }, needed(""), needed(" "), needed("a".repeat(301)), { when: "demain" }],
      }),
    ).toEqual([]);
    expect(schema.parse({ ...opinion, inPerson: needed(" demain ") }).inPerson).toEqual(needed("demain"));
  });
});

test("a response accepts, declines with a reason, or asks", () => {
  const text = (kind: string, name: string, value: string) => ({ kind, [name]: value });
  const both = (kind: string, name: string) => ({
    fits: [text(kind, name, "a"), text(kind, name, "a".repeat(1000))],
    breaks: [{ kind }, text(kind, name, ""), text(kind, name, " "), text(kind, name, "a".repeat(1001))],
  });
  const schema = events.responseContentSchema;
  const content = { msgtype: "m.text", body: "b", "fr.colloque.response": { kind: "accepted" } };
  const inPlace = (cases: Parameters<typeof wrongly>[3]) =>
    [...(cases.fits ?? []), ...(cases.breaks ?? [])].map((value) =>
      passes(schema, { ...content, "fr.colloque.response": value }),
    );
  for (const cases of [both("declined", "reason"), both("more-asked", "question")])
    expect(inPlace(cases)).toEqual([true, true, false, false, false, false]);
  expect(inPlace({ fits: [{ kind: "accepted" }], breaks: [{}, { kind: "" }] })).toEqual([true, false, false]);
  expect(events.responseSchema.parse({ kind: "declined", reason: " a " })).toEqual({
    kind: "declined",
    reason: "a",
  });
  expect(events.responseSchema.parse({ kind: "more-asked", question: " a " })).toEqual({
    kind: "more-asked",
    question: "a",
  });
});

test("the archivist's word on filing says which event, how it stands and why", () => {
  const schema = events.filedSchema;
  const kinds = [
    "consent",
    "request",
    "photo",
    "message",
    "response",
    "opinion",
    "discussion",
    "glass",
    "informed",
    "withdrawn",
  ];
  expect(wrongly(schema, filed, "kind", { fits: kinds, breaks: [""] })).toEqual([]);
  const entry = { reference: "r", sha256: hash };
  const said = (entries: unknown) => ({ state: "filed", at: now, entries });
  const why = (state: string, reason: unknown) => ({ state, at: now, reason });
  expect(
    wrongly(schema, filed, "outcome", {
      fits: [
        said([]),
        said(many(50, entry)),
        said([{ reference: "r".repeat(200) }]),
        { state: "waiting", since: now },
        why("refused", "a".repeat(60)),
        why("parked", "a".repeat(60)),
      ],
      breaks: [
        {},
        { state: "" },
        { state: "filed", entries: [] },
        said(many(51, entry)),
        said([{ reference: "r".repeat(201) }]),
        said([{ sha256: hash }]),
        said([{ ...entry, sha256: "" }]),
        said(undefined),
        { state: "waiting" },
        why("refused", "a".repeat(61)),
        why("refused", undefined),
        { state: "refused", reason: "a" },
        why("parked", "a".repeat(61)),
        { state: "parked", reason: "a" },
      ],
    }),
  ).toEqual([]);
  expect(needless(schema, filed, "ofEvent", "kind", "outcome")).toEqual([]);
});

test("a withdrawal says whose word it was and what became of the photos", () => {
  const schema = events.withdrawnSchema;
  expect([
    ...wrongly(schema, withdrawn, "by", { fits: [user, "patient"], breaks: ["", "nurse"] }),
    ...wrongly(schema, withdrawn, "reason", { fits: ["patient-asked", "collected-in-error"], breaks: [""] }),
    ...wrongly(schema, withdrawn, "photos", { fits: [0, 3], breaks: [-1, 0.5] }),
    ...wrongly(schema, withdrawn, "inRecord", { fits: [0, 3], breaks: [-1, 0.5] }),
    ...needless(schema, withdrawn, "consentId", "at", "by", "reason", "photos", "inRecord"),
  ]).toEqual([]);
});

test("who was told says of what, whom and when", () => {
  const schema = events.informedSchema;
  expect([
    ...wrongly(schema, informed, "of", {
      fits: [
        { kind: "glass", glassId: uuid },
        { kind: "emergency", consentId: uuid },
      ],
      breaks: [
        {},
        { kind: "glass", consentId: uuid },
        { kind: "emergency", glassId: uuid },
        { kind: "", glassId: uuid },
      ],
    }),
    ...wrongly(schema, informed, "whom", { fits: ["patient", "family", "guardian"], breaks: [""] }),
    ...needless(schema, informed, "of", "whom", "at"),
  ]).toEqual([]);
});

test("what was seen is some events, not all there are", () => {
  const fits = [["$e"], many(200, "$e")];
  expect(
    wrongly(events.seenSchema, seen, "ofEvents", { fits, breaks: [[], many(201, "$e"), ["e"]] }),
  ).toEqual([]);
  expect(needless(events.seenSchema, seen, "ofEvents", "at")).toEqual([]);
});
