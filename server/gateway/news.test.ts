import { describe, expect, test } from "vitest";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import { createMemberships } from "./memberships.ts";
import { createNews } from "./news.ts";
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
      if (!state.tokens.includes(token)) throw new SynapseError(401, "M_UNKNOWN_TOKEN");
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
