import { describe, expect, test } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import {
  bot,
  consentEvent,
  event,
  filedEvent,
  hourMs,
  photoEvent,
  request,
  user,
} from "../../../e2e/support/sample-cases.ts";
import { caseThread, photoThread, threadOf } from "./thread.ts";

const at = Date.parse("2026-11-24T11:00:00Z");
const nothing = {
  consentedAtMs: null,
  encryptedAtMs: null,
  seenAtMs: null,
  filed: null,
  withdrawn: false,
} as const;
const states = (thread: readonly { state: string }[]) => thread.map((knot) => knot.state);

describe("the thread", () => {
  test("the first knot that is not true yet is the next one", () => {
    expect(states(threadOf(nothing))).toEqual(["next", "to-come", "to-come", "to-come"]);
    expect(states(threadOf({ ...nothing, consentedAtMs: 1, encryptedAtMs: 2 }))).toEqual([
      "tied",
      "tied",
      "next",
      "to-come",
    ]);
  });

  test("a photo may be filed before anybody saw it", () => {
    const filed = { state: "filed" as const, at: new Date(at).toISOString(), entries: [] };
    expect(states(threadOf({ ...nothing, consentedAtMs: 1, encryptedAtMs: 2, filed }))).toEqual([
      "tied",
      "tied",
      "next",
      "tied",
    ]);
  });

  test("waiting to be filed ties nothing, and a parked filing is shown as failed", () => {
    const when = new Date(at).toISOString();
    const until = { ...nothing, consentedAtMs: 1, encryptedAtMs: 2, seenAtMs: 3 };
    expect(states(threadOf({ ...until, filed: { state: "waiting", since: when } }))[3]).toBe("next");
    expect(
      states(threadOf({ ...until, filed: { state: "parked", at: when, reason: "record-unreachable" } }))[3],
    ).toBe("failed");
  });

  test("a withdrawn photo keeps what was true and stops there", () => {
    expect(states(threadOf({ ...nothing, consentedAtMs: 1, encryptedAtMs: 2, withdrawn: true }))).toEqual([
      "tied",
      "tied",
      "withdrawn",
      "to-come",
    ]);
  });

  test("its sender and the archivist do not make a photo seen", () => {
    const photo = photoEvent(1, 0, at);
    const seenBy = (who: string) => event(who, at + 5, { kind: "seen", seen: seen(photo.eventId) });
    const knots = (...who: string[]) => {
      const state = foldCase([consentEvent(1, at), photo, ...who.map(seenBy)], bot);
      return states(state.photos[0] === undefined ? [] : photoThread(state, state.photos[0], bot, false));
    };
    expect(knots(user("leroy"), bot)[2]).toBe("next");
    expect(knots(user("leroy"), bot, user("martin"))[2]).toBe("tied");
  });

  test("a case is filed once its request and every photo are", () => {
    const asked = event(user("leroy"), at, { kind: "request", request: request(1, at) });
    const photo = photoEvent(1, 0, at);
    const base = [consentEvent(1, at), asked, photo, filedEvent(asked, at + hourMs, "request")];
    expect(states(caseThread(foldCase(base, bot), bot))[3]).not.toBe("tied");
    const all = [...base, filedEvent(photo, at + 2 * hourMs, "photo")];
    expect(caseThread(foldCase(all, bot), bot)[3]).toEqual({
      name: "filed",
      state: "tied",
      atMs: at + 2 * hourMs,
    });
  });
});

const seen = (eventId: string) => ({ ofEvents: [eventId], at: new Date(at).toISOString() });
