import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import {
  newPrivateJwk,
  type SigningKey,
  signCompact,
  signDetached,
  signingKeyOf,
  verifyCertificate,
  verifySigned,
} from "./jose.ts";

const now = Date.parse("2026-03-01T10:00:00Z");
const payloadSchema = z.object({ said: z.string() });

async function people() {
  const registry = await signingKeyOf(await newPrivateJwk());
  const device = await signingKeyOf(await newPrivateJwk());
  const certificate = await certify(registry, device, {});
  const payload = { said: "Ça brûle" };
  return { registry, device, signed: { payload, jws: await signDetached(device, payload), certificate } };
}

const certify = (registry: SigningKey, device: SigningKey, change: Record<string, Json>) =>
  signCompact(registry, {
    iss: "colloque:test",
    sub: "@martin:valombre.example",
    device: "ABC",
    kid: device.kid,
    cnf: { jwk: device.publicJwk },
    name: "Dr Hélène Martin",
    rpps: "89900000001",
    iat: now / 1000,
    exp: now / 1000 + 30 * 86400,
    ...change,
  });

const refused = { code: "bad-signature" };

describe("a signed statement", () => {
  test("is believed when device, registry and bytes agree", async () => {
    const { registry, signed } = await people();
    const read = await verifySigned(payloadSchema, signed, registry.publicJwk, now);
    expect(read.payload.said).toBe("Ça brûle");
    expect(read.certificate.sub).toBe("@martin:valombre.example");
  });

  test("is refused when one word was changed", async () => {
    const { registry, signed } = await people();
    const changed = { ...signed, payload: { said: "Ça brûle." } };
    await expect(verifySigned(payloadSchema, changed, registry.publicJwk, now)).rejects.toMatchObject(
      refused,
    );
  });

  test("is refused when a member was added that the schema does not know", async () => {
    const { registry, signed } = await people();
    const changed = { ...signed, payload: { ...signed.payload, extra: 1 } };
    await expect(verifySigned(payloadSchema, changed, registry.publicJwk, now)).rejects.toMatchObject(
      refused,
    );
  });

  test("is refused when another registry certified the key", async () => {
    const { signed } = await people();
    const other = await signingKeyOf(await newPrivateJwk());
    await expect(verifySigned(payloadSchema, signed, other.publicJwk, now)).rejects.toMatchObject(refused);
  });

  test("is refused when another key than the certified one signed", async () => {
    const { registry, signed } = await people();
    const other = await signingKeyOf(await newPrivateJwk());
    const forged = { ...signed, jws: await signDetached(other, signed.payload) };
    await expect(verifySigned(payloadSchema, forged, registry.publicJwk, now)).rejects.toMatchObject(refused);
  });
});

describe("a certificate", () => {
  test("holds during its life and a little around it, for clocks differ", async () => {
    const { registry, signed } = await people();
    await verifyCertificate(signed.certificate, registry.publicJwk, now - 200_000);
    await expect(
      verifyCertificate(signed.certificate, registry.publicJwk, now - 400_000),
    ).rejects.toMatchObject(refused);
    await expect(
      verifyCertificate(signed.certificate, registry.publicJwk, now + 31 * 86400_000),
    ).rejects.toMatchObject(refused);
  });

  test("is refused when its kid is not its key's thumbprint", async () => {
    const { registry, device } = await people();
    const certificate = await certify(registry, device, { kid: "another" });
    await expect(verifyCertificate(certificate, registry.publicJwk, now)).rejects.toMatchObject(refused);
  });

  test("by a key that the registry had before holds when it was made in that key's time, and not after", async () => {
    const { registry, device, signed } = await people();
    const { publicJwk } = await signingKeyOf(await newPrivateJwk());
    const second = now / 1000;
    const withFormer = (exp: number) => ({
      ...publicJwk,
      former: [{ ...registry.publicJwk, nbf: second - 3600, exp }],
    });
    await verifyCertificate(signed.certificate, withFormer(second + 60), now);
    await verifyCertificate(signed.certificate, withFormer(second), now);
    const over = withFormer(second - 1);
    await expect(verifyCertificate(signed.certificate, over, now)).rejects.toMatchObject(refused);
    await expect(verifyCertificate(signed.certificate, publicJwk, now)).rejects.toMatchObject(refused);
    const forged = await certify(await signingKeyOf(await newPrivateJwk()), device, {});
    await expect(verifyCertificate(forged, withFormer(second + 60), now)).rejects.toMatchObject(refused);
  });
});
