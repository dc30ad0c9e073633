import { describe, expect, test } from "vitest";
import { type CaseEvent, expiredSchema } from "#protocol/events.ts";
import { at, bot, leroy, martin, opinion, request } from "#protocol/testing/case-events.ts";
import type { Judged } from "./admit.ts";
import { hasExpired, whatStays } from "./expiry.ts";

const asked = request();
const expired = (sender = bot): CaseEvent => {
  if (asked.kind !== "request") throw new Error("A request");
  return {
    ...at("$expired", sender),
    kind: "expired",
    expired: expiredSchema.parse({
      at: "2026-12-24T10:00:00Z",
      requestEventId: "$request",
      request: { ...asked.request, history: "" },
      requestedAt: "2026-11-24T10:00:00Z",
      consentIds: [],
      ended: { how: "answered", by: "@martin:v.example", at: "2026-11-24T12:00:00Z" },
      filedAt: "2026-11-24T12:01:00Z",
    }),
  };
};
const judged = (event: CaseEvent, verdict: Judged = { kind: "event", event }) => ({
  raw: { sender: event.sender },
  verdict,
  event,
});
const kept = (...all: ReturnType<typeof judged>[]) => whatStays(all, bot).map((each) => each.event);

describe("what a device keeps of a case", () => {
  const message: CaseEvent = { ...at("$m", leroy), kind: "message", text: "Merci.", clientRef: undefined };

  test("[C15] is all of it, until the archivist says that it has left the messenger", () => {
    const said = [asked, message, opinion()];
    expect(kept(...said.map((each) => judged(each)))).toEqual(said);
    expect(
      hasExpired(
        said.map((each) => judged(each)),
        bot,
      ),
    ).toBe(false);
  });

  test("[C15] is that word alone afterwards, whatever the homeserver still gives, before or after it", () => {
    const word = expired();
    const all = [judged(asked), judged(opinion()), judged(word), judged(message)];
    expect(hasExpired(all, bot)).toBe(true);
    expect(kept(...all)).toEqual([word]);
    const last = expired();
    expect(kept(judged(asked), judged(word), judged(message), judged(last))).toEqual([last]);
  });

  test("[C15] is all of it, whoever else says so, and however badly the word is signed or sealed", () => {
    const byOther = [judged(asked), judged(expired(martin))];
    expect(kept(...byOther)).toHaveLength(2);
    const word = expired();
    for (const verdict of [
      { kind: "refused", reason: "forged-sender" },
      { kind: "unreadable", reason: "keys-on-their-way" },
      { kind: "ignored" },
    ] as const)
      expect(kept(judged(asked), judged(word, verdict))).toHaveLength(2);
  });
});
