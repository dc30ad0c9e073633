import { describe, expect, test } from "vitest";
import { createThinSync } from "./thin-sync.ts";

const said = { type: "m.room.encrypted", event_id: "$1", content: { ciphertext: "a" } };
const came = { type: "m.room.member", event_id: "$2", state_key: "@a:b", content: { membership: "join" } };
const sync = {
  next_batch: "s2",
  to_device: { events: [{ type: "m.room.encrypted", content: { ciphertext: "a key" } }] },
  rooms: {
    join: {
      "!said:b": { timeline: { events: [said, came], limited: false }, state: { events: [came] } },
      "!gap:b": { timeline: { events: [], limited: true } },
      "!still:b": { timeline: { events: [], limited: false }, account_data: { events: [] } },
    },
    leave: { "!left:b": { timeline: { events: [said] } } },
    invite: { "!asked:b": { invite_state: { events: [came] } } },
  },
};
const answering = (answer: () => Response) => createThinSync(async () => answer());
const syncUrl = "http://synapse/_matrix/client/v3/sync?since=s1";

describe("a thin sync", () => {
  test("brings keys, state and memberships, and nothing that was said", async () => {
    const answer = await (await answering(() => Response.json(sync)).fetch(syncUrl)).json();
    expect(answer).toEqual({
      ...sync,
      rooms: {
        ...sync.rooms,
        join: {
          ...sync.rooms.join,
          "!said:b": { timeline: { events: [came], limited: false }, state: { events: [came] } },
        },
        leave: { "!left:b": { timeline: { events: [] } } },
      },
    });
  });

  test("names each room where something was said or may be missing, once", async () => {
    const thinSync = answering(() => Response.json(sync));
    await thinSync.fetch(syncUrl);
    await thinSync.fetch(new URL(syncUrl));
    expect(thinSync.takeNews()).toEqual(["!said:b", "!gap:b", "!left:b"]);
    expect(thinSync.takeNews()).toEqual([]);
  });

  test("leaves every other answer as it is, and a sync that failed", async () => {
    const thinSync = answering(() => Response.json({ chunk: [said], rooms: sync.rooms }));
    const page = await thinSync.fetch("http://synapse/_matrix/client/v3/rooms/!said:b/messages");
    expect(await page.json()).toEqual({ chunk: [said], rooms: sync.rooms });
    const failed = await answering(() => new Response("bad gateway", { status: 502 })).fetch(syncUrl);
    expect([failed.status, await failed.text()]).toEqual([502, "bad gateway"]);
    expect(thinSync.takeNews()).toEqual([]);
  });

  test("refuses what is no sync, so that the SDK asks again", async () => {
    const thinSync = answering(() => Response.json({ rooms: { join: [] } }));
    await expect(thinSync.fetch(syncUrl)).rejects.toThrow();
  });
});
