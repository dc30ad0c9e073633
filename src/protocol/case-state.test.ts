import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyCase, foldCase, notYetFiled, stepCase } from "./case-state.ts";
import { type CaseEvent, opinionSchema, requestSchema } from "./events.ts";

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
