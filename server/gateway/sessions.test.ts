import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import { createNews } from "./news.ts";
import { createRateLimit } from "./rate-limit.ts";
import { createSessions } from "./sessions.ts";

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
    let now = 0;
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
    later(5 * 60_000 + 1);
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
