import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyCase, foldCase, notYetFiled, stepCase } from "./case-state.ts";
import { copyObstacleSchema } from "./copies.ts";
import { type CaseEvent, expiredSchema } from "./events.ts";
import { glassSchema } from "./glass.ts";
import { signedMisfilingSchema } from "./misfiling.ts";
import { signedAmendmentSchema } from "./opinion.ts";
import { expiryOf, type Leaving, summaryOf, whyStays } from "./retention.ts";
import {
  at,
  bot,
  caseId,
  leroy,
  martin,
  opinion,
  picture,
  request,
  tick,
  uuid,
} from "./testing/case-events.ts";

const dayMs = 24 * 3600_000;
const answered = () => [request(), opinion()];
const fold = (events: readonly CaseEvent[]) => foldCase(events, bot);

const glass = (endsAt: string, glassId = uuid(7)): CaseEvent => ({
  ...at(`$g${tick()}`, leroy),
  kind: "glass",
  glass: {
    payload: glassSchema.parse({
      v: 1,
      glassId,
      caseId,
      consentId: uuid(8),
      reader: leroy,
      openedBy: leroy,
      reasonSha256: "a".repeat(64),
      openedAt: "2026-11-24T12:00:00Z",
      endsAt,
    }),
    jws: "a..b",
    certificate: "a.b.c",
  },
  reason: "Hémorragie",
});
const told: CaseEvent = {
  ...at("$told", leroy),
  kind: "informed",
  informed: { of: { kind: "glass", glassId: uuid(7) }, whom: "patient", at: "2026-11-24T13:00:00Z" },
};
const misfiled = (by = leroy): CaseEvent => ({
  ...at("$misfiled", by),
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
    },
    jws: "a..b",
    certificate: "a.b.c",
  }),
});
const amendment = (first: CaseEvent): CaseEvent => {
  if (first.kind !== "opinion") throw new Error("An opinion");
  const { payload } = first.opinion;
  return {
    ...at("$amendment", martin),
    kind: "amendment",
    amendment: signedAmendmentSchema.parse({
      payload: {
        v: 1,
        amends: { eventId: first.eventId, opinionId: payload.opinionId },
        how: "corrected",
        reason: "Le côté était faux.",
        opinion: { ...payload, opinionId: uuid(71) },
      },
      jws: "a..b",
      certificate: "a.b.c",
    }),
  };
};

describe("the content of a case", () => {
  test("[C16] leaves so many days after the opinion, or after what came later", () => {
    const state = fold(answered());
    expect(expiryOf(state, 30)).toBe((state.opinion?.atMs ?? 0) + 30 * dayMs);
    const later: CaseEvent = { ...at("$m", leroy), kind: "message", text: "Merci.", clientRef: undefined };
    const after = fold([...answered(), { ...later, atMs: later.atMs + 5 * dayMs }]);
    expect(expiryOf(after, 30)).toBe(later.atMs + 35 * dayMs);
  });

  test("[C16] stays without an opinion, and where the organisation keeps all", () => {
    expect(expiryOf(fold([request()]), 30)).toBeNull();
    expect(expiryOf(fold(answered()), 0)).toBeNull();
  });

  test("[C16] stays while the patient has yet to be told of a broken glass, and until the glass is over", () => {
    const endsAt = "2027-03-01T00:00:00Z";
    expect(expiryOf(fold([...answered(), glass(endsAt)]), 30)).toBeNull();
    expect(expiryOf(fold([...answered(), glass(endsAt), told]), 30)).toBe(Date.parse(endsAt) + 30 * dayMs);
  });

  test("[C15] leaves a summary that holds neither history nor the whole question, and stands in the place of the request", () => {
    const long = request();
    if (long.kind !== "request") throw new Error("A request");
    const question = `Lésion du dos ${"qui change ".repeat(40)}`;
    const asked = { ...long, request: { ...long.request, question, history: "Diabète", allergies: "Latex" } };
    const before = fold([asked, opinion()]);
    const summary = expiredSchema.parse(summaryOf(before, before.lastAtMs, before.lastAtMs + 30 * dayMs));
    expect(JSON.stringify(summary)).not.toMatch(/Diabète|Latex/);
    expect(summary.request.question.length).toBeLessThanOrEqual(120);
    const word: CaseEvent = { ...at("$expired", bot), kind: "expired", expired: summary };
    // The rest is redacted: nothing but the word is left.
    const state = stepCase(emptyCase, word, bot);
    expect(state).toMatchObject({ status: "answered", expired: summary, opinion: null });
    // And if the homeserver keeps it, it is no part of the case on any device either.
    expect(fold([asked, opinion(), picture("full"), word])).toEqual(state);
    expect(fold([word, asked, picture("full"), opinion()])).toEqual(state);
    expect(state.request?.request.patient).toEqual(asked.request.patient);
    expect(notYetFiled(state)).toEqual([]);
    expect(expiryOf(state, 30)).toBeNull();
  });

  test("[C15] is gone on the archivist's word alone", () => {
    const summary = expiredSchema.parse(summaryOf(fold(answered()), 0, dayMs));
    const word = (sender: string): CaseEvent => ({
      ...at(`$e${tick()}`, sender),
      kind: "expired",
      expired: summary,
    });
    expect(fold([...answered(), word(martin)]).expired).toBeNull();
    const state = fold([...answered(), word(bot)]);
    expect(state.expired).toEqual(summary);
    // Said first for who is there, and last for who was away.
    expect(stepCase(state, word(bot), bot)).toEqual(state);
    expect(stepCase(state, word(martin), bot)).toEqual(state);
  });

  test("[C16] a case without an end has no summary", () => {
    expect(summaryOf(fold([request()]), 0, 0)).toBeNull();
  });

  test("[C16] leaves so many days after the last version of the opinion, and the summary names it", () => {
    const first = opinion();
    const second = { ...amendment(first), atMs: first.atMs + 3 * dayMs };
    const state = fold([request(), first, second]);
    expect(expiryOf(state, 30)).toBe(second.atMs + 30 * dayMs);
    expect(summaryOf(state, 0, 0)?.ended).toEqual({
      how: "answered",
      by: martin,
      at: new Date(second.atMs).toISOString(),
    });
  });

  test("[C16] of a wrong patient leaves so many days after that was said, answered or not", () => {
    const unanswered = fold([request(), misfiled()]);
    expect(expiryOf(unanswered, 30)).toBe(unanswered.lastAtMs + 30 * dayMs);
    expect(summaryOf(unanswered, 0, 0)?.ended).toMatchObject({ how: "misfiled", by: leroy });
    expect(summaryOf(fold([...answered(), misfiled(martin)]), 0, 0)?.ended).toMatchObject({
      how: "misfiled",
      by: martin,
    });
  });
});

/** One thing that may be in a case, and where it is on its way into the record. */
const settledStates = ["filed", "refused", "ignored", "resolved", "replaced"] as const;
const openStates = ["new", "planned", "refusing", "parked"] as const;
const things = ["opinion", "opinion", "amendment", "misfiled", "glass", "told", "told", "message"] as const;
const hourMs = 3600_000;

const cases = fc.record({
  parts: fc.array(
    fc.record({
      thing: fc.constantFrom(...things),
      afterHours: fc.integer({ min: 0, max: 24 * 8 }),
      state: fc.oneof(
        { weight: 20, arbitrary: fc.constant("filed" as const) },
        { weight: 2, arbitrary: fc.constantFrom(...settledStates) },
        { weight: 1, arbitrary: fc.constantFrom(...openStates) },
      ),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  malformed: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1),
  untold: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1),
  inHand: fc.constantFrom(false, false, false, false, false, false, false, true),
  copies: fc.array(
    fc.record({
      to: fc.constantFrom("patient", "doctor"),
      state: fc.constantFrom("handed" as const, "handed" as const, "waiting" as const, "failed" as const),
      obstacle: fc.constantFrom(...copyObstacleSchema.options),
    }),
    { maxLength: 3 },
  ),
  glassHours: fc.integer({ min: 1, max: 24 * 60 }),
  days: fc.constantFrom(0, 1, 30),
  /** When it is looked at: about the time at which the days may be over. */
  afterDueHours: fc.integer({ min: -40, max: 80 }),
  fromGlass: fc.boolean(),
});
type Made = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const nowHoursOf = ({ parts, glassHours, fromGlass, days, afterDueHours }: Made): number =>
  Math.max(
    fromGlass ? glassHours : 0,
    parts.reduce((sum, part) => sum + part.afterHours, 0),
  ) +
  days * 24 +
  afterDueHours;

/** The same case as events, folded from what is filed as filing folds it; hours are from the request on. */
function leavingOf(made: Made): { leaving: Leaving; nowMs: number } {
  const asked = { ...request(), atMs: 0 };
  const first = opinion();
  const glassEndsAt = new Date(made.glassHours * hourMs).toISOString();
  let atMs = 0;
  const events = made.parts.map(({ thing, afterHours, state }, n) => {
    atMs += afterHours * hourMs;
    const event: CaseEvent = {
      opinion: first,
      amendment: amendment(first),
      misfiled: misfiled(),
      glass: glass(glassEndsAt),
      told,
      message: { ...at("$m", leroy), kind: "message" as const, text: "Merci.", clientRef: undefined },
    }[thing];
    const eventId = thing === "opinion" ? first.eventId : `${event.eventId}-${n}`;
    return { event: { ...event, eventId, atMs }, state };
  });
  const filed = events.filter((each) => each.state === "filed").map((each) => each.event);
  return {
    leaving: {
      state: foldCase([asked, ...filed], ""),
      items: ["filed", ...events.map((each) => each.state)],
      malformed: made.malformed,
      untold: made.untold,
      inHand: made.inHand,
      copies: made.copies.map((copy) => ({
        ...copy,
        obstacle: copy.state === "failed" ? copy.obstacle : null,
      })),
    },
    nowMs: nowHoursOf(made) * hourMs,
  };
}

/** The rule once more, from the made case and not from its state: what must hold before a single byte goes. */
function mayGo(made: Made): boolean {
  const filedParts = made.parts.map((part, n) => ({ ...part, n })).filter((part) => part.state === "filed");
  const hoursAt = (n: number) => made.parts.slice(0, n + 1).reduce((sum, part) => sum + part.afterHours, 0);
  if (made.parts.some((part) => ["new", "planned", "refusing", "parked"].includes(part.state))) return false;
  if (made.malformed + made.untold > 0 || made.inHand || made.days === 0) return false;
  const isOwed = ({ to, state, obstacle }: Made["copies"][number], n: number) => {
    if (state === "handed") return false;
    if (state === "waiting") return true;
    if (obstacle === "consent-ended" || obstacle === "not-a-letter") return false;
    return !made.copies.some((other, at) => at > n && other.to === to && other.state === "handed");
  };
  if (made.copies.some(isOwed)) return false;
  if (!filedParts.some(({ thing }) => thing === "opinion" || thing === "misfiled")) return false;
  const broken = filedParts.some((part) => part.thing === "glass");
  if (broken && !filedParts.some((part) => part.thing === "told")) return false;
  const lastHours = Math.max(
    0,
    ...filedParts.map(({ n }) => hoursAt(n)),
    ...(broken ? [made.glassHours] : []),
  );
  return nowHoursOf(made) >= lastHours + made.days * 24;
}

const differsFrom = (rule: typeof whyStays) => (made: Made) => {
  const { leaving, nowMs } = leavingOf(made);
  return (rule(leaving, made.days, nowMs) === null) !== mayGo(made);
};
const runs = { numRuns: 6000, seed: 20261122 };

describe("whether the content of a case may leave", () => {
  test("[C16] is yes when all of it is settled and its days are over, and never before", () => {
    fc.assert(
      fc.property(cases, (made) => !differsFrom(whyStays)(made)),
      runs,
    );
    const both = fc.sample(cases, runs).map(mayGo);
    expect(both.filter(Boolean).length).toBeGreaterThan(100);
    expect(both.filter((go) => !go).length).toBeGreaterThan(100);
  });

  const without =
    (change: (leaving: Leaving) => Partial<Leaving>): typeof whyStays =>
    (leaving, days, nowMs) =>
      whyStays({ ...leaving, ...change(leaving) }, days, nowMs);
  const faults: readonly (readonly [string, typeof whyStays])[] = [
    ...openStates.map(
      (open) =>
        [
          `a thing that is ${open}`,
          without(({ items }) => ({ items: items.filter((state) => state !== open) })),
        ] as const,
    ),
    ["an event that nobody could take for anything", without(() => ({ malformed: 0 }))],
    ["a word that the room was not told", without(() => ({ untold: 0 }))],
    ["another process at work", without(() => ({ inHand: false }))],
    [
      "a copy that waits",
      without(({ copies }) => ({ copies: copies.filter((each) => each.state !== "waiting") })),
    ],
    [
      "a copy that failed",
      without(({ copies }) => ({ copies: copies.filter((each) => each.state !== "failed") })),
    ],
    [
      "later versions",
      without(({ state }) => ({
        state: { ...state, amendments: [], lastAtMs: state.opinion?.atMs ?? state.lastAtMs },
      })),
    ],
    ["the wrong patient", without(({ state }) => ({ state: { ...state, misfiled: null } }))],
    ["what came after the end", without(({ state }) => ({ state: { ...state, lastAtMs: 0 } }))],
    ["a broken glass", without(({ state }) => ({ state: { ...state, glasses: [] } }))],
    [
      "the end of a glass",
      without(({ state }) => ({
        state: { ...state, glasses: state.informed.length > 0 ? [] : state.glasses },
      })),
    ],
    [
      "that it has not ended",
      (leaving, days, nowMs) => {
        const why = whyStays(leaving, days, nowMs);
        return why === "too-early" && leaving.state.opinion === null && leaving.state.misfiled === null
          ? null
          : why;
      },
    ],
    ["a day", (leaving, days, nowMs) => whyStays(leaving, days, nowMs + dayMs)],
    [
      "that the organisation keeps all",
      (leaving, days, nowMs) => whyStays(leaving, Math.max(days, 1), nowMs),
    ],
  ];
  test.each(faults)("[C16] a rule that overlooks %s is found out", (_what, faulty) => {
    expect(fc.sample(cases, runs).some(differsFrom(faulty))).toBe(true);
  });
});
