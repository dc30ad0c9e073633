import { expect, test } from "vitest";
import type { Call } from "../kit/synapse-client.ts";
import { createMediaList } from "./media-list.ts";

const leroy = "@leroy:valombre.example";
const now = Date.parse("2026-03-01T10:00:00Z");

/** A homeserver that gives its pages one after the other. */
function listOf(...pages: unknown[]) {
  const asked: { path: string; token: string | undefined }[] = [];
  const call = async <T>({ path, token, answer }: Call<T>): Promise<T> => {
    asked.push({ path, token });
    return answer.parse(pages.shift());
  };
  return { asked, list: createMediaList({ call }, "admin-token", "valombre.example") };
}

test("who has media is read page by page, with a mark that changes when theirs do", async () => {
  const user = (user_id: string, media_count: number, media_length: number | null) => ({
    user_id,
    media_count,
    media_length,
  });
  const { asked, list } = listOf(
    { users: [user("@a:x", 1, 10)], next_token: 500 },
    { users: [user("@b:x", 1, 11), user("@c:x", 2, null)] },
  );
  expect(await list.uploaders(1234.5)).toEqual([
    { userId: "@a:x", mark: "1 10" },
    { userId: "@b:x", mark: "1 11" },
    { userId: "@c:x", mark: "2 null" },
  ]);
  const path = "/_synapse/admin/v1/statistics/users/media";
  expect(asked).toEqual([
    { path: `${path}?from=0&limit=500&from_ts=1234`, token: "admin-token" },
    { path: `${path}?from=500&limit=500&from_ts=1234`, token: "admin-token" },
  ]);
});

test("a time before all times is asked for as the first of them", async () => {
  const { asked, list } = listOf({ users: [] });
  await list.uploaders(-5);
  expect(asked[0]?.path).toMatch(/from_ts=0$/);
});

const media = (media_id: string, change: object = {}) => ({
  media_id,
  media_length: 10,
  created_ts: now,
  sha256: "a".repeat(64),
  ...change,
});

test("a person's media are those with bytes, with the homeserver's word on them", async () => {
  const { asked, list } = listOf({
    media: [media("full"), media("empty", { media_length: null }), media("old", { sha256: undefined })],
  });
  const mxc = (id: string) => `mxc://valombre.example/${id}`;
  expect(await list.mediaOf(leroy, now)).toEqual([
    { mxc: mxc("full"), userId: leroy, sha256: "a".repeat(64) },
    { mxc: mxc("old"), userId: leroy, sha256: null },
  ]);
  expect(asked).toEqual([
    {
      path: "/_synapse/admin/v1/users/%40leroy%3Avalombre.example/media?from=0&limit=500&order_by=created_ts&dir=b",
      token: "admin-token",
    },
  ]);
});

test("the newest come first, and what is older than asked for is neither given nor turned to", async () => {
  const pages = [
    { media: [media("3"), media("2")], next_token: 2 },
    { media: [media("1"), media("0", { created_ts: now - 1 })], next_token: 4 },
    { media: [media("never asked for")] },
  ];
  const { asked, list } = listOf(...pages);
  expect((await list.mediaOf(leroy, now)).map(({ mxc }) => mxc.at(-1))).toEqual(["3", "2", "1"]);
  expect(asked).toHaveLength(2);
  expect(asked[1]?.path).toContain("from=2&");
});
