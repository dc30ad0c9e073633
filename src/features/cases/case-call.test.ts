import { describe, expect, test } from "vitest";
import { ringContent, ringMs, ringSchema } from "#protocol/call-events.ts";
import { callTraceSchema } from "#protocol/calls.ts";
import { bot, event, record, request, user } from "../../../e2e/support/sample-cases.ts";
import { noCalls } from "../../matrix/calls/types.ts";
import { callIn } from "./case-call.ts";
import { ringsOf } from "./rings.ts";

const at = Date.parse("2026-11-24T11:00:00Z");
const nurse = user("leroy");
const martin = user("martin");
const asked = event(nurse, at, { kind: "request", request: request(1, at) });
const accepted = event(martin, at + 1, { kind: "response", response: { kind: "accepted" } });
const rung = event(nurse, at + 5000, {
  kind: "ring",
  ring: ringSchema.parse(ringContent([martin], null, at + 5000)),
});
const refused = (reason: "declined" | "busy") =>
  event(martin, at + 6000, { kind: "decline", ringId: rung.eventId, reason });
const members = [nurse, martin, user("haddad"), bot];

const callOf = (me: string, change: { hasCalls?: boolean; taken?: boolean } = {}) => {
  const { hasCalls = true, taken = true } = change;
  const of = { ...record(1, taken ? [asked, accepted] : [asked]), members };
  return callIn(of, { calls: noCalls, hasCalls, me, bot });
};

describe("whom a case can call", () => {
  test("the requester rings who took it, and everybody who may before that", () => {
    expect(callOf(nurse).to).toEqual([martin]);
    expect(callOf(nurse, { taken: false }).to).toEqual([martin, user("haddad")]);
  });

  test("an expert rings the requester; the archivist is never rung", () => {
    expect(callOf(martin).to).toEqual([nurse]);
    expect(callOf(martin).each).not.toContain(bot);
  });

  test("nobody, where there are no calls", () => {
    expect(callOf(martin, { hasCalls: false })).toMatchObject({ to: [], each: [] });
  });
});

describe("the rings of a case", () => {
  const lines = (nowMs: number, metMs = 0, ...more: ReturnType<typeof event>[]) =>
    ringsOf(record(1, [asked, rung, ...more]).state, nowMs, metMs, true).map((line) => line.outcome);
  const over = at + 5000 + ringMs + 1;

  test("are missed once they are over, and not before", () => {
    expect(lines(at + 6000)).toEqual([]);
    expect(lines(over)).toEqual(["missed"]);
  });

  test("are missed at once when who rang has hung up", () => {
    const line = (going: boolean) => ringsOf(record(1, [asked, rung]).state, at + 15_000, 0, going);
    expect(line(false)).toMatchObject([{ outcome: "missed" }]);
    expect(line(true)).toEqual([]);
  });

  test("say that they were refused, or found somebody in another call", () => {
    expect(lines(over, 0, refused("declined"))).toEqual(["declined"]);
    expect(lines(over, 0, refused("busy"))).toEqual(["busy"]);
  });

  test("are no line when they were answered: this device saw it, or the archivist says so", () => {
    expect(lines(over, at + 9000)).toEqual([]);
    const call = callTraceSchema.parse({
      callId: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d11",
      startedAt: new Date(at + 5000).toISOString(),
      endedAt: new Date(at + 90_000).toISOString(),
      ended: "left",
      participants: [
        {
          userId: martin,
          joinedAt: new Date(at + 9000).toISOString(),
          leftAt: new Date(at + 90_000).toISOString(),
        },
        {
          userId: nurse,
          joinedAt: new Date(at + 5000).toISOString(),
          leftAt: new Date(at + 90_000).toISOString(),
        },
      ],
      incidents: [],
    });
    expect(lines(over, 0, event(bot, at + 95_000, { kind: "call", call }))).toEqual([]);
    const before = {
      ...call,
      participants: call.participants.map((each) => ({ ...each, leftAt: call.startedAt })),
    };
    expect(lines(over, 0, event(bot, at + 95_000, { kind: "call", call: before }))).toEqual(["missed"]);
    // Nobody but the archivist can say it.
    expect(lines(over, 0, event(nurse, at + 95_000, { kind: "call", call }))).toEqual(["missed"]);
  });
});
