import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivingPhotos, emptyCase, foldCase, notYetFiled, notYetInformed, stepCase } from "./case-state.ts";
import { consentSchema } from "./consent.ts";
import {
  type CaseEvent,
  informedSchema,
  opinionSchema,
  photoSchema,
  previewSchema,
  requestSchema,
  withdrawnSchema,
} from "./events.ts";
import { glassSchema } from "./glass.ts";
import { consentIdSchema } from "./ids.ts";

const bot = "@archiviste:v";
const leroy = "@leroy:v";
const martin = "@martin:v";
const haddad = "@haddad:v";
const caseId = "7b0c2d1e-1111-4a11-8a11-000000000002";

let clock = 0;
const at = (eventId: string, sender: string) => ({ eventId, sender, atMs: ++clock });

const request = (eventId = "$request", sender = leroy, requester = sender): CaseEvent => ({
  ...at(eventId, sender),
  kind: "request",
  request: requestSchema.parse({
    caseId,
    patient: { recordId: "p1", family: "DELATTRE", given: "Josiane", sex: "female", identity: "qualified" },
    addressee: { kind: "person", userId: martin },
    specialty: "dermatology",
    urgency: "today",
    dueAt: "2026-11-24T16:00:00Z",
    question: "Faut-il l’enlever ?",
    history: "Lésion en trois semaines",
    requester,
    createdAt: "2026-11-24T10:00:00Z",
  }),
});

const opinion = (sender = martin, change: object = {}, eventId = "$opinion"): CaseEvent => ({
  ...at(eventId, sender),
  kind: "opinion",
  opinion: {
    jws: "a..b",
    certificate: "a.b.c",
    payload: opinionSchema.parse({
      opinionId: "7b0c2d1e-1111-4a11-8a11-000000000007",
      caseId,
      requestEventId: "$request",
      findings: "",
      assessment: "Mélanome",
      certainty: "very-probable",
      plan: "Exérèse",
      ifWorse: "Appeler le 15",
      inPerson: { needed: false },
      limits: "",
      picturesSeen: [],
      author: sender,
      signedAt: "2026-11-24T12:00:00Z",
      ...change,
    }),
  },
});

const uuid = (end: number) => `7b0c2d1e-1111-4a11-8a11-${`${end}`.padStart(12, "0")}`;
const picture = (rendition: "full" | "preview", sender = leroy, photoId = uuid(50)): CaseEvent => {
  const preview = rendition === "preview";
  const content = {
    photoId,
    receipt: {
      payload: {
        v: 1,
        receiptId: preview ? uuid(51) : photoId,
        ...(preview && { derivedFrom: photoId }),
        consentId: uuid(52),
        caseId,
        pseudonym: "A".repeat(22),
        pictureSha256: "a".repeat(64),
        ciphertexts: [{ rendition, sha256: "b".repeat(64), bytes: 10 }],
        takenBy: sender,
        takenAt: "2026-11-24T10:00:00Z",
        source: "camera",
      },
      jws: "a..b",
      certificate: "a.b.c",
    },
    site: { region: "back", laterality: "U" },
    view: "overview",
    widthPx: 8,
    heightPx: 8,
    bytes: 10,
    file: {
      url: "mxc://v/a",
      v: "v2",
      key: { kty: "oct", alg: "A256CTR", ext: true, k: "A".repeat(43), key_ops: ["encrypt", "decrypt"] },
      iv: "A".repeat(22),
      hashes: { sha256: "A".repeat(43) },
    },
  };
  const event = at(`$${rendition} of ${sender}`, sender);
  return preview
    ? { ...event, kind: "preview", preview: previewSchema.parse(content) }
    : { ...event, kind: "photo", photo: photoSchema.parse(content) };
};

type ResponseOf = Extract<CaseEvent, { kind: "response" }>["response"];
const response = (sender: string, body: ResponseOf, eventId = `$r${++clock}`): CaseEvent => ({
  ...at(eventId, sender),
  kind: "response",
  response: body,
});
const filed = (sender: string, ofEvent: string, state: "filed" | "waiting"): CaseEvent => ({
  ...at(`$f${++clock}`, sender),
  kind: "filed",
  filed: {
    ofEvent,
    kind: "request",
    outcome:
      state === "filed"
        ? { state, at: "2026-11-24T12:00:00Z", entries: [] }
        : { state, since: "2026-11-24T12:00:00Z" },
  },
});

const accepted = { kind: "accepted" } as const;
const fold = (...events: CaseEvent[]) => foldCase(events, bot);

describe("a case", () => {
  test("[C1] a second request, or one in another's name, changes nothing", () => {
    expect(fold(request()).status).toBe("requested");
    expect(fold(request("$x", haddad, leroy)).request).toBeNull();
    expect(fold(request(), request("$other", haddad)).request?.eventId).toBe("$request");
  });
  test("[C2] the requester does not accept his own request, a colleague does", () => {
    expect(fold(request(), response(leroy, accepted)).status).toBe("requested");
    expect(fold(request(), response(martin, accepted)).status).toBe("accepted");
  });
  test("[C2] after the opinion a decline changes nothing", () => {
    expect(fold(request(), opinion(), response(haddad, { kind: "declined", reason: "absente" })).status).toBe(
      "answered",
    );
  });
  test("[C3] the first to accept holds the case, and another's refusal does not take it away", () => {
    const state = fold(
      request(),
      response(martin, accepted),
      response(haddad, accepted),
      response(haddad, { kind: "declined", reason: "x" }),
    );
    expect(state.acceptedBy).toBe(martin);
    expect(state.status).toBe("accepted");
  });
  test.each([
    ["of another case", { caseId: "7b0c2d1e-1111-4a11-8a11-000000000009" }],
    ["of another request", { requestEventId: "$other" }],
    ["in another's name", { author: haddad }],
  ])("[C4] an opinion %s does not close", (_, change) => {
    expect(fold(request(), opinion(martin, change)).opinion).toBeNull();
    expect(fold(request(), opinion(martin)).status).toBe("answered");
  });
  test("[C4] the requester's own opinion does not close", () =>
    expect(fold(request(), opinion(leroy)).opinion).toBeNull());
  test("[C5] the first opinion stays", () => {
    expect(fold(request(), opinion(), opinion(haddad, {}, "$later")).opinion?.eventId).toBe("$opinion");
  });
  test("[C6] only the archivist says filed, and waiting does not undo it", () => {
    const state = fold(request(), filed(martin, "$request", "filed"));
    expect(notYetFiled(state)).toEqual(["$request"]);
    const done = fold(request(), filed(bot, "$request", "filed"), filed(bot, "$request", "waiting"));
    expect(notYetFiled(done)).toEqual([]);
  });
  test("a message sent twice by a bad network counts once", () => {
    const message = (eventId: string): CaseEvent => ({
      ...at(eventId, leroy),
      kind: "message",
      text: "Bonjour",
      clientRef: caseId,
    });
    expect(fold(request(), message("$1"), message("$2")).messages).toHaveLength(1);
  });
  test("taking any event twice is taking it once", () => {
    const events = [request(), response(martin, accepted), opinion(), filed(bot, "$request", "filed")];
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: 1 }), (some) => {
        const once = foldCase(some, bot);
        const last = some.at(-1);
        expect(last === undefined ? emptyCase : stepCase(once, last, bot)).toEqual(once);
      }),
    );
  });
});

describe("a photo and its preview", () => {
  test("[C7] the preview stands for its photo until that is there, and nobody owes it to the record", () => {
    const early = foldCase([request(), picture("preview")], bot);
    expect(arrivingPhotos(early).map((each) => each.eventId)).toEqual(["$preview of @leroy:v"]);
    expect(notYetFiled(early)).toEqual(["$request"]);
    const whole = foldCase([request(), picture("preview"), picture("full")], bot);
    expect(arrivingPhotos(whole)).toEqual([]);
    expect(notYetFiled(whole)).toEqual(["$request", "$full of @leroy:v"]);
  });

  test("[C7] another's preview never stands for somebody's photo; a preview of another's hand is none", () => {
    const state = foldCase([request(), picture("preview", martin), picture("full")], bot);
    expect(arrivingPhotos(state).map((each) => each.sender)).toEqual([martin]);
    const forged = { ...picture("preview"), sender: martin };
    expect(foldCase([request(), forged], bot).previews).toEqual([]);
  });

  test("[E5] a photo has the receipt that it names, and a preview one that is derived from it", () => {
    const whole = picture("full");
    const small = picture("preview");
    if (whole.kind !== "photo" || small.kind !== "preview") throw new Error("Not pictures");
    expect(photoSchema.safeParse(whole.photo).success).toBe(true);
    expect(photoSchema.safeParse(small.preview).success).toBe(false);
    expect(photoSchema.safeParse({ ...whole.photo, photoId: uuid(53) }).success).toBe(false);
    expect(previewSchema.safeParse(small.preview).success).toBe(true);
    expect(previewSchema.safeParse(whole.photo).success).toBe(false);
    expect(previewSchema.safeParse({ ...small.preview, photoId: uuid(53) }).success).toBe(false);
  });
});

describe("emergencies and withdrawals", () => {
  const glass = (openedBy = leroy, sender = openedBy): CaseEvent => ({
    ...at(`$glass of ${sender}`, sender),
    kind: "glass",
    reason: "Arrêt cardiaque, famille injoignable",
    glass: {
      jws: "a..b",
      certificate: "a.b.c",
      payload: glassSchema.parse({
        v: 1,
        glassId: uuid(60),
        caseId,
        consentId: uuid(52),
        reader: martin,
        openedBy,
        reasonSha256: "a".repeat(64),
        openedAt: "2026-11-24T10:00:00Z",
        endsAt: "2026-11-24T14:00:00Z",
      }),
    },
  });
  const consent = (end: number, method: string, change: object = {}): CaseEvent => ({
    ...at(`$consent ${end}`, leroy),
    kind: "consent",
    evidence: { consentId: consentIdSchema.parse(uuid(end)), noticeText: "…" },
    consent: {
      jws: "a..b",
      certificate: "a.b.c",
      payload: consentSchema.parse({
        v: 1,
        consentId: uuid(end),
        caseId,
        pseudonym: "A".repeat(22),
        decisions: [{ purpose: "opinion", granted: true }],
        recipients: [{ kind: "person", userId: martin }],
        method,
        givenBy: method === "emergency" ? "nobody" : "patient",
        notice: { version: "1", sha256: "a".repeat(64), language: "fr" },
        evidenceSha256: "a".repeat(64),
        collectedBy: leroy,
        collectedAt: "2026-11-24T10:00:00Z",
        expiresAt: "2026-11-25T10:00:00Z",
        ...change,
      }),
    },
  });
  const told = (of: object): CaseEvent => ({
    ...at(`$told ${++clock}`, leroy),
    kind: "informed",
    informed: informedSchema.parse({ of, whom: "patient", at: "2026-11-24T18:00:00Z" }),
  });

  test("[C8] a glass is broken by who signed for it, and is seen by all", () => {
    expect(foldCase([request(), glass()], bot).glasses).toHaveLength(1);
    expect(foldCase([request(), glass(leroy, martin)], bot).glasses).toEqual([]);
  });

  test("[C9] that a consent was taken back is the archivist's word alone, once for each", () => {
    const taken = (sender: string): CaseEvent => ({
      ...at(`$taken ${++clock}`, sender),
      kind: "withdrawn",
      withdrawn: withdrawnSchema.parse({
        consentId: uuid(52),
        at: "2026-11-24T12:00:00Z",
        by: leroy,
        reason: "patient-asked",
        photos: 1,
        inRecord: 1,
      }),
    });
    expect(foldCase([request(), taken(martin)], bot).withdrawals).toEqual([]);
    expect(foldCase([request(), taken(bot), taken(bot)], bot).withdrawals).toHaveLength(1);
  });

  test("[C10] until the patient was told of a glass, the case says so", () => {
    const open = foldCase([request(), glass()], bot);
    expect(notYetInformed(open)).toEqual([{ kind: "glass", glassId: uuid(60) }]);
    const closed = foldCase([request(), glass(), told({ kind: "glass", glassId: uuid(60) })], bot);
    expect(notYetInformed(closed)).toEqual([]);
  });

  test("[C10] an emergency waits for the patient's own word, or for their being told", () => {
    const urgent = consent(52, "emergency");
    expect(notYetInformed(foldCase([request(), urgent], bot))).toEqual([
      { kind: "emergency", consentId: uuid(52) },
    ]);
    const later = consent(53, "signed-on-screen", { supersedes: uuid(52) });
    expect(notYetInformed(foldCase([request(), urgent, later], bot))).toEqual([]);
    const informed = told({ kind: "emergency", consentId: uuid(52) });
    expect(notYetInformed(foldCase([request(), urgent, informed], bot))).toEqual([]);
    expect(notYetInformed(foldCase([request(), consent(52, "oral-witnessed")], bot))).toEqual([]);
  });
});
