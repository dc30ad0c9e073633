import { describe, expect, test } from "vitest";
import { devicesInCall, type Membership } from "./devices.ts";

const sender = "@leroy:valombre.example";
const word: Membership = {
  stateKey: `_${sender}_NURSE_m.call`,
  sender,
  atMs: 1000,
  content: {
    application: "m.call",
    call_id: "",
    scope: "m.room",
    device_id: "NURSE",
    expires: 10_000,
    focus_active: { type: "livekit", focus_selection: "oldest_membership" },
    foci_preferred: [],
  },
};
const inCall = (change: Partial<Membership>, nowMs = 2000, isJoined = true) =>
  devicesInCall([{ ...word, ...change }], () => isJoined, nowMs).map((each) => each.identity);

describe("who is in a call", () => {
  test("a device that says so of itself", () => {
    expect(inCall({})).toEqual([`${sender}:NURSE`]);
    expect(inCall({ stateKey: word.stateKey.slice(1) })).toEqual([`${sender}:NURSE`]);
  });

  test("nobody of whom somebody else says so", () => {
    expect(inCall({ sender: "@mallory:valombre.example" })).toEqual([]);
    expect(inCall({ stateKey: "_@martin:valombre.example_NURSE_m.call" })).toEqual([]);
  });

  test("nobody who left the room, nor the call, nor said it too long ago", () => {
    expect(inCall({}, 2000, false)).toEqual([]);
    expect(inCall({ content: {} })).toEqual([]);
    expect(inCall({}, 11_001)).toEqual([]);
    expect(inCall({}, 10_999)).toHaveLength(1);
  });

  test("who was first is first", () => {
    const later = {
      ...word,
      atMs: 5000,
      stateKey: `_${sender}_OTHER_m.call`,
      content: { ...(word.content as object), device_id: "OTHER" },
    };
    expect(devicesInCall([later, word], () => true, 6000).map((each) => each.deviceId)).toEqual([
      "NURSE",
      "OTHER",
    ]);
  });
});
