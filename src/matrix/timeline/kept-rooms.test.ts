import { describe, expect, test } from "vitest";
import { contentKeys, parseCaseEvent } from "#protocol/events.ts";
import type { Clock } from "../kit/clock.ts";
import { memoryDevice } from "../testing/memory-device.ts";
import { collector, nowMs } from "../testing/people.ts";
import type { RoomEvent } from "./admit.ts";
import { createKeptRooms } from "./kept-rooms.ts";
import type { RoomView } from "./room-reader.ts";

const clock: Clock = {
  nowMs: () => nowMs,
  monoMs: () => 0,
  wait: () => new Promise((resolve) => setTimeout(resolve)),
};
const clientRef = "00000000-0000-4000-8000-000000000000";
const content = { msgtype: "m.text", body: "Bonjour", [contentKeys.message]: { clientRef } };

const raw = (eventId: string): RoomEvent => ({
  eventId,
  sender: collector,
  atMs: nowMs,
  encrypted: true,
  place: { roomId: "!room", sessionId: "s", messageIndex: 3 },
  clear: { type: "m.room.message", content },
  failure: null,
  forged: false,
});

const view: RoomView = {
  roomId: "!room",
  caseId: "c",
  members: [collector],
  invited: [],
  events: [parseCaseEvent({ ...raw("$one"), type: "m.room.message", content })],
  unreadable: [],
  refused: [],
};

describe("cases kept on the device", () => {
  test("a case comes back with its events and their places, and without what was not admitted", async () => {
    const device = memoryDevice();
    const kept = createKeptRooms({ device, clock, signal: new AbortController().signal });
    kept.keep(view, [raw("$one"), raw("$refused")]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const [room] = await kept.load();
    expect(room?.view).toEqual(view);
    expect(room?.places).toEqual([{ place: raw("$one").place, eventId: "$one" }]);
  });

  test("a case is kept at once; what follows closely is written together, the last of it for sure", async () => {
    const written: unknown[] = [];
    const memory = memoryDevice();
    const device = {
      ...memory,
      set: (...given: Parameters<typeof memory.set>) => {
        written.push(given[2]);
        return memory.set(...given);
      },
    };
    const paused = Promise.withResolvers<void>();
    const kept = createKeptRooms({
      device,
      clock: { ...clock, wait: () => paused.promise },
      signal: new AbortController().signal,
    });
    const withMembers = (...members: string[]): RoomView => ({ ...view, members });
    kept.keep(withMembers("@a:x"), []);
    expect(written).toMatchObject([{ members: ["@a:x"] }]);
    kept.keep(withMembers("@a:x", "@b:x"), []);
    kept.keep(withMembers("@a:x", "@b:x", "@c:x"), []);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(written).toHaveLength(1);
    paused.resolve();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(written.slice(1)).toMatchObject([{ members: ["@a:x", "@b:x", "@c:x"] }]);
  });

  test("a forgotten case is gone, another one stays", async () => {
    const device = memoryDevice();
    const kept = createKeptRooms({ device, clock, signal: new AbortController().signal });
    kept.keep(view, []);
    kept.keep({ ...view, roomId: "!other" }, []);
    await new Promise((resolve) => setTimeout(resolve, 10));
    kept.forget("!room");
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect((await kept.load()).map((each) => each.view.roomId)).toEqual(["!other"]);
  });
});
