import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { z } from "zod";
import { newPrivateJwk, signingKeyOf } from "../kit/jose.ts";
import { faure, leroy, setUp } from "./testing/a-registry.ts";

const identity = { name: "Claire Leroy", rpps: "89900000001" };

test("a certificate says whose key it is, on which device, for thirty days", async () => {
  const { registry, db, now, audited } = await setUp();
  now.ms += 999;
  const { publicJwk: jwk, kid } = await signingKeyOf(await newPrivateJwk());
  const claims = decodeJwt(await registry.certify({ userId: leroy, device: "D" }, jwk, identity));
  const iat = Date.parse("2026-03-01T10:00:00Z") / 1000;
  const exp = iat + 30 * 24 * 3600;
  expect(claims).toEqual({
    iss: "registry:test",
    sub: leroy,
    device: "D",
    kid,
    cnf: { jwk },
    ...identity,
    iat,
    exp,
  });
  expect(await db.all(z.unknown(), "SELECT kid, user_id, device, expires_at FROM certificates")).toEqual([
    { kid, user_id: leroy, device: "D", expires_at: exp * 1000 },
  ]);
  expect(await audited("key-certified")).toEqual([{ actor: leroy, caseId: null, device: "D", kid }]);
});

test("a key is certified again for its own person, and for nobody else", async () => {
  const { registry } = await setUp();
  const { publicJwk: jwk } = await signingKeyOf(await newPrivateJwk());
  await registry.certify({ userId: leroy, device: "D" }, jwk, identity);
  await registry.certify({ userId: leroy, device: "D" }, jwk, identity);
  await expect(registry.certify({ userId: faure, device: "D" }, jwk, identity)).rejects.toMatchObject({
    code: "not-allowed",
    details: { why: "key-of-another" },
  });
});
