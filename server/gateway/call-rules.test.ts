import { describe, expect, test } from "vitest";
import { callMemberKey, checkCallMember, checkDelay, checkDelayedEvent } from "./call-rules.ts";

const key = callMemberKey("@martin:valombre.example", "PHONE");
const url = "https://colloque.example/colloque/v1/calls";
const place = (change: object = {}) => ({
  application: "m.call",
  call_id: "",
  scope: "m.room",
  device_id: "PHONE",
  membershipID: "@martin:valombre.example:PHONE",
  expires: 14_400_000,
  "m.call.intent": "video",
  focus_active: { type: "livekit", focus_selection: "oldest_membership" },
  foci_preferred: [{ type: "livekit", livekit_service_url: url, livekit_alias: "!room" }],
  ...change,
});

describe("a member's place in a call", () => {
  test("says which device, by which media server; or that it left", () => {
    checkCallMember(key, place());
    checkCallMember(
      key,
      place({ created_ts: 1, focus_active: { type: "livekit", focus_selection: "multi_sfu" } }),
    );
    checkCallMember(key, {});
  });

  test.each([
    ["a word of one's own", { note: "dos" }],
    ["another application", { application: "fr.photo" }],
    ["another device's", { device_id: "TABLET" }],
    ["words in the call's name", { call_id: "Mme Delattre" }],
    ["words in its own name", { membershipID: "Mme Delattre" }],
    ["words in a focus", { foci_preferred: [{ type: "livekit", livekit_alias: "Mme Delattre" }] }],
    ["a member of its own in a focus", { focus_active: { type: "livekit", jpeg: "/9j/" } }],
    ["no address", { foci_preferred: [{ type: "livekit", livekit_service_url: "javascript:1" }] }],
    ["many of them", { foci_preferred: Array.from({ length: 5 }, () => ({ type: "livekit" })) }],
  ])("is refused with %s", (_what, change) => {
    expect(() => checkCallMember(key, place(change))).toThrow();
  });
});

describe("a leave that the homeserver sends", () => {
  test("has a delay of a minute at most, and nothing beside it", () => {
    checkDelay("");
    checkDelay("org.matrix.msc4140.delay=8000");
    checkDelay("org.matrix.msc4140.delay=60000");
    for (const query of [
      "org.matrix.msc4140.delay=60001",
      "org.matrix.msc4140.delay=-1",
      "org.matrix.msc4140.delay=",
      "org.matrix.msc4140.delay=8000&x=1",
      "org.matrix.msc4140.delay=8000&org.matrix.msc4140.delay=1",
      "x=1",
    ])
      expect(() => checkDelay(query), query).toThrow();
  });

  test("is restarted, sent or cancelled", () => {
    for (const action of ["restart", "send", "cancel"]) {
      checkDelayedEvent("syd_1", action, {});
      checkDelayedEvent("syd_1", undefined, { action });
    }
    expect(() => checkDelayedEvent("syd_1", "erase", {})).toThrow();
    expect(() => checkDelayedEvent("syd_1", undefined, {})).toThrow();
    expect(() => checkDelayedEvent("syd_1", "send", { words: "dos" })).toThrow();
    expect(() => checkDelayedEvent("a b", "send", {})).toThrow();
  });
});
