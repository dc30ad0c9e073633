import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowList, matchRule } from "./allow-list.ts";

const v3 = "/_matrix/client/v3";

/** Method, path, check, what the gateway does itself, and the longest body in KiB: a second place to change, so that nobody changes it unawares. */
const whole = `
  GET /_matrix/client/versions 16
  GET v3/login 16
  POST v3/login login 16
  POST v3/logout sign-out 16
  POST v3/logout/all sign-out-everywhere 16
  GET v3/account/whoami 16
  GET v3/capabilities 16
  GET v3/voip/turnServer 16
  GET v3/pushrules/ 16
  GET v3/devices 16
  GET v3/devices/{device} 16
  DELETE v3/devices/{device} 16
  GET v3/profile/{user} 16
  GET v3/profile/{user}/{field} 16
  GET v3/sync 16
  POST v3/user/{user}/filter filter 4
  GET v3/user/{user}/filter/{filter} 16
  GET v3/joined_rooms 16
  POST v3/keys/upload device-keys 128
  POST v3/keys/query 64
  POST v3/keys/claim 64
  GET v3/keys/changes 16
  POST v3/keys/signatures/upload key-signatures 64
  POST v3/keys/device_signing/upload signing-keys 16
  PUT v3/sendToDevice/{type}/{txn} to-device 512
  GET v3/room_keys/version 16
  GET v3/room_keys/version/{version} 16
  POST v3/room_keys/version 4
  PUT v3/room_keys/version/{version} 4
  DELETE v3/room_keys/version/{version} 16
  GET v3/room_keys/keys 16
  GET v3/room_keys/keys/{roomId} 16
  GET v3/room_keys/keys/{roomId}/{session} 16
  PUT v3/room_keys/keys backup 1024
  PUT v3/room_keys/keys/{roomId} backup 512
  PUT v3/room_keys/keys/{roomId}/{session} backup 16
  GET v3/user/{user}/account_data/{type} account-data 16
  PUT v3/user/{user}/account_data/{type} account-data 2
  GET /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device absent 16
  DELETE /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device absent 16
  POST v3/createRoom create-room 16
  POST v3/join/{roomId} no-words 16
  POST v3/rooms/{roomId}/join no-words 16
  POST v3/rooms/{roomId}/leave no-words 16
  POST v3/rooms/{roomId}/forget no-words 16
  PUT v3/rooms/{roomId}/send/{type}/{txn} send 64
  PUT v3/rooms/{roomId}/redact/{event}/{txn} event-id 16
  POST v3/rooms/{roomId}/receipt/{receiptType}/{event} receipt 1
  POST v3/rooms/{roomId}/read_markers read-markers 2
  GET v3/rooms/{roomId}/members 16
  GET v3/rooms/{roomId}/joined_members 16
  GET v3/rooms/{roomId}/messages 16
  GET v3/rooms/{roomId}/context/{event} 16
  GET v3/rooms/{roomId}/event/{event} 16
  GET v3/rooms/{roomId}/state 16
  GET v3/rooms/{roomId}/state/{type} 16
  GET v3/rooms/{roomId}/state/{type}/{key} 16
  GET v1/rooms/{roomId}/relations/{event} 16
  GET v1/rooms/{roomId}/relations/{event}/{relation} 16
  GET v1/rooms/{roomId}/relations/{event}/{relation}/{type} 16
  GET v1/rooms/{roomId}/threads 16
  GET v1/rooms/{roomId}/timestamp_to_event 16
  PUT v3/rooms/{roomId}/state/org.matrix.msc3401.call.member/{key} call-member 4
  POST /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delay} delayed-event 1
  POST /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delay}/{action} delayed-event 1
  GET /_matrix/client/unstable/org.matrix.msc4143/rtc/transports 16
  POST v3/user/{user}/openid/request_token no-words 16
  GET v1/media/config 16
  PUT /_matrix/media/v3/upload/{server}/{media} upload 0
  GET v1/media/download/{server}/{media} download 16
`;

describe("the allow-list", () => {
  test("is this, and nothing else", () => {
    const short = (name: string) =>
      name.replace("/_matrix/client/v3", "v3").replace("/_matrix/client/v1", "v1");
    const lines = allowList.map(({ name, check, own, limit }) =>
      [short(name), check === "none" ? [] : check, own ?? [], limit / 1024].flat().join(" "),
    );
    expect(lines).toEqual(whole.trim().split(/\n\s+/));
  });

  test("reads each of its paths by its parts", () => {
    for (const rule of allowList) {
      expect(`${rule.method} /${rule.segments.join("/")}`).toBe(rule.name);
      const path = rule.segments.map((each) => each.replace(/^\{(\w+)\}$/, "a-$1"));
      const matched = matchRule(rule.method, `/${path.join("/")}`);
      expect(matched?.rule.name).toBe(rule.name);
      expect(matched?.path).toBe(`/${path.join("/")}`);
      const names = rule.segments.flatMap((each) => (each.startsWith("{") ? [each.slice(1, -1)] : []));
      expect(matched?.params).toEqual(Object.fromEntries(names.map((each) => [each, `a-${each}`])));
    }
  });

  test("lets through what the client needs, and gives the path rebuilt", () => {
    expect(matchRule("GET", `${v3}/rooms/!abc%3Ax.example/messages`)?.path).toBe(
      `${v3}/rooms/!abc%3Ax.example/messages`,
    );
    expect(matchRule("GET", `${v3}/pushrules/`)?.rule.name).toBe(`GET ${v3}/pushrules/`);
    expect(matchRule("GET", `${v3}/rooms/!a/state/m.room.create/`)?.params).toMatchObject({ key: "" });
  });

  test("knows a backup's session by an id with a slash in it, and keeps it encoded", () => {
    const matched = matchRule("GET", `${v3}/room_keys/keys/!a/ab%2Fcd%2B`);
    expect(matched?.params.session).toBe("ab/cd+");
    expect(matched?.path).toBe(`${v3}/room_keys/keys/!a/ab%2Fcd%2B`);
  });

  test.each([
    ["POST", `${v3}/rooms/!a/invite`],
    ["PUT", `${v3}/rooms/!a/state/m.room.name/`],
    ["PUT", `${v3}/profile/@a:x/avatar_url`],
    ["POST", "/_matrix/media/v3/upload"],
    ["GET", "/_matrix/client/v1/media/thumbnail/x/y"],
    ["GET", "/_matrix/media/v3/download/x/y"],
    ["PATCH", `${v3}/sync`],
    ["GET", `${v3}/sync/`],
    ["GET", `${v3}//sync`],
    ["GET", `${v3}/rooms/%2E%2E/messages`],
    ["GET", `${v3}/rooms/!a%2F..%2F..%2Fx/messages`],
    ["GET", `${v3}/rooms/!a%3Fx/messages`],
    ["GET", `${v3}/rooms//messages`],
    ["GET", `${v3}/rooms/%zz/messages`],
    ["GET", `${v3}/rooms/./messages`],
    ["GET", `${v3}/rooms/../messages`],
    ["GET", `${v3}/rooms/a%5Cb/messages`],
    ["GET", `${v3}/rooms/a%23b/messages`],
    ["GET", `${v3}/rooms/a%00b/messages`],
    ["GET", `${v3}/rooms/a%0Ab/messages`],
    ["GET", `${v3}/rooms/!a/state/m.room.create/a%2Fb`],
    ["GET", `${v3}/room_keys/keys/!a/`],
    ["GET", "sync"],
    ["GET", ""],
  ])("does not let through %s %s", (method, path) => {
    expect(matchRule(method, path)).toBeUndefined();
  });

  test("never sends on a path that would match another rule than the one that let it in", () => {
    const segment = fc.string({
      unit: fc.constantFrom("a", "!", ":", "/", ".", "%", "?", "#", " ", "é"),
      minLength: 1,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...allowList),
        fc.array(segment, { minLength: 5, maxLength: 5 }),
        (rule, values) => {
          const path = `/${rule.segments.map((each, at) => (each.startsWith("{") ? encodeURIComponent(values[at % 5] ?? "") : each)).join("/")}`;
          const matched = matchRule(rule.method, path);
          if (matched === undefined) return;
          expect(matchRule(rule.method, matched.path)).toEqual(matched);
          expect(new URL(matched.path, "http://x").pathname).toBe(matched.path);
        },
      ),
    );
  });

  test("limits every body", () => {
    for (const rule of allowList) expect(rule.limit).toBeLessThanOrEqual(1024 * 1024);
  });
});
