import { describe, expect, test } from "vitest";
import { declineContent, declineType, ringContent, ringMs, ringType } from "#protocol/call-events.ts";
import { parseCaseEvent } from "#protocol/events.ts";
import { deviceOf } from "./devices.ts";
import { declinesOf, incomingOf } from "./rings.ts";

const roomId = "!case:valombre.example";
const leroy = "@leroy:valombre.example";
const martin = "@martin:valombre.example";
const atMs = 1_000_000;
const inCall = (userId: string) => ({ ...deviceOf(userId, "DEVICE"), sinceMs: atMs });
const ring = parseCaseEvent({
  eventId: "$ring",
  sender: leroy,
  atMs,
  type: ringType,
  content: ringContent([martin], null, atMs),
});
const decline = (sender: string, reason: "declined" | "busy" = "declined") =>
  parseCaseEvent({
    eventId: `$no-${sender}`,
    sender,
    atMs: atMs + 1,
    type: declineType,
    content: declineContent("$ring", reason),
  });
const hears = (me: string, nowMs = atMs + 1000, members = [inCall(leroy)], events = [ring]) =>
  incomingOf(roomId, events, members, me, nowMs);

describe("a ring", () => {
  test("is heard by whom it is for, as long as it lasts", () => {
    expect(hears(martin)).toMatchObject({ ringId: "$ring", from: leroy, untilMs: atMs + ringMs });
    expect(hears("@haddad:valombre.example")).toBeNull();
    expect(hears(leroy)).toBeNull();
    expect(hears(martin, atMs + 10 * ringMs)).toBeNull();
  });

  test("is over when who rings has left, or this person answered or refused, here or elsewhere", () => {
    expect(hears(martin, atMs + 1, [])).toBeNull();
    expect(hears(martin, atMs + 1, [inCall(leroy), inCall(martin)])).toBeNull();
    expect(hears(martin, atMs + 1, [inCall(leroy)], [ring, decline(martin)])).toBeNull();
    expect(hears(martin, atMs + 1, [inCall(leroy)], [ring, decline(leroy)])).not.toBeNull();
  });

  test("a refusal says why, once for each", () => {
    expect(declinesOf([ring, decline(martin, "busy")], "$ring")).toEqual(new Map([[martin, "busy"]]));
    expect(declinesOf([ring, decline(martin)], "$other").size).toBe(0);
  });

  test("what claims to be one and is not is malformed", () => {
    const wrong = parseCaseEvent({ eventId: "$x", sender: leroy, atMs, type: ringType, content: {} });
    expect(wrong.kind).toBe("malformed");
  });
});
