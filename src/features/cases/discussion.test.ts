import { describe, expect, test } from "vitest";
import { type Admission, admissionSchema } from "#protocol/admission.ts";
import { caseIdSchema, consentIdSchema } from "#protocol/ids.ts";
import {
  bot,
  consentEvent,
  event,
  filedEvent,
  hourMs,
  photoEvent,
  record,
  request,
  user,
  uuid,
} from "../../../e2e/support/sample-cases.ts";
import { noCalls } from "../../matrix/calls/types.ts";
import type { PendingItem } from "../../matrix/types.ts";
import { archivistWord, discussionOf, unseenBy } from "./discussion.ts";

const at = Date.parse("2026-11-24T11:00:00Z");
const nurse = user("leroy");
const martin = user("martin");
const asked = event(nurse, at, { kind: "request", request: request(1, at) });
const message = event(nurse, at + 1000, {
  kind: "message",
  text: "Elle s’est grattée.",
  clientRef: undefined,
});
const seen = (who: string, ...of: string[]) =>
  event(who, at + 2000, { kind: "seen", seen: { ofEvents: of, at: new Date(at).toISOString() } });

describe("the discussion", () => {
  test("a message is sent, then seen, then filed, and never more than is true", () => {
    const delivery = (...more: ReturnType<typeof event>[]) => {
      const [first] = discussionOf(record(1, [asked, message, ...more]), bot, at + 9000, noCalls);
      return first?.kind === "message" ? first.delivery.state : null;
    };
    expect(delivery()).toBe("sent");
    expect(delivery(seen(bot, message.eventId))).toBe("sent");
    expect(delivery(seen(martin, message.eventId))).toBe("seen");
    expect(delivery(seen(martin, message.eventId), filedEvent(message, at + 3000, "request"))).toBe("filed");
  });

  test("the first photos stand beside the question, a later one is a turn of the talk", () => {
    const first = photoEvent(1, 0, at + 100);
    const later = photoEvent(1, 1, at + 5000);
    const kinds = discussionOf(record(1, [asked, first, message, later]), bot, at + 9000, noCalls).map(
      (entry) => entry.kind,
    );
    expect(kinds).toEqual(["message", "photo"]);
  });

  test("ten unreadable messages are one sentence", () => {
    const unreadable = Array.from({ length: 10 }, (_, index) => ({
      eventId: `$u${index}`,
      atMs: at,
      reason: "keys-on-their-way" as const,
    }));
    const entries = discussionOf(record(1, [asked], { unreadable }), bot, at + 9000, noCalls);
    expect(entries).toMatchObject([{ kind: "unreadable", count: 10 }]);
  });

  test("what this device has not sent stands last", () => {
    const item: PendingItem = {
      localId: "l1",
      kind: "message",
      state: "waiting",
      error: null,
      atMs: at - 10_000,
      text: "Plus tard",
      photo: null,
      progress: null,
    };
    const entries = discussionOf(record(1, [asked, message], { pending: [item] }), bot, at + 9000, noCalls);
    expect(entries.map((entry) => entry.kind)).toEqual(["message", "pending"]);
  });

  test("one's own words, and those already seen, are not reported again", () => {
    const state = record(1, [asked, message, seen(martin, asked.eventId)]).state;
    expect(unseenBy(state, martin)).toEqual([message.eventId]);
    expect(unseenBy(state, nurse)).toEqual([]);
  });
});

describe("an emergency access in the talk", () => {
  const endsAt = at + 4 * hourMs;
  const glass = (n: number, ends = endsAt) =>
    event(nurse, at, {
      kind: "glass",
      reason: "patiente inconsciente",
      glass: {
        jws: "aGVhZA..c2ln",
        certificate: "aGVhZA.cGF5bG9hZA.c2ln",
        payload: {
          v: 1,
          glassId: uuid(n),
          caseId: caseIdSchema.parse(uuid(1)),
          consentId: consentIdSchema.parse(uuid(501)),
          reader: martin,
          openedBy: nurse,
          reasonSha256: "0".repeat(64),
          openedAt: new Date(at).toISOString(),
          endsAt: new Date(ends).toISOString(),
        },
      },
    });
  const admission = (outcome: Admission["outcome"]) =>
    event(bot, endsAt + 1000, {
      kind: "admission",
      admission: admissionSchema.parse({ userId: martin, at: new Date(endsAt).toISOString(), outcome }),
    });
  const kinds = (nowMs: number, ...events: ReturnType<typeof event>[]) =>
    discussionOf(record(1, [asked, ...events]), bot, nowMs, noCalls).map((entry) => entry.kind);

  test("its end is told once it is there, and not while a longer one is open", () => {
    expect(kinds(endsAt, glass(1))).toEqual(["glass"]);
    expect(kinds(endsAt + 1, glass(1))).toEqual(["glass", "glass-over"]);
    expect(kinds(endsAt + 1, glass(1), glass(2, endsAt + hourMs))).toEqual(["glass"]);
  });

  test("that the reader is gone says it all; why somebody else does not come says nothing of it", () => {
    const later = endsAt + hourMs;
    expect(kinds(later, glass(1), admission({ state: "glass-ended" }))).toEqual(["glass", "admission"]);
    expect(kinds(later, glass(1), admission({ state: "not-ready" }))).toEqual([
      "glass",
      "glass-over",
      "admission",
    ]);
  });
});

describe("the archivist's line", () => {
  test("says filed only of what was read back, and all only when nothing is due", () => {
    const consented = consentEvent(1, at);
    const word = (due: string[], ...events: ReturnType<typeof event>[]) =>
      archivistWord(record(1, [consented, asked, ...events]).state, due);
    expect(word([asked.eventId])).toEqual({ state: "nothing-yet" });
    const filed = filedEvent(asked, at + hourMs, "request");
    expect(word([consented.eventId], filed)).toMatchObject({ state: "filed", all: false });
    expect(word([], filed)).toMatchObject({ state: "filed", all: true });
  });

  test("what is parked comes before what is done", () => {
    const parked = event(bot, at, {
      kind: "filed",
      filed: {
        ofEvent: message.eventId,
        kind: "message",
        outcome: { state: "parked", at: new Date(at).toISOString(), reason: "record-refused" },
      },
    });
    const state = record(1, [asked, filedEvent(asked, at + hourMs, "request"), parked]).state;
    expect(archivistWord(state, [])).toMatchObject({ state: "parked" });
  });
});
