import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
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
