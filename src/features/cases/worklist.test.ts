import { createInstance, type i18n } from "i18next";
import { describe, expect, test } from "vitest";
import { bot, event, hourMs, minuteMs, record, request, user } from "../../../e2e/support/sample-cases.ts";
import { cases as en } from "../../i18n/en/cases.ts";
import { cases as fr } from "../../i18n/fr/cases.ts";
import { remaining } from "./due.ts";
import { deadline, headlineInWords, remainingInWords, shortPatientInWords, type Words } from "./words.ts";
import { worklistOf } from "./worklist.ts";

/** Noon, local time, on a Tuesday. */
const now = new Date(2026, 10, 24, 12, 12).getTime();
const martin = user("martin");

const instance = (language: "fr" | "en"): i18n => {
  const made = createInstance();
  void made.init({
    lng: language,
    defaultNS: "cases",
    resources: { fr: { cases: fr }, en: { cases: en } },
    initAsync: false,
    interpolation: { escapeValue: false },
  });
  return made;
};
const words = (language: "fr" | "en"): Words => {
  const { t } = instance(language);
  return { t: (key, values) => t(key, { ...values }), language };
};

const asked = (n: number, dueInMs: number) => {
  const at = now - hourMs;
  return record(n, [
    event(user("leroy"), at, {
      kind: "request",
      request: request(n, at, { dueAt: new Date(now + dueInMs).toISOString() }),
    }),
  ]);
};
const list = (records: readonly ReturnType<typeof record>[], me = martin) =>
  worklistOf({
    cases: {
      loaded: true,
      synced: true,
      byRoom: new Map(records.map((each) => [each.roomId, each])),
      outgoing: [],
    },
    directory: null,
    me,
    bot,
    nowMs: now,
  });
const plain = (text: string) => text.replace(/\s/gu, " ");
const headline = (language: "fr" | "en", ...dueInMs: number[]) =>
  plain(headlineInWords(words(language), list(dueInMs.map((ms, n) => asked(n + 1, ms))).headline));

describe("the worklist", () => {
  test("what is due first is first, and what is late before everything", () => {
    const { tabs } = list([asked(1, 48 * hourMs), asked(2, 2 * hourMs), asked(3, -20 * minuteMs)]);
    expect(tabs["to-answer"].map((row) => row.key.at(-1))).toEqual(["3", "2", "1"]);
  });

  test("the sentence counts opinions, and says which presses", () => {
    const atFour = 3 * hourMs + 48 * minuteMs;
    expect(headline("fr", atFour, 48 * hourMs, 90 * hourMs)).toBe(
      "Trois avis à rendre, dont un avant 16 heures.",
    );
    expect(headline("en", atFour, 48 * hourMs, 90 * hourMs)).toBe("Three opinions to give, one before 4 pm.");
    expect(headline("fr", atFour)).toBe("Un avis à rendre, avant 16 heures.");
    expect(headline("fr", atFour, hourMs)).toBe("Deux avis à rendre aujourd’hui.");
    expect(headline("fr", -hourMs, 48 * hourMs)).toBe("Deux avis à rendre, dont un en retard.");
    expect(headline("fr", 48 * hourMs)).toBe("Un avis à rendre.");
    expect(headline("fr")).toBe("Rien ne vous attend.");
  });

  test("somebody who only waits reads how many answers are awaited", () => {
    const mine = list([asked(1, 48 * hourMs)], user("leroy"));
    expect(plain(headlineInWords(words("fr"), mine.headline))).toBe("Rien à rendre. Une réponse attendue.");
    expect(mine.tabs.waiting).toHaveLength(1);
  });

  test("a row says initials, age and sex, and nothing more of the patient", () => {
    const row = list([asked(1, hourMs)]).tabs["to-answer"][0];
    expect(row?.patient && plain(shortPatientInWords(words("fr"), row.patient))).toBe("J. D., 67 ans, femme");
    expect(JSON.stringify(row)).not.toMatch(/delattre|josiane|1959/i);
  });

  test("time left and lateness are said in words", () => {
    const said = (ms: number) => plain(remainingInWords(words("fr"), remaining(now + ms, now)));
    expect(said(3 * hourMs + 48 * minuteMs)).toBe("reste 3 h 48");
    expect(said(44 * hourMs)).toBe("reste 1 j 20 h");
    expect(said(6 * 24 * hourMs)).toBe("reste 6 j");
    expect(said(-20 * minuteMs)).toBe("en retard de 20 min");
  });

  test("a deadline names its day when it is not today", () => {
    expect(plain(deadline(words("fr"), now + 228 * minuteMs, now))).toBe("16 h");
    expect(plain(deadline(words("fr"), now + 46 * hourMs, now))).toBe("jeudi 10 h 12");
  });

  test("a request that is in its room no longer stands among those being sent", () => {
    const outgoing = {
      localId: "l",
      request: request(1, now),
      photos: 1,
      state: "sending",
      error: null,
    } as const;
    const facts = { directory: null, me: user("leroy"), bot, nowMs: now };
    const before = worklistOf({
      ...facts,
      cases: { loaded: true, synced: true, byRoom: new Map(), outgoing: [outgoing] },
    });
    const one = asked(1, hourMs);
    const after = worklistOf({
      ...facts,
      cases: { loaded: true, synced: true, byRoom: new Map([[one.roomId, one]]), outgoing: [outgoing] },
    });
    expect([before.outgoing.length, after.outgoing.length]).toEqual([1, 0]);
  });
});
