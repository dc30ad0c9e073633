import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import { createNews } from "./news.ts";
import { createRateLimit } from "./rate-limit.ts";
import { createSessions, tokenKey } from "./sessions.ts";

/** A homeserver that knows one token, and counts how often it was asked. */
function homeserver() {
  const asked = { times: 0 };
  const synapse: Pick<SynapseClient, "call"> = {
    call: async ({ token, answer }) => {
      asked.times += 1;
      if (token !== "good") throw new SynapseError(401, "M_UNKNOWN_TOKEN");
      return answer.parse({ user_id: "@martin:valombre.example", device_id: "D" });
    },
  };
  return { asked, synapse };
}

describe("whom a token belongs to", () => {
  test("is forgotten at sign-out", async () => {
    const { asked, synapse } = homeserver();
    const sessions = createSessions(
      synapse,
      createNews(() => 0),
    );
    await sessions.of("Bearer good");
    sessions.drop("good");
    await sessions.of("Bearer good");
    sessions.dropUser("@martin:valombre.example");
    await sessions.of("Bearer good");
    expect(asked.times).toBe(3);
  });

  test("is nobody without a token, or with one that the homeserver does not know", async () => {
    const sessions = createSessions(
      homeserver().synapse,
      createNews(() => 0),
    );
    for (const header of [undefined, "", "Basic good", "Bearer ", "Bearer bad"])
      await expect(sessions.of(header)).rejects.toMatchObject({ code: "not-signed-in" });
  });
});

describe("while the homeserver is away", () => {
  function setUp() {
    let now = 6 * 60_000;
    const state = { away: false };
    const { synapse } = homeserver();
    const away: typeof synapse = {
      call: async (request) => {
        if (state.away) throw new ColloqueError("homeserver-unreachable");
        return synapse.call(request);
      },
    };
    const sessions = createSessions(
      away,
      createNews(() => now),
    );
    const later = (ms: number) => {
      now += ms;
    };
    return { sessions, state, later };
  }

  test("who signed in lately is still known for ten minutes, and reads nothing by it", async () => {
    const { sessions, state, later } = setUp();
    await sessions.of("Bearer good");
    state.away = true;
    later(5 * 60_000);
    await expect(sessions.of("Bearer good")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    expect((await sessions.lately("Bearer good")).userId).toBe("@martin:valombre.example");
    later(5 * 60_000);
    expect((await sessions.lately("Bearer good")).device).toBe("D");
    later(1);
    await expect(sessions.lately("Bearer good")).rejects.toMatchObject({ code: "homeserver-unreachable" });
  });

  test("nobody is known by a token that was never seen, is over, or was signed out", async () => {
    const { sessions, state, later } = setUp();
    await sessions.of("Bearer good");
    sessions.drop("good");
    state.away = true;
    later(2_000);
    await expect(sessions.lately("Bearer good")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    await expect(sessions.lately("Bearer other")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    state.away = false;
    await expect(sessions.lately("Bearer bad")).rejects.toMatchObject({ code: "not-signed-in" });
    expect((await sessions.lately("Bearer good")).userId).toBe("@martin:valombre.example");
  });
});

describe("a rate", () => {
  test("lets a burst through, then refuses and says how long to wait, then lets through again", () => {
    let now = 0;
    const limit = createRateLimit({ burst: 3, perSecond: 1 }, () => now);
    for (let n = 0; n < 3; n += 1) limit("a");
    expect(() => limit("a")).toThrow(
      expect.objectContaining({ code: "too-many", details: { retryAfterMs: 1000 } }),
    );
    limit("b");
    now = 1000;
    limit("a");
  });
});

describe("a token", () => {
  const asking = () => {
    const state = { nowMs: 0, answer: (): unknown => ({ user_id: "@martin:x.example", device_id: "D" }) };
    const asked: { path: string; token: string | undefined }[] = [];
    const synapse: Pick<SynapseClient, "call"> = {
      call: async ({ path, token, answer }) => {
        asked.push({ path, token });
        return answer.parse(state.answer());
      },
    };
    const news = createNews(() => state.nowMs);
    const sessions = createSessions(synapse, news);
    const goAway = () => {
      state.answer = () => {
        throw new ColloqueError("homeserver-unreachable");
      };
    };
    return { state, asked, sessions, news, goAway };
  };

  test("is over at once when the homeserver tells so, and no other is", async () => {
    const { sessions, news, goAway } = asking();
    for (const token of ["one", "other"]) await sessions.of(`Bearer ${token}`);
    goAway();
    news.hear({ stream: "s", seq: 1, roomId: "!room" });
    news.hear({ stream: "s", seq: 2, tokenSha256: tokenKey("one") });
    expect(sessions.known("Bearer one")).toBeUndefined();
    expect(sessions.known("Bearer other")).toBe("@martin:x.example");
    await expect(sessions.lately("Bearer one")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    expect((await sessions.lately("Bearer other")).token).toBe("other");
  });

  test("keeps its newer answer when an older question fails late", async () => {
    const late = Promise.withResolvers<never>();
    const answers = [late.promise, { user_id: "@martin:x.example", device_id: "D" }];
    const slow = createSessions(
      { call: async ({ answer }) => answer.parse(await answers.shift()) },
      createNews(() => 0),
    );
    const first = slow.of("Bearer good");
    slow.drop("good");
    await slow.of("Bearer good");
    late.reject(new ColloqueError("homeserver-unreachable"));
    await expect(first).rejects.toMatchObject({ code: "homeserver-unreachable" });
    expect(slow.known("Bearer good")).toBe("@martin:x.example");
  });

  test("is asked of the homeserver as its own, and is told back with whose it is", async () => {
    const { asked, sessions } = asking();
    expect(await sessions.of("Bearer good")).toEqual({
      userId: "@martin:x.example",
      device: "D",
      token: "good",
    });
    expect(asked).toEqual([{ path: "/_matrix/client/v3/account/whoami", token: "good" }]);
    expect(await sessions.lately("Bearer good")).toMatchObject({ userId: "@martin:x.example" });
    expect(sessions.known("Bearer good")).toBe("@martin:x.example");
    expect(asked).toHaveLength(1);
  });

  test("is of letters that a token has, as many as one has, after one word and one blank", async () => {
    const { asked, sessions } = asking();
    for (const header of [
      "Bearer",
      "Bearer  good",
      "bearer good",
      "x Bearer good",
      "Bearer good more",
      "Bearer gööd",
      `Bearer ${"x".repeat(513)}`,
    ]) {
      await expect(sessions.of(header), header).rejects.toMatchObject({ code: "not-signed-in" });
      await expect(sessions.lately(header), header).rejects.toMatchObject({ code: "not-signed-in" });
      expect(sessions.known(header), header).toBeUndefined();
    }
    expect(asked).toEqual([]);
    await sessions.of(`Bearer ${"x".repeat(512)}`);
    expect(asked).toHaveLength(1);
  });

  test("is known from memory only while it holds, and not before it was asked about", async () => {
    const { state, sessions } = asking();
    expect(sessions.known("Bearer good")).toBeUndefined();
    await sessions.of("Bearer good");
    state.nowMs = 999;
    expect(sessions.known("Bearer good")).toBe("@martin:x.example");
    state.nowMs = 1_000;
    expect(sessions.known("Bearer good")).toBeUndefined();
  });

  test.each<[string, () => unknown, string]>([
    [
      "refuses it",
      () => {
        throw new SynapseError(403, "M_FORBIDDEN");
      },
      "not-signed-in",
    ],
    [
      "is in trouble",
      () => {
        throw new SynapseError(500, "M_UNKNOWN");
      },
      "homeserver-unreachable",
    ],
    [
      "fails",
      () => {
        throw new Error("down");
      },
      "homeserver-unreachable",
    ],
    ["names nobody", () => ({ user_id: "nobody", device_id: "D" }), "homeserver-unreachable"],
  ])("is nobody's when the homeserver %s, and is asked about again", async (_what, answer, code) => {
    const { state, asked, sessions } = asking();
    state.answer = answer;
    await expect(sessions.of("Bearer good")).rejects.toMatchObject({ code });
    await expect(sessions.of("Bearer good")).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(2);
  });

  test("that the homeserver refused is not known from before", async () => {
    const { state, sessions } = asking();
    const { answer } = state;
    await sessions.of("Bearer good");
    state.nowMs = 1_000;
    state.answer = () => {
      throw new SynapseError(401, "M_UNKNOWN_TOKEN");
    };
    await expect(sessions.lately("Bearer good")).rejects.toMatchObject({ code: "not-signed-in" });
    state.answer = () => {
      throw new ColloqueError("homeserver-unreachable");
    };
    await expect(sessions.lately("Bearer good")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    state.answer = answer;
    expect((await sessions.lately("Bearer good")).device).toBe("D");
  });

  test("is asked about once by many at the same time", async () => {
    const { asked, sessions } = asking();
    await Promise.all(Array.from({ length: 5 }, () => sessions.of("Bearer good")));
    expect(asked).toHaveLength(1);
  });

  test("is dropped with all others of its user, and with nobody else's", async () => {
    const { state, sessions, asked } = asking();
    for (const [token, user_id] of [
      ["a", "@martin:x.example"],
      ["b", "@martin:x.example"],
      ["c", "@faure:x.example"],
    ]) {
      state.answer = () => ({ user_id, device_id: "D" });
      await sessions.of(`Bearer ${token}`);
    }
    sessions.dropUser("@martin:x.example");
    expect(["a", "b", "c"].map((token) => sessions.known(`Bearer ${token}`))).toEqual([
      undefined,
      undefined,
      "@faure:x.example",
    ]);
    state.answer = () => {
      throw new ColloqueError("homeserver-unreachable");
    };
    await expect(sessions.lately("Bearer a")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    state.nowMs = 2_000;
    expect((await sessions.lately("Bearer c")).userId).toBe("@faure:x.example");
    expect(asked.length).toBeGreaterThan(3);
  });

  test("is forgotten, the oldest first, rather than memory grow without end", async () => {
    const { sessions } = asking();
    for (let n = 0; n <= 20_000; n += 1) await sessions.of(`Bearer t${n}`);
    expect(sessions.known("Bearer t0")).toBeUndefined();
    expect(sessions.known("Bearer t1")).toBe("@martin:x.example");
  });

  test("is known for a homeserver that is away together with others, and not with any number of them", async () => {
    const { state, sessions, goAway } = asking();
    const { answer } = state;
    for (let n = 0; n < 20_000; n += 1) await sessions.of(`Bearer t${n}`);
    state.nowMs = 2_000;
    goAway();
    expect((await sessions.lately("Bearer t0")).token).toBe("t0");
    state.answer = answer;
    await sessions.of("Bearer more");
    goAway();
    await expect(sessions.lately("Bearer t0")).rejects.toMatchObject({ code: "homeserver-unreachable" });
    expect((await sessions.lately("Bearer more")).token).toBe("more");
  });
});
