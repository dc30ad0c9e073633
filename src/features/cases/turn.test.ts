import { describe, expect, test } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import { bot, event, hourMs, request, user } from "../../../e2e/support/sample-cases.ts";
import { tabOf, turnOf } from "./turn.ts";

const at = Date.parse("2026-11-24T11:00:00Z");
const nurse = user("leroy");
const martin = user("martin");
const haddad = user("haddad");
const asked = event(nurse, at, { kind: "request", request: request(1, at) });
const accepted = event(martin, at + hourMs, { kind: "response", response: { kind: "accepted" } });
const more = event(martin, at + 2 * hourMs, {
  kind: "response",
  response: { kind: "more-asked", question: "Un gros plan ?" },
});
const answer = event(nurse, at + 3 * hourMs, { kind: "message", text: "Voici.", clientRef: undefined });
const turn = (
  me: string,
  ...events: Parameters<typeof foldCase>[0] extends Iterable<infer E> ? E[] : never
) => turnOf(foldCase(events, bot), me);

describe("whose turn it is", () => {
  test("a new request is the expert's to answer and the requester's to wait for", () => {
    expect(turn(martin, asked)).toBe("give-opinion");
    expect(turn(nurse, asked)).toBe("await-opinion");
  });

  test("a case that a colleague accepted waits for that colleague", () => {
    expect(turn(haddad, asked, accepted)).toBe("taken-by-another");
    expect(turn(martin, asked, accepted)).toBe("give-opinion");
  });

  test("a question of the expert gives the turn to the requester, whose word gives it back", () => {
    expect(turn(nurse, asked, accepted, more)).toBe("give-more");
    expect(turn(martin, asked, accepted, more)).toBe("await-more");
    expect(turn(nurse, asked, accepted, more, answer)).toBe("await-opinion");
    expect(turn(martin, asked, accepted, more, answer)).toBe("give-opinion");
  });

  test("a declined case leaves the expert and asks the requester to choose another", () => {
    const declined = event(martin, at + hourMs, {
      kind: "response",
      response: { kind: "declined", reason: "Absente cet après-midi." },
    });
    expect(turn(martin, asked, declined)).toBe("declined-by-me");
    expect(turn(haddad, asked, declined)).toBe("give-opinion");
    expect(turn(nurse, asked, declined)).toBe("choose-another");
  });

  test("a case whose words have not arrived is on top for everybody", () => {
    expect(tabOf(turn(martin))).toBe("to-answer");
  });
});
