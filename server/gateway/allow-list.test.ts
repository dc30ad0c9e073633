import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowList, matchRule } from "./allow-list.ts";

const v3 = "/_matrix/client/v3";

describe("the allow-list", () => {
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
