import { describe, expect, test } from "vitest";
import { matchRule } from "./allow-list.ts";
import { federationList, isForEverybody, originOf } from "./federation-list.ts";

const v1 = "/_matrix/federation/v1";
const match = (method: string, path: string) => matchRule(method, path, federationList);

/** Method, path, what the door does itself, and the longest body in KiB: a second place to change, so that nobody changes it unawares. */
const whole = `
  GET key/v2/server 16
  GET key/v2/server/{key} 16
  GET v1/version 16
  PUT v1/send/{txn} 8192
  GET v1/event/{event} 16
  GET v1/state/{roomId} 16
  GET v1/state_ids/{roomId} 16
  GET v1/event_auth/{roomId}/{event} 16
  GET v1/backfill/{roomId} 16
  POST v1/get_missing_events/{roomId} 16
  PUT v2/invite/{roomId}/{event} 1024
  GET v1/make_join/{roomId}/{user} 16
  PUT v2/send_join/{roomId}/{event} 1024
  GET v1/make_leave/{roomId}/{user} 16
  PUT v2/send_leave/{roomId}/{event} 1024
  GET v1/user/devices/{user} 16
  POST v1/user/keys/query 1024
  POST v1/user/keys/claim 1024
  GET v1/query/profile 16
  GET v1/media/download/{media} download 16
`;

describe("what another hospital's homeserver may ask", () => {
  test("is this, and nothing else", () => {
    const lines = federationList.map(({ name, check, own, limit }) => {
      expect(check).toBe("none");
      const short = name.replace("/_matrix/federation/", "").replace("/_matrix/", "");
      return [short, own ?? [], limit / 1024].flat().join(" ");
    });
    expect(lines).toEqual(whole.trim().split(/\n\s+/));
    const open = federationList.filter(isForEverybody).map(({ name }) => name);
    expect(open).toEqual([
      "GET /_matrix/key/v2/server",
      "GET /_matrix/key/v2/server/{key}",
      "GET /_matrix/federation/v1/version",
    ]);
  });

  test.each([
    ["PUT", `${v1}/send/1700000000`],
    ["GET", `${v1}/make_join/%21room/%40martin%3Ab.example`],
    ["PUT", "/_matrix/federation/v2/invite/%21room/%24event"],
    ["GET", `${v1}/media/download/abc`],
  ])("%s %s is on the list, for those of the allow-list", (method, path) => {
    const rule = match(method, path)?.rule;
    expect(rule === undefined ? undefined : isForEverybody(rule)).toBe(false);
  });

  test("the signing key and the version are for everybody", () => {
    for (const path of ["/_matrix/key/v2/server", `${v1}/version`]) {
      const rule = match("GET", path)?.rule;
      expect(rule === undefined ? undefined : isForEverybody(rule)).toBe(true);
    }
  });

  test.each([
    ["GET", `${v1}/publicRooms`],
    ["GET", `${v1}/hierarchy/%21room`],
    ["GET", `${v1}/query/directory`],
    ["GET", `${v1}/make_knock/%21room/%40a%3Ab`],
    ["GET", `${v1}/media/thumbnail/abc`],
    ["PUT", `${v1}/exchange_third_party_invite/%21room`],
    ["PUT", `${v1}/invite/%21room/%24event`],
    ["GET", `${v1}/openid/userinfo`],
    ["GET", "/_matrix/media/v3/download/a.example/abc"],
    ["GET", "/_matrix/client/v3/sync"],
    ["GET", "/_synapse/admin/v1/rooms"],
    ["GET", `${v1}/media/download/..%2F..%2Fkey`],
  ])("%s %s is not", (method, path) => {
    expect(match(method, path)).toBeUndefined();
  });

  test("no client path is on the list, and no federation path on the list for people", () => {
    expect(federationList.every((rule) => ["federation", "key"].includes(rule.segments[1] ?? ""))).toBe(true);
    expect(matchRule("GET", `${v1}/media/download/abc`)).toBeUndefined();
  });
});

describe("who signed a request", () => {
  test("is read from the plain form, quoted or not", () => {
    expect(originOf('X-Matrix origin="b.example:8448",key="ed25519:a",sig="AA+/",destination="a"')).toBe(
      "b.example:8448",
    );
    expect(originOf("X-Matrix key=ed25519:a,origin=b.example,sig=AA")).toBe("b.example");
    expect(originOf("X-Matrix origin=b.example")).toBe("b.example");
  });

  test.each([
    undefined,
    "",
    "Bearer token",
    'X-Matrix key="ed25519:a",sig="AA"',
    'X-Matrix origin="b.example",origin="c.example",key="k",sig="s"',
    'X-Matrix origin="b.example",Origin="c.example",key="k",sig="s"',
    'X-Matrix origin="b.exam\\ple",key="k",sig="s"',
    'X-Matrix origin="b.example", origin="c.example",key="k",sig="s"',
    'X-Matrix other="x,origin="b.example",key="k"',
    'X-Matrix origin="",key="k",sig="s"',
    'x X-Matrix origin="b.example",key="k",sig="s"',
    'X-Matrix origin="b.example",key="k",sig="s" x',
    'X-Matrix  origin="b.example",key="k",sig="s"',
    'X-Matrix xorigin="b.example",key="k",sig="s"',
    'X-Matrix origin="b.example"x,key="k",sig="s"',
    'X-Matrix origin=b.exa"mple,key=k"',
    "X-Matrix origin=,key=k",
    "X-Matrix origin=b.example,,key=k",
    "X-Matrix",
  ])("is nobody in %s", (header) => {
    expect(originOf(header)).toBeUndefined();
  });
});
