import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aTsa, type Tsa } from "../testing/a-tsa.ts";
import { certificatesOf, type Expected, queryFor, tokenOf, verifyToken } from "./token.ts";

const data = new Uint8Array(Buffer.from("eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"));
let tsa: Tsa;
let other: Tsa;
beforeAll(async () => {
  tsa = await aTsa();
  other = await aTsa();
}, 60_000);
afterAll(async () => {
  await tsa[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

/** A stamp over those bytes, and what it must say. */
async function stamped(change: Partial<Expected> = {}, policy?: string) {
  const query = await queryFor(data, policy);
  const answer = tsa.answer(query.der);
  const expected: Expected = {
    data,
    nonce: query.nonce,
    policy,
    trusted: certificatesOf(tsa.ca),
    nowMs: Date.now(),
    ...change,
  };
  return { answer, token: tokenOf(answer), expected };
}

describe("a time stamp", () => {
  test("[F40] by an authority that we trust is taken, with its time and its name", async () => {
    const { token, expected } = await stamped();
    const stamp = await verifyToken(token, expected);
    expect(stamp.by).toBe("Essai time-stamping");
    expect(Math.abs(stamp.atMs - Date.now())).toBeLessThan(60_000);
    expect(Buffer.from(stamp.token).equals(token)).toBe(true);
  });

  test("[F40] over other bytes, or in answer to another query, is refused", async () => {
    const { token, expected } = await stamped();
    const otherData = new Uint8Array(Buffer.from("another opinion"));
    await expect(verifyToken(token, { ...expected, data: otherData })).rejects.toMatchObject({
      reason: "imprint-differs",
    });
    const { nonce } = await queryFor(data, undefined);
    await expect(verifyToken(token, { ...expected, nonce })).rejects.toMatchObject({
      reason: "nonce-differs",
    });
  });

  test("[F40] is under the policy that was asked for, or refused", async () => {
    const { token, expected } = await stamped({}, "1.2.3.4.2");
    await expect(verifyToken(token, expected)).resolves.toMatchObject({ by: "Essai time-stamping" });
    await expect(verifyToken(token, { ...expected, policy: "1.2.3.4.1" })).rejects.toMatchObject({
      reason: "policy-differs",
    });
  });

  test("[F40] of another authority is refused", async () => {
    const { token, expected } = await stamped({ trusted: certificatesOf(other.ca) });
    await expect(verifyToken(token, expected)).rejects.toMatchObject({ reason: "not-trusted" });
  });

  test("[F40] of another time than now is refused", async () => {
    const { token, expected } = await stamped({ nowMs: Date.now() - 3600_000 });
    await expect(verifyToken(token, expected)).rejects.toMatchObject({ reason: "time-differs" });
  });

  test("[F40] is refused when its signer's certificate is over, or is for something else too", async () => {
    const { answer, expected } = await stamped();
    const again = tsa.signedBy("time-stamping", answer);
    await expect(verifyToken(again, expected)).resolves.toMatchObject({ by: "Essai time-stamping" });
    await expect(verifyToken(tsa.signedBy("expired", answer), expected)).rejects.toMatchObject({
      reason: "not-trusted",
    });
    for (const kind of ["code-signing", "two-purposes", "not-critical"] as const)
      await expect(verifyToken(tsa.signedBy(kind, answer), expected), kind).rejects.toMatchObject({
        reason: "not-a-time-stamping-certificate",
      });
  }, 60_000);

  test("[F40] that was touched anywhere in its signature or its time is refused", async () => {
    const { token, expected } = await stamped();
    const touched = new Uint8Array(token);
    const last = touched.length - 1;
    touched.set([(touched[last] ?? 0) ^ 1], last);
    await expect(verifyToken(touched, expected)).rejects.toMatchObject({
      reason: expect.stringMatching(/bad-signature|not-trusted|unreadable-token/),
    });
    const year = Buffer.from(token).indexOf(`${new Date().getUTCFullYear()}`);
    const later = new Uint8Array(token);
    later.set(Buffer.from("2021"), year);
    await expect(verifyToken(later, { ...expected, nowMs: Date.now() })).rejects.toThrow();
  });

  test("[F40] an answer that refuses, or is none, gives no token", async () => {
    const { der } = await queryFor(data, "1.2.3.99");
    expect(() => tokenOf(tsa.answer(der))).toThrow("refused-with-status-2");
    expect(() => tokenOf(new Uint8Array(Buffer.from("<html>Sign in</html>")))).toThrow("unreadable-answer");
  });
});
