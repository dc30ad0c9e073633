import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admissionSchema } from "./admission.ts";
import { callTraceSchema } from "./calls.ts";
import {
  arrivingPhotos,
  emptyCase,
  foldCase,
  notYetFiled,
  notYetInformed,
  opinionVersions,
  stepCase,
} from "./case-state.ts";
import { consentSchema } from "./consent.ts";
import {
  type CaseEvent,
  type Filed,
  filedSchema,
  informedSchema,
  photoSchema,
  previewSchema,
  seenSchema,
  withdrawnSchema,
} from "./events.ts";
import { glassSchema } from "./glass.ts";
import { signedIdentityCorrectionSchema } from "./identity.ts";
import { consentIdSchema } from "./ids.ts";
import { signedMisfilingSchema } from "./misfiling.ts";
import { signedAmendmentSchema } from "./opinion.ts";
import { signedQuestionAmendmentSchema } from "./question.ts";
import {
  at,
  bot,
  caseId,
  haddad,
  leroy,
  martin,
  opinion,
  picture,
  request,
  response,
  tick,
  uuid,
} from "./testing/case-events.ts";

const filed = (sender: string, ofEvent: string, state: "filed" | "waiting"): CaseEvent => ({
  ...at(`$f${tick()}`, sender),
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
  test("[C13] an opinion is amended by its author alone, from a version that is known; the newest stands, the others stay", () => {
    const first = opinion();
    if (first.kind !== "opinion") throw new Error("It is an opinion");
    const version = (
      eventId: string,
      ofEvent: string,
      ofId: string,
      id: string,
      sender = martin,
    ): CaseEvent => ({
      ...at(eventId, sender),
      kind: "amendment",
      amendment: signedAmendmentSchema.parse({
        payload: {
          v: 1,
          amends: { eventId: ofEvent, opinionId: ofId },
          how: "corrected",
          reason: "Le côté était faux.",
          opinion: { ...first.opinion.payload, opinionId: id, author: sender },
        },
        jws: "a..b",
        certificate: "a.b.c",
      }),
    });
    const { opinionId } = first.opinion.payload;
    const second = version("$second", first.eventId, opinionId, uuid(71));
    const third = version("$third", "$second", uuid(71), uuid(72));
    const ids = (...events: CaseEvent[]) =>
      opinionVersions(fold(request(), ...events)).map((each) => each.eventId);
    expect(ids(first, second, third)).toEqual([first.eventId, "$second", "$third"]);
    expect(ids(first, second, second, third, third)).toEqual([first.eventId, "$second", "$third"]);
    expect(ids(second, first)).toEqual([first.eventId]);
    expect(ids(first, third)).toEqual([first.eventId]);
    expect(ids(first, version("$other", first.eventId, opinionId, uuid(73), haddad))).toEqual([
      first.eventId,
    ]);
    expect(ids(first, version("$again", first.eventId, opinionId, opinionId))).toEqual([first.eventId]);
    expect(ids(first, version("$wrong", first.eventId, uuid(74), uuid(73)))).toEqual([first.eventId]);
    // Two devices that began from the same version: neither text is lost.
    const beside = version("$beside", first.eventId, opinionId, uuid(75));
    expect(ids(first, second, beside)).toEqual([first.eventId, "$second", "$beside"]);
    expect(notYetFiled(fold(request(), first, second))).toContain("$second");
    expect(opinionVersions(emptyCase)).toEqual([]);
  });
  test("[C19] that a call took place is the archivist's word alone, once for each call", () => {
    const told = (eventId: string, sender: string, callId: string): CaseEvent => ({
      ...at(eventId, sender),
      kind: "call",
      call: callTraceSchema.parse({
        callId,
        startedAt: new Date(0).toISOString(),
        endedAt: new Date(60_000).toISOString(),
        ended: "left",
        participants: [leroy, martin].map((userId) => ({
          userId,
          joinedAt: new Date(0).toISOString(),
          leftAt: new Date(60_000).toISOString(),
        })),
        incidents: [],
      }),
    });
    const calls = (...events: CaseEvent[]) => fold(request(), ...events).calls.map(({ eventId }) => eventId);
    expect(calls(told("$1", bot, uuid(91)))).toEqual(["$1"]);
    expect(calls(told("$1", bot, uuid(91)), told("$2", bot, uuid(91)), told("$3", bot, uuid(92)))).toEqual([
      "$1",
      "$3",
    ]);
    expect(calls(told("$1", leroy, uuid(91)))).toEqual([]);
  });
  test("[C14] that a case is of the wrong patient is said once, by who asked, who took it or who answered", () => {
    const asked = request();
    const by = (...events: CaseEvent[]) => fold(asked, ...events).misfiled?.eventId ?? null;
    expect(by(saidWrong("$1", leroy), saidWrong("$2", leroy))).toBe("$1");
    expect(by(saidWrong("$1", martin))).toBeNull();
    expect(by(response(martin, accepted), saidWrong("$1", martin))).toBe("$1");
    expect(by(opinion(), saidWrong("$1", martin))).toBe("$1");
    expect(by(saidWrong("$1", haddad))).toBeNull();
    expect(by(saidWrong("$1", leroy, { by: martin }))).toBeNull();
    expect(by(saidWrong("$1", leroy, { requestEventId: "$other" }))).toBeNull();
    expect(by(saidWrong("$1", leroy, { caseId: uuid(81) }))).toBeNull();
    const state = fold(asked, opinion(), saidWrong("$1", leroy));
    expect(notYetFiled(state)).toEqual(["$1"]);
  });
  test("[C17] whose a case is instead is said by who asked, in answer to that word; all is owed to that record from then on", () => {
    const asked = request();
    const wrong = [asked, opinion(), saidWrong("$wrong", leroy)] as const;
    const whose = (...events: CaseEvent[]) => fold(...wrong, ...events).request?.request.patient.recordId;
    expect(whose()).toBe("p1");
    expect(whose(saidWhose("$whose", leroy))).toBe("p2");
    expect(whose(saidWhose("$whose", martin))).toBe("p1");
    expect(whose(saidWhose("$whose", leroy, { by: martin }))).toBe("p1");
    expect(whose(saidWhose("$whose", leroy, { misfilingId: uuid(82) }))).toBe("p1");
    expect(whose(saidWhose("$whose", leroy, { caseId: uuid(81) }))).toBe("p1");
    expect(fold(asked, saidWhose("$whose", leroy)).request?.request.patient.recordId).toBe("p1");
    const word = (ofEvent: string, kind: Filed["kind"], under?: string): CaseEvent => ({
      ...at(`$word-${ofEvent}-${under}`, bot),
      kind: "filed",
      filed: {
        ofEvent,
        kind,
        ...(under === undefined ? {} : { under }),
        outcome: { state: "filed", at: new Date(0).toISOString(), entries: [] },
      },
    });
    const corrected = [
      asked,
      word("$request", "request"),
      opinion(),
      saidWrong("$wrong", leroy),
      saidWhose("$whose", leroy),
    ] as const;
    const all = ["$wrong", "$whose", "$request", "$opinion"];
    expect(notYetFiled(fold(...corrected))).toEqual(all);
    // Late words about the other record.
    expect(notYetFiled(fold(...corrected, word("$request", "request")))).toEqual(all);
    expect(notYetFiled(fold(...corrected, word("$wrong", "misfiled")))).toEqual(all.slice(1));
    const done = fold(
      ...corrected,
      word("$wrong", "misfiled"),
      ...(["$whose", "$request", "$opinion"] as const).map((each) => word(each, "request", "$whose")),
    );
    expect(notYetFiled(done)).toEqual([]);
    // Wrong again: said again, and answered again.
    const again = saidWrong("$again", leroy, { misfilingId: uuid(83) });
    expect(stepCase(done, again, bot).misfiled?.eventId).toBe("$again");
    const back = saidWhose("$back", leroy, { misfilingId: uuid(83) }, "p3");
    expect(
      stepCase(stepCase(done, again, bot), back, bot).corrections.map((each) => each.wrong.recordId),
    ).toEqual(["p1", "p2"]);
  });
  test("[C18] a question is amended by who asked alone, from a version that the case knows, until it is answered", () => {
    const asked = request();
    const first = asked.kind === "request" ? asked.request.question : "";
    const shown = (...events: CaseEvent[]) => fold(asked, ...events).request?.request.question;
    expect(shown(amended("$a", leroy, "$request", "Une autre question ?"))).toBe("Une autre question ?");
    expect(shown(amended("$a", martin, "$request", "Une autre ?"))).toBe(first);
    expect(shown(amended("$a", leroy, "$request", "Une autre ?", { author: martin }))).toBe(first);
    expect(shown(amended("$a", leroy, "$request", "Une autre ?", { caseId: uuid(81) }))).toBe(first);
    expect(shown(amended("$a", leroy, "$unknown", "Une autre ?"))).toBe(first);
    expect(shown(opinion(), amended("$a", leroy, "$request", "Une autre ?"))).toBe(first);
    const twice = fold(
      asked,
      amended("$a", leroy, "$request", "Deux ?"),
      amended("$b", leroy, "$a", "Trois ?"),
      amended("$b", leroy, "$a", "Trois ?"),
    );
    expect(twice.questions.map((each) => each.replaced.question)).toEqual([first, "Deux ?"]);
    expect(notYetFiled(twice)).toEqual(["$request", "$a", "$b"]);
  });
  test("[C12] what an administrator resolved is owed no more, and waiting does not undo it; parked it is owed", () => {
    const word = (sender: string, outcome: Filed["outcome"]): CaseEvent => ({
      ...at("$word", sender),
      kind: "filed",
      filed: { ofEvent: "$request", kind: "request", outcome },
    });
    const when = new Date(0).toISOString();
    const resolved = {
      state: "resolved",
      at: when,
      how: "filed-by-hand",
      by: leroy,
      why: "Versée sur papier.",
    } as const;
    expect(
      notYetFiled(fold(request(), word(bot, { state: "parked", at: when, reason: "internal" }))),
    ).toEqual(["$request"]);
    expect(notYetFiled(fold(request(), word(martin, resolved)))).toEqual(["$request"]);
    const done = fold(request(), word(bot, resolved), word(bot, { state: "waiting", since: when }));
    expect(notYetFiled(done)).toEqual([]);
    expect(done.filed.get("$request")?.outcome).toEqual(resolved);
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
    ...at(`$told ${tick()}`, leroy),
    kind: "informed",
    informed: informedSchema.parse({ of, whom: "patient", at: "2026-11-24T18:00:00Z" }),
  });

  test("[C8] a glass is broken by who signed for it, and is seen by all", () => {
    expect(foldCase([request(), glass()], bot).glasses).toHaveLength(1);
    expect(foldCase([request(), glass(leroy, martin)], bot).glasses).toEqual([]);
  });

  test("[C9] that a consent was taken back is the archivist's word alone, once for each", () => {
    const taken = (sender: string): CaseEvent => ({
      ...at(`$taken ${tick()}`, sender),
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

  test("[C11] who could not be let in, or had to go, is the archivist's word alone", () => {
    const gone = (sender: string, eventId = `$gone ${tick()}`): CaseEvent => ({
      ...at(eventId, sender),
      kind: "admission",
      admission: admissionSchema.parse({
        userId: haddad,
        at: "2026-11-24T12:00:00Z",
        outcome: { state: "glass-ended" },
      }),
    });
    expect(foldCase([request(), gone(martin)], bot).admissions).toEqual([]);
    expect(foldCase([request(), gone(bot, "$one"), gone(bot, "$one")], bot).admissions).toHaveLength(1);
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

  test("[C9] the withdrawal of one consent says nothing of another's", () => {
    const taken = (end: number): CaseEvent => ({
      ...at(`$taken ${end}`, bot),
      kind: "withdrawn",
      withdrawn: withdrawnSchema.parse({
        consentId: uuid(end),
        at: "2026-11-24T12:00:00Z",
        by: leroy,
        reason: "patient-asked",
        photos: 0,
        inRecord: 0,
      }),
    });
    expect(foldCase([taken(52), taken(53)], bot).withdrawals).toHaveLength(2);
  });

  test("[C10] being told of one thing is not being told of another", () => {
    const urgent = consent(52, "emergency");
    const other = { kind: "emergency", consentId: uuid(99) };
    const all = [request(), glass(), urgent, told(other), told({ kind: "glass", glassId: uuid(98) })];
    expect(notYetInformed(foldCase(all, bot))).toEqual([
      { kind: "glass", glassId: uuid(60) },
      { kind: "emergency", consentId: uuid(52) },
    ]);
    // The same id under another kind is no word on it.
    const crossed = [request(), glass(), told({ kind: "emergency", consentId: uuid(60) })];
    expect(notYetInformed(foldCase(crossed, bot))).toHaveLength(1);
    const again = [request(), urgent, told({ kind: "glass", glassId: uuid(52) })];
    expect(notYetInformed(foldCase(again, bot))).toHaveLength(1);
  });

  test("a consent of another's hand is none of the case's, and one event counts once", () => {
    const given = consent(52, "oral-witnessed");
    expect(foldCase([given, given], bot).consents).toHaveLength(1);
    expect(foldCase([{ ...given, sender: martin }], bot).consents).toEqual([]);
    const word = told({ kind: "glass", glassId: uuid(60) });
    expect(foldCase([word, word], bot).informed).toHaveLength(1);
  });

  test("what is owed to the record are the request, the consents, the photos and the opinion, until each is filed", () => {
    const filed = (ofEvent: string): CaseEvent => ({
      ...at(`$filed ${ofEvent}`, bot),
      kind: "filed",
      filed: {
        ...filedSchema.parse({
          ofEvent: "$any",
          kind: "photo",
          outcome: { state: "filed", at: "2026-11-24T12:00:00Z", entries: [] },
        }),
        ofEvent,
      },
    });
    const all = [request(), consent(52, "oral-witnessed"), picture("full"), opinion()];
    const due = ["$request", "$consent 52", `$full of ${leroy}`, "$opinion"];
    expect(notYetFiled(foldCase(all, bot))).toEqual(due);
    expect(notYetFiled(foldCase([...all, filed("$request")], bot))).toEqual(due.slice(1));
    expect(notYetFiled(foldCase([...all, ...due.map(filed)], bot))).toEqual([]);
    expect(notYetFiled(emptyCase)).toEqual([]);
  });
});

describe("the walk of a case", () => {
  const declined = { kind: "declined", reason: "absent" } as const;
  const moreAsked: CaseEvent = response(martin, { kind: "more-asked", question: "Une photo de plus près ?" });

  test("says who declined and why, and that more was asked for", () => {
    const state = foldCase([request(), response(martin, declined)], bot);
    expect(state).toMatchObject({
      status: "declined",
      declined: { by: martin, reason: "absent" },
      acceptedBy: null,
    });
    expect(state.responses).toHaveLength(1);
    expect(foldCase([request(), moreAsked], bot).status).toBe("more-asked");
    expect(foldCase([request(), moreAsked, moreAsked], bot).responses).toHaveLength(1);
  });

  test("lets who accepted decline after all, and a request in mid-walk leave the status as it is", () => {
    const accepted = response(martin, { kind: "accepted" });
    expect(foldCase([request(), accepted, response(martin, declined)], bot).status).toBe("declined");
    expect(foldCase([request(), response(haddad, declined)], bot).declined?.by).toBe(haddad);
    expect(stepCase({ ...emptyCase, status: "accepted" }, request(), bot).status).toBe("accepted");
  });

  test("tells two messages apart by reference and sender, and keeps each without one", () => {
    const said = (eventId: string, sender: string, clientRef?: string): CaseEvent => ({
      ...at(eventId, sender),
      kind: "message",
      text: "…",
      clientRef,
    });
    const count = (...all: CaseEvent[]) => foldCase(all, bot).messages.length;
    expect(count(said("$1", leroy, "a"), said("$2", leroy, "a"))).toBe(1);
    expect(count(said("$1", leroy, "a"), said("$2", martin, "a"))).toBe(2);
    expect(count(said("$1", leroy, "a"), said("$2", leroy, "b"))).toBe(2);
    expect(count(said("$1", leroy), said("$2", leroy))).toBe(2);
  });

  test("notes who had what on screen first, and moves the case's last moment for what people do alone", () => {
    const seen = (atMs: number, sender: string, ...ofEvents: string[]): CaseEvent => ({
      eventId: `$seen ${atMs}`,
      sender,
      atMs,
      kind: "seen",
      seen: seenSchema.parse({ ofEvents, at: "2026-11-24T12:00:00Z" }),
    });
    const asked = { ...request(), atMs: 100 };
    const state = foldCase(
      [asked, seen(200, martin, "$a", "$b"), seen(300, martin, "$a"), seen(400, leroy, "$a")],
      bot,
    );
    expect(state.seen.get("$a")).toEqual(
      new Map([
        [martin, 200],
        [leroy, 400],
      ]),
    );
    expect(state.seen.get("$b")).toEqual(new Map([[martin, 200]]));
    expect(state.lastAtMs).toBe(100);
    expect(foldCase([asked, { ...moreAsked, atMs: 50 }], bot).lastAtMs).toBe(100);
    expect(foldCase([asked, { ...moreAsked, atMs: 150 }], bot).lastAtMs).toBe(150);
  });

  test("keeps what could not be read apart, and passes over what is not ours", () => {
    const odd: CaseEvent = { ...at("$odd", martin), kind: "malformed", what: "request" };
    const other: CaseEvent = { ...at("$other", martin), kind: "foreign", body: undefined };
    const state = foldCase([odd, other], bot);
    expect(state.malformed).toEqual([{ eventId: "$odd", what: "request" }]);
    expect(state).toMatchObject({ status: "draft", responses: [], messages: [] });
    expect(emptyCase).toMatchObject({ responses: [], malformed: [] });
  });

  test("takes one photo's event once, and forms of two photos for two", () => {
    const photo = picture("full");
    expect(foldCase([photo, photo], bot).photos).toHaveLength(1);
    expect(foldCase([{ ...photo, sender: martin }], bot).photos).toEqual([]);
    expect(
      arrivingPhotos(foldCase([picture("preview"), picture("full", leroy, uuid(70))], bot)),
    ).toHaveLength(1);
  });
});

const saidWrong = (eventId: string, by: string, change: object = {}): CaseEvent => ({
  ...at(eventId, by),
  kind: "misfiled",
  misfiling: signedMisfilingSchema.parse({
    payload: {
      v: 1,
      misfilingId: uuid(80),
      caseId,
      requestEventId: "$request",
      reason: "Homonyme choisi par erreur.",
      told: [leroy, martin],
      by,
      at: new Date(0).toISOString(),
      ...change,
    },
    jws: "a..b",
    certificate: "a.b.c",
  }),
});

/** Whose the case is instead. */
const saidWhose = (eventId: string, by: string, change: object = {}, recordId = "p2"): CaseEvent => ({
  ...at(eventId, by),
  kind: "identity",
  correction: signedIdentityCorrectionSchema.parse({
    payload: {
      v: 1,
      correctionId: uuid(84),
      caseId,
      requestEventId: "$request",
      misfilingId: uuid(80),
      patient: { recordId, family: "MOREAU", given: "Jean-Pierre", sex: "male", identity: "qualified" },
      attests: "consent-and-photos-are-theirs",
      by,
      at: new Date(0).toISOString(),
      ...change,
    },
    jws: "a..b",
    certificate: "a.b.c",
  }),
});

/** Another version of the question. */
const amended = (
  eventId: string,
  by: string,
  amends: string,
  question: string,
  change: object = {},
): CaseEvent => ({
  ...at(eventId, by),
  kind: "question",
  amendment: signedQuestionAmendmentSchema.parse({
    payload: {
      v: 1,
      caseId,
      amends: { eventId: amends },
      how: "corrected",
      reason: "Le côté était faux.",
      question,
      author: by,
      signedAt: new Date(0).toISOString(),
      ...change,
    },
    jws: "a..b",
    certificate: "a.b.c",
  }),
});
