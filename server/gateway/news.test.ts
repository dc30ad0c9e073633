import { describe, expect, test } from "vitest";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import { createMemberships } from "./memberships.ts";
import { createNews, newsItemSchema } from "./news.ts";
import { createSessions, tokenKey } from "./sessions.ts";

const martin = "@martin:valombre.example";
const room = "!case";

/** A homeserver with one room and one token, which counts how often it is asked, and the news of it. */
function world() {
  const state = { nowMs: 100_000, asked: 0, down: false, members: [martin], tokens: ["good"] };
  const synapse: Pick<SynapseClient, "call"> = {
    call: async ({ path, token, answer }) => {
      state.asked += 1;
      if (state.down) throw new Error("down");
      if (path.includes("/members")) return answer.parse({ members: [...state.members] });
      if (!state.tokens.includes(token ?? "")) throw new SynapseError(401, "M_UNKNOWN_TOKEN");
      return answer.parse({ user_id: martin, device_id: "D" });
    },
  };
  const news = createNews(() => state.nowMs);
  let seq = 0;
  const beat = (change: { roomId?: string; tokenSha256?: string } = {}, lost = 0) => {
    seq += 1 + lost;
    news.hear({ stream: "s", seq, ...change });
  };
  /** Time passes, with the news heard all along. */
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 300) {
      state.nowMs += Math.min(left, 300);
      beat();
    }
  };
  beat();
  return {
    state,
    news,
    beat,
    pass,
    memberships: createMemberships(synapse, "admin", news),
    sessions: createSessions(synapse, news),
  };
}

describe("memberships", () => {
  test("are asked of the homeserver once, for as long as its news are heard", async () => {
    const { state, pass, memberships } = world();
    for (let n = 0; n < 20; n += 1) {
      expect(await memberships.isJoined(martin, room)).toBe(true);
      pass(10_000);
    }
    expect(state.asked).toBe(1);
  });

  test("are asked again when the news name the room, and not when they name another", async () => {
    const { state, pass, beat, memberships } = world();
    await memberships.isJoined(martin, room);
    pass(2_000);
    state.members = [];
    beat({ roomId: "!other" });
    expect(await memberships.isJoined(martin, room)).toBe(true);
    beat({ roomId: room });
    expect(await memberships.isJoined(martin, room)).toBe(false);
  });

  test.each<[string, (parts: ReturnType<typeof world>) => void]>([
    ["one of the news was lost", ({ beat }) => beat({}, 1)],
    [
      "nothing was heard for more than a second",
      ({ state }) => {
        state.nowMs += 1_001;
      },
    ],
    ["the homeserver was started anew", ({ news }) => news.hear({ stream: "t", seq: 1 })],
    ["one of the news came late", ({ news }) => news.hear({ stream: "s", seq: 1 })],
  ])("are asked again when %s", async (_why, happens) => {
    const parts = world();
    await parts.memberships.isJoined(martin, room);
    parts.pass(2_000);
    parts.state.members = [];
    expect(await parts.memberships.isJoined(martin, room)).toBe(true);
    happens(parts);
    expect(await parts.memberships.isJoined(martin, room)).toBe(false);
  });

  test("without the news, are believed for a second, and then are not known while the homeserver is down", async () => {
    const { state, memberships } = world();
    state.nowMs += 60_000;
    expect(await memberships.isJoined(martin, room)).toBe(true);
    state.down = true;
    state.nowMs += 999;
    expect(await memberships.isJoined(martin, room)).toBe(true);
    state.nowMs += 1;
    await expect(memberships.isJoined(martin, room)).rejects.toThrow();
    state.down = false;
    expect(await memberships.isJoined(martin, room)).toBe(true);
  });

  test("that say no are not believed for long: who has just come in may be faster than the news", async () => {
    const { state, pass, memberships } = world();
    state.members = [];
    expect(await memberships.isJoined(martin, room)).toBe(false);
    pass(1_500);
    state.members = [martin];
    expect(await memberships.isJoined(martin, room)).toBe(true);
  });
});

describe("whom a token belongs to", () => {
  test("is asked of the homeserver once, for as long as its news are heard", async () => {
    const { state, pass, sessions } = world();
    for (let n = 0; n < 20; n += 1) {
      expect((await sessions.of("Bearer good")).userId).toBe(martin);
      pass(10_000);
    }
    expect(state.asked).toBe(1);
  });

  test("is nobody any more when the news end the token, or when it ended while nothing was heard", async () => {
    const { state, pass, beat, sessions } = world();
    await sessions.of("Bearer good");
    pass(2_000);
    state.tokens = [];
    beat({ tokenSha256: tokenKey("another") });
    await sessions.of("Bearer good");
    beat({ tokenSha256: tokenKey("good") });
    await expect(sessions.of("Bearer good")).rejects.toMatchObject({ code: "not-signed-in" });
    state.tokens = ["good"];
    await sessions.of("Bearer good");
    state.tokens = [];
    state.nowMs += 1_001;
    await expect(sessions.of("Bearer good")).rejects.toMatchObject({ code: "not-signed-in" });
  });

  test("is asked again after ten minutes all the same", async () => {
    const { state, pass, sessions } = world();
    await sessions.of("Bearer good");
    pass(10 * 60_000);
    await sessions.of("Bearer good");
    expect(state.asked).toBe(2);
  });
});

describe("what was learnt", () => {
  function heard() {
    const now = { ms: 100_000 };
    const news = createNews(() => now.ms);
    const hear = (seq: number, stream = "s") => news.hear({ stream, seq });
    /** Old enough not to be believed for its freshness, with the news heard all along. */
    const learn = (next: number, stream = "s") => {
      const learnt = news.now();
      now.ms += 600;
      hear(next, stream);
      now.ms += 600;
      hear(next + 1, stream);
      return learnt;
    };
    return { now, news, hear, learn };
  }

  test("holds while one follows the other, each within a second", () => {
    const { news, now, hear, learn } = heard();
    hear(7);
    const learnt = learn(8);
    expect(news.holds(learnt)).toBe(true);
    now.ms += 1_000;
    expect(news.holds(learnt)).toBe(true);
    hear(10);
    expect(news.holds(learnt)).toBe(true);
    now.ms += 1_001;
    expect(news.holds(learnt)).toBe(false);
    hear(11);
    expect(news.holds(learnt)).toBe(false);
  });

  test("holds for ten minutes of unbroken news, and not a moment longer", () => {
    const { news, now, hear } = heard();
    hear(1);
    const learnt = news.now();
    for (let seq = 2; now.ms < 100_000 + 10 * 60_000 - 1; seq += 1) {
      now.ms = Math.min(now.ms + 1_000, 100_000 + 10 * 60_000 - 1);
      hear(seq);
    }
    expect(news.holds(learnt)).toBe(true);
    now.ms += 1;
    expect(news.holds(learnt)).toBe(false);
  });

  test("before anything was heard, or in a silence, holds for a second alone", () => {
    const { news, now, hear } = heard();
    const before = news.now();
    expect(before).toEqual({ atMs: 100_000, epoch: undefined });
    hear(1);
    now.ms += 999;
    hear(2);
    expect(news.holds(before)).toBe(true);
    now.ms += 1;
    expect(news.holds(before)).toBe(false);
    now.ms += 5_000;
    const inSilence = news.now();
    hear(3);
    now.ms += 900;
    hear(4);
    now.ms += 900;
    hear(5);
    expect(news.holds(inSilence)).toBe(false);
  });

  test("does not hold over a number that was passed over, that came late or twice, or another stream's", () => {
    for (const [seq, stream] of [
      [11, "s"],
      [3, "s"],
      [9, "s"],
      [10, "t"],
      [1, "t"],
    ] as const) {
      const { news, hear, learn } = heard();
      hear(7);
      const learnt = learn(8);
      hear(seq, stream);
      expect(news.holds(learnt), `${seq} of ${stream}`).toBe(false);
      // What is learnt now holds again, as the numbers go on from the highest that was heard.
      const next = stream === "t" ? seq + 1 : Math.max(10, seq + 1);
      expect(news.holds(learn(next, stream)), `after ${seq} of ${stream}`).toBe(true);
    }
  });

  test("is told in words as long as they are, and no longer", () => {
    const item = (stream: number, roomId: number, tokenSha256: number) => ({
      stream: "s".repeat(stream),
      seq: 1,
      roomId: "r".repeat(roomId),
      tokenSha256: "a".repeat(tokenSha256),
    });
    for (const [given, isRight] of [
      [item(16, 40, 64), true],
      [item(64, 255, 64), true],
      [item(65, 40, 64), false],
      [item(16, 256, 64), false],
      [item(16, 40, 65), false],
      [{ stream: "s", seq: 1 }, true],
      [{ stream: "s", seq: 0 }, false],
      [{ seq: 1 }, false],
      [{}, false],
    ] as const)
      expect(newsItemSchema.safeParse(given).success, JSON.stringify(given)).toBe(isRight);
  });

  test("is told to all who listen, as it came", () => {
    const { news } = heard();
    const told: unknown[] = [];
    news.on((item) => told.push(item));
    news.on(({ seq }) => told.push(seq));
    const item = { stream: "s", seq: 1, roomId: "!r" };
    news.hear(item);
    expect(told).toEqual([item, 1]);
  });
});

describe("who is in a room", () => {
  const asking = (nowMs = { ms: 0 }) => {
    const state: { members: Record<string, string[] | Error>; asked: object[] } = { members: {}, asked: [] };
    const synapse: Pick<SynapseClient, "call"> = {
      call: async ({ path, token, answer }) => {
        state.asked.push({ path, token });
        const found = state.members[decodeURIComponent(path.split("/")[5] ?? "")];
        if (found instanceof Error) throw found;
        return answer.parse({ members: found ?? [] });
      },
    };
    const news = createNews(() => nowMs.ms);
    return { state, nowMs, memberships: createMemberships(synapse, "admin-token", news) };
  };

  test("is asked of the homeserver as its administrator", async () => {
    const { state, memberships } = asking();
    state.members["!a/b:x"] = [martin];
    expect(await memberships.isJoined(martin, "!a/b:x")).toBe(true);
    expect(await memberships.isJoined("@faure:x", "!a/b:x")).toBe(false);
    expect(state.asked).toEqual([
      { path: "/_synapse/admin/v1/rooms/!a%2Fb%3Ax/members", token: "admin-token" },
    ]);
  });

  test("is nobody when there is no such room, and not known when the homeserver is in trouble", async () => {
    const { state, memberships } = asking();
    state.members["!gone"] = new SynapseError(404, "M_NOT_FOUND");
    expect(await memberships.isJoined(martin, "!gone")).toBe(false);
    const trouble = new SynapseError(500, "M_UNKNOWN");
    state.members["!trouble"] = trouble;
    await expect(memberships.isJoined(martin, "!trouble")).rejects.toBe(trouble);
    state.members["!trouble"] = [martin];
    expect(await memberships.isJoined(martin, "!trouble")).toBe(true);
  });

  test("is asked once by many at the same time, and of each room apart", async () => {
    const { state, memberships } = asking();
    state.members["!r"] = [martin];
    await Promise.all(Array.from({ length: 5 }, () => memberships.isJoined(martin, "!r")));
    expect(state.asked).toHaveLength(1);
    expect(await memberships.isJoined(martin, "!other")).toBe(false);
  });

  test("is forgotten, the oldest first, rather than memory grow without end", async () => {
    const { state, memberships } = asking();
    for (let n = 0; n <= 20_000; n += 1) {
      state.members[`!${n}`] = [martin];
      await memberships.isJoined(martin, `!${n}`);
    }
    await memberships.isJoined(martin, "!1");
    expect(state.asked).toHaveLength(20_001);
    await memberships.isJoined(martin, "!0");
    expect(state.asked).toHaveLength(20_002);
  });
});
