import { describe, expect, test } from "vitest";
import type { CaseEvent } from "#protocol/events.ts";
import { consentIdSchema } from "#protocol/ids.ts";
import { createFakeDoor, type FakeOptions } from "../../../e2e/support/fake-door.ts";
import {
  bot,
  consentEvent,
  event,
  hourMs,
  photoEvent,
  record,
  request,
  user,
  uuid,
} from "../../../e2e/support/sample-cases.ts";
import { createCaseModel } from "./case-model.ts";

const nowMs = new Date(2026, 10, 24, 12).getTime();
const clock = { now: () => nowMs, later: () => () => {} };
const martin = user("martin");

function open(key: string, options: Partial<FakeOptions> = {}) {
  const door = createFakeDoor({ nowMs, me: martin, picture: "blob:x", ...options });
  const seen: string[] = [];
  const model = createCaseModel({
    door: { ...door, markSeen: (_room, ids) => void seen.push(...ids) },
    key,
    clock,
  });
  return { door, model, seen, view: () => model.store.getState() };
}

describe("a case on screen", () => {
  test("asks first to take it, then to answer it, and closes with the opinion", () => {
    expect(open(uuid(1)).view()).toMatchObject({ state: "open", bar: { kind: "accept" } });
    expect(open(uuid(2)).view()).toMatchObject({ state: "open", bar: { kind: "answer" } });
    expect(open(uuid(4)).view()).toMatchObject({ state: "open", bar: { kind: "closed" } });
  });

  test("gives the requester a way to write, never to answer", () => {
    expect(open(uuid(3)).view()).toMatchObject({ state: "open", bar: { kind: "requester" } });
  });

  test("an unknown case is absent once the list is in, and loading before", () => {
    expect(open("nowhere").view()).toEqual({ state: "absent" });
    expect(open("nowhere", { loading: true }).view()).toEqual({ state: "loading" });
  });

  test("a case that this device did not keep is not called absent before the homeserver has spoken", () => {
    const { door, view } = open("nowhere");
    door.cases.setState({ loaded: true, synced: false });
    expect(view()).toEqual({ state: "loading" });
  });

  test("a request that is leaving turns into its case when the room is there", () => {
    const { door, view } = open(uuid(77));
    const leaving = request(77, nowMs, { requester: martin });
    door.cases.setState({
      outgoing: [{ localId: "l", request: leaving, photos: 0, state: "sending", error: null }],
    });
    expect(view().state).toBe("outgoing");
    const made = record(77, [
      { eventId: "$r77", sender: martin, atMs: nowMs, kind: "request", request: leaving },
    ]);
    door.cases.setState({ byRoom: new Map([[made.roomId, made]]), outgoing: [] });
    expect(view()).toMatchObject({ state: "open", roomId: made.roomId });
  });

  test("the room in which the question is stands for its case, not one whose making broke off", () => {
    const { door, view } = open(uuid(79));
    const half = record(79, [], { roomId: "!half:valombre.example" });
    const question = request(79, nowMs, { requester: martin });
    const whole = record(79, [
      { eventId: "$r79", sender: martin, atMs: nowMs, kind: "request", request: question },
    ]);
    door.cases.setState({
      byRoom: new Map([
        [half.roomId, half],
        [whole.roomId, whole],
      ]),
    });
    expect(view()).toMatchObject({ state: "open", roomId: whole.roomId });
  });

  test("says who can help once unreadable content is late", () => {
    const { door, view } = open(uuid(88));
    const waiting = (sinceMs: number) => {
      const unreadable = [{ eventId: "$u", atMs: sinceMs, reason: "keys-on-their-way" as const }];
      const made = record(88, [], { unreadable });
      door.cases.setState({ byRoom: new Map([[made.roomId, made]]) });
      return view();
    };
    expect(waiting(nowMs - 1000)).toEqual({ state: "arriving", late: false });
    expect(waiting(nowMs - hourMs)).toEqual({ state: "arriving", late: true });
  });

  test("words are reported as seen once, and a photo only when its picture is on screen", () => {
    const { model, seen, view } = open(uuid(1));
    model.onScreen();
    model.onScreen();
    const shown = view();
    const photo = shown.state === "open" ? (shown.photos[0]?.eventId ?? "") : "";
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain(photo);
    model.pictureOnScreen(photo);
    expect(seen).toContain(photo);
  });

  test("a photo that the gate calls withdrawn cuts its thread", async () => {
    const { model, view } = open(uuid(1), { picture: { kind: "withdrawn" } });
    const before = view();
    const eventId = before.state === "open" ? (before.photos[0]?.eventId ?? "") : "";
    model.showPicture(eventId);
    await new Promise((done) => setTimeout(done));
    const after = view();
    const photo = after.state === "open" ? after.photos[0] : undefined;
    expect(photo?.withdrawn).toBe(true);
    expect(photo?.thread.some((knot) => knot.state === "withdrawn")).toBe(true);
  });

  test("the archivist's word on a withdrawal takes the picture off the screen and cuts the case's thread; the talk stays", async () => {
    const { door, model, view } = open(uuid(5));
    const at = nowMs - hourMs;
    const events = [
      consentEvent(5, at),
      event(user("leroy"), at, { kind: "request", request: request(5, at) }),
      photoEvent(5, 0, at),
      event(user("leroy"), at, { kind: "message", text: "Il a mal.", clientRef: undefined }),
    ];
    const show = (more: readonly CaseEvent[] = []) => {
      const made = record(5, [...events, ...more]);
      door.cases.setState({ byRoom: new Map([[made.roomId, made]]) });
    };
    show();
    const key = events[2]?.eventId ?? "";
    model.showPicture(key);
    await new Promise((done) => setTimeout(done));
    expect(view()).toMatchObject({ photos: [{ picture: { step: "shown" }, withdrawn: false }] });
    show([
      event(bot, nowMs, {
        kind: "withdrawn",
        withdrawn: {
          consentId: consentIdSchema.parse(uuid(505)),
          at: new Date(nowMs).toISOString(),
          by: user("leroy"),
          reason: "patient-asked",
          photos: 1,
          inRecord: 1,
        },
      }),
    ]);
    const after = view();
    expect(after).toMatchObject({
      photos: [{ picture: { step: "refused", refusal: { kind: "withdrawn" } }, withdrawn: true }],
      takenBack: { photos: 1, inRecord: 1 },
      consent: { state: "withdrawn" },
    });
    if (after.state !== "open") throw new Error("not open");
    expect(after.thread.some((knot) => knot.state === "withdrawn")).toBe(true);
    expect(after.discussion.map((entry) => entry.kind)).toEqual(["message", "withdrawn"]);
  });
});
