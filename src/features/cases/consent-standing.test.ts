import { describe, expect, test } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import type { CaseEvent } from "#protocol/events.ts";
import { caseIdSchema, consentIdSchema, receiptIdSchema } from "#protocol/ids.ts";
import {
  bot,
  consentEvent,
  event,
  hourMs,
  photoEvent,
  request,
  user,
  uuid,
} from "../../../e2e/support/sample-cases.ts";
import { openedOf } from "./accesses.ts";
import { glassesOf, remindersOf, standingOf, takenBackOf } from "./consent-standing.ts";

const start = Date.parse("2026-11-24T10:00:00Z");
const asked = event(user("leroy"), start, { kind: "request", request: request(1, start) });
const first = consentEvent(1, start);
const consentId = consentIdSchema.parse(uuid(501));
const signed = { jws: "aGVhZA..c2ln", certificate: "aGVhZA.cGF5bG9hZA.c2ln" };

const second = (atMs: number): CaseEvent => {
  const base = consentEvent(1, atMs);
  if (base.kind !== "consent") throw new Error("not a consent");
  const payload = {
    ...base.consent.payload,
    consentId: consentIdSchema.parse(uuid(777)),
    supersedes: consentId,
  };
  return { ...base, eventId: "$second", consent: { ...base.consent, payload } };
};
const withdrawal = (of: string, atMs: number, counts = { photos: 2, inRecord: 1 }): CaseEvent =>
  event(bot, atMs, {
    kind: "withdrawn",
    withdrawn: {
      consentId: consentIdSchema.parse(of),
      at: new Date(atMs).toISOString(),
      by: user("leroy"),
      reason: "patient-asked",
      ...counts,
    },
  });
const glass = (n: number, over: string, atMs: number): CaseEvent =>
  event(user("faure"), atMs, {
    kind: "glass",
    reason: "patiente inconsciente",
    glass: {
      payload: {
        v: 1,
        glassId: uuid(n),
        caseId: caseIdSchema.parse(uuid(1)),
        consentId: consentIdSchema.parse(over),
        reader: user("aubry"),
        openedBy: user("faure"),
        reasonSha256: "0".repeat(64),
        openedAt: new Date(atMs).toISOString(),
        endsAt: new Date(atMs + 4 * hourMs).toISOString(),
      },
      ...signed,
    },
  });
const stateOf = (...events: CaseEvent[]) => foldCase(events, bot);

describe("where the patient's word stands", () => {
  test("the newest that was not taken back counts; taking back takes all that count", () => {
    const state = stateOf(first, asked, photoEvent(1, 0, start + 1000), second(start + hourMs));
    expect(standingOf(state, start + 2 * hourMs)).toMatchObject({
      state: "live",
      consent: { consentId: uuid(777) },
      withdrawable: [uuid(777), uuid(501)],
      glassOver: [uuid(501), uuid(777)],
    });
    const back = stateOf(first, asked, second(start + hourMs), withdrawal(uuid(777), start + 2 * hourMs));
    expect(standingOf(back, start + 3 * hourMs)).toMatchObject({
      state: "live",
      consent: { consentId: uuid(501) },
    });
  });

  test("it ends with its period, and with the last withdrawal", () => {
    const state = stateOf(first, asked);
    expect(standingOf(state, start + 91 * 24 * hourMs)).toMatchObject({ state: "expired" });
    const gone = stateOf(first, asked, withdrawal(uuid(501), start + hourMs));
    expect(standingOf(gone, start + 2 * hourMs)).toMatchObject({ state: "withdrawn", withdrawable: [] });
    expect(standingOf(stateOf(asked), start)).toBeNull();
  });

  test("what was taken back is summed up over the consents", () => {
    expect(takenBackOf(stateOf(first, asked))).toBeNull();
    const two = stateOf(
      withdrawal(uuid(501), start + hourMs),
      withdrawal(uuid(777), start + 2 * hourMs, { photos: 1, inRecord: 0 }),
    );
    expect(takenBackOf(two)).toMatchObject({ photos: 3, inRecord: 1, atMs: start + 2 * hourMs });
  });
});

describe("what the case reminds everybody of", () => {
  test("one glass broken over two consents is one; it nags until the patient was told of all of it", () => {
    const broken = [glass(1, uuid(501), start), glass(2, uuid(777), start)];
    const told = (n: number): CaseEvent =>
      event(user("leroy"), start + hourMs, {
        kind: "informed",
        informed: {
          of: { kind: "glass", glassId: uuid(n) },
          whom: "patient",
          at: new Date(start + hourMs).toISOString(),
        },
      });
    expect(glassesOf(stateOf(...broken), start)).toMatchObject([
      { glassIds: [uuid(1), uuid(2)], over: false, told: false },
    ]);
    const half = stateOf(...broken, told(1));
    expect(remindersOf(half, start + 5 * hourMs).glasses).toMatchObject([{ over: true, told: false }]);
    const whole = stateOf(...broken, told(1), told(2));
    expect(remindersOf(whole, start + hourMs).glasses).toMatchObject([{ over: false, told: true }]);
    expect(remindersOf(whole, start + 5 * hourMs).glasses).toEqual([]);
  });
});

describe("an emergency that the patient does not know of", () => {
  test("says who decided, why and until when; with the patient's own word it is silent", () => {
    const base = consentEvent(1, start);
    if (base.kind !== "consent") throw new Error("not a consent");
    const urgent: CaseEvent = {
      ...base,
      consent: { ...base.consent, payload: { ...base.consent.payload, method: "emergency" } },
      evidence: { ...base.evidence, emergencyReason: "choc septique" },
    };
    const { expiresAt, collectedBy } = base.consent.payload;
    expect(remindersOf(stateOf(urgent, asked), start).emergencies).toEqual([
      {
        of: { kind: "emergency", consentId },
        by: collectedBy,
        untilMs: Date.parse(expiresAt),
        reason: "choc septique",
      },
    ]);
    expect(remindersOf(stateOf(urgent, asked, second(start + hourMs)), start).emergencies).toEqual([]);
  });
});

describe("who opened a picture", () => {
  const access = (by: string, atMs: number, how: "view" | "machine", receipt = uuid(1)) => ({
    receiptId: receiptIdSchema.parse(receipt),
    rendition: "full" as const,
    by,
    at: new Date(atMs).toISOString(),
    how,
  });

  test("persons are told from machines, other photos left out, and one look is one", () => {
    const opened = openedOf(
      [
        access("@b", start + hourMs, "view"),
        access("@a", start + 500, "view"),
        access("@a", start, "view"),
        access("@a", start + hourMs, "view"),
        access("@bot", start, "machine"),
        access("@c", start, "view", uuid(2)),
      ],
      [uuid(1)],
    );
    expect(opened.persons).toEqual([
      { by: "@a", firstMs: start, lastMs: start + hourMs, times: 2 },
      { by: "@b", firstMs: start + hourMs, lastMs: start + hourMs, times: 1 },
    ]);
    expect(opened.machines.map((each) => each.by)).toEqual(["@bot"]);
  });
});
