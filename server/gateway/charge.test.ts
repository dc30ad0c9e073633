import { describe, expect, test } from "vitest";
import { ColloqueError, type ErrorCode } from "#protocol/errors.ts";
import { charge } from "./charge.ts";
import { createRateLimit, rates } from "./rate-limit.ts";
import type { Session } from "./sessions.ts";

/** Tokens are `<user>-<number>`: a user may have many. */
function world() {
  const state = { nowMs: 0, asked: 0 };
  const seen = new Set<string>();
  const sessions = {
    known: (authorization: string | undefined) =>
      seen.has(authorization ?? "") ? authorization?.split("-")[0] : undefined,
    lately: async (authorization: string | undefined): Promise<Session> => {
      state.asked += 1;
      const [userId = "", number] = (authorization ?? "").split("-");
      if (number === undefined) throw new ColloqueError("not-signed-in");
      seen.add(authorization ?? "");
      return { userId, device: "D", token: "" };
    },
  };
  const limit = createRateLimit(rates.all, () => state.nowMs);
  const ask = async (authorization: string | undefined, ip = "10.0.0.1") =>
    charge(sessions, { ip, authorization }, limit).then(
      () => 200,
      (error: unknown) => (error instanceof ColloqueError && error.code === "too-many" ? 429 : 500),
    );
  return { state, ask };
}

describe("ten thousand requests in a minute", () => {
  test("of one account, by however many tokens, are cut off; the others are served", async () => {
    const { state, ask } = world();
    let served = 0;
    for (let n = 0; n < 10_000; n += 1) {
      state.nowMs += 6;
      if ((await ask(`flood-${n % 5}`)) === 200) served += 1;
      if (n % 100 === 0) expect(await ask("leroy-1")).toBe(200);
    }
    expect(served).toBeGreaterThan(600);
    expect(served).toBeLessThan(600 + 60 * 60 + 10);
  });

  test("with tokens that were made up are cut off before the homeserver is asked about each", async () => {
    const { state, ask } = world();
    await ask("leroy-1", "10.0.0.2");
    for (let n = 0; n < 10_000; n += 1) await ask(`made up ${n}`);
    expect(state.asked).toBeLessThan(700);
    expect(await ask("leroy-1")).toBe(200);
  });
});

describe("a request is taken", () => {
  const session: Session = { userId: "leroy", device: "D", token: "" };
  async function taken(sessions: Parameters<typeof charge>[0], limit = (_key: string): void => undefined) {
    const keys: string[] = [];
    const request = { ip: "10.0.0.1", authorization: "Bearer t" };
    const answer = await charge(sessions, request, (key) => {
      keys.push(key);
      limit(key);
    });
    return { answer, keys };
  }
  const failing = (code: ErrorCode) => ({
    known: () => undefined,
    lately: async (): Promise<Session> => {
      throw new ColloqueError(code);
    },
  });

  test("from the account alone when that is known", async () => {
    const sessions = { known: () => "leroy", lately: async () => session };
    expect(await taken(sessions)).toEqual({ answer: "leroy", keys: ["leroy"] });
  });

  test("from the address first, and from the account too once that is known", async () => {
    const sessions = { known: () => undefined, lately: async () => session };
    expect(await taken(sessions)).toEqual({ answer: "leroy", keys: ["ip:10.0.0.1", "leroy"] });
  });

  test("from the address when it is nobody's", async () => {
    expect(await taken(failing("not-signed-in"))).toEqual({ answer: "ip:10.0.0.1", keys: ["ip:10.0.0.1"] });
  });

  test("not at all when it cannot be known whose it is, or when the account has used up what it may", async () => {
    await expect(taken(failing("homeserver-unreachable"))).rejects.toMatchObject({
      code: "homeserver-unreachable",
    });
    const sessions = { known: () => undefined, lately: async () => session };
    const full = (key: string) => {
      if (key === "leroy") throw new ColloqueError("too-many");
    };
    await expect(taken(sessions, full)).rejects.toMatchObject({ code: "too-many" });
  });
});
