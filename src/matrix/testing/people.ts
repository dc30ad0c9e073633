import { CompactSign, calculateJwkThumbprint, exportJWK } from "jose";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import type { Consent, Purpose } from "#protocol/consent.ts";
import { caseIdSchema, consentIdSchema } from "#protocol/ids.ts";
import { type PublicJwk, publicJwkSchema } from "#protocol/signed.ts";
import { utf8 } from "../kit/bytes.ts";
import { createSigner, makeSigningKey, publicJwkOf, type Signer } from "../session/signing.ts";

/** A registry and certified people, for the tests of this folder. Real keys, real signatures. */
export const nowMs = Date.parse("2026-11-22T10:00:00Z");
export const at = (ms: number): string => new Date(ms).toISOString();

export type TestRegistry = {
  readonly key: PublicJwk;
  sign(claims: Json): Promise<string>;
  certified(userId: string): Promise<Signer>;
  lease(consent: Consent, change?: Record<string, Json>): Promise<string>;
};

export async function testRegistry(): Promise<TestRegistry> {
  const pair = await makeSigningKey();
  const key = publicJwkSchema.parse(await exportJWK(pair.publicKey));
  const sign = (claims: Json): Promise<string> =>
    new CompactSign(utf8(canonicalJson(claims))).setProtectedHeader({ alg: "ES256" }).sign(pair.privateKey);
  return {
    key,
    sign,
    async certified(userId) {
      const device = await makeSigningKey();
      const jwk = await publicJwkOf(device);
      const certificate = await sign({
        iss: "registry",
        sub: userId,
        device: "DEVICE",
        kid: await calculateJwkThumbprint(jwk, "sha256"),
        cnf: { jwk },
        name: "Somebody",
        rpps: "89900000001",
        iat: nowMs / 1000 - 3600,
        exp: nowMs / 1000 + 3600,
      });
      return createSigner(device, certificate);
    },
    lease: (consent, change = {}) =>
      sign({
        iss: "registry",
        consentId: consent.consentId,
        caseId: consent.caseId,
        state: "live",
        withdrawnReceipts: [],
        glasses: [],
        iat: nowMs / 1000,
        exp: nowMs / 1000 + 60,
        ...change,
      }),
  };
}

export const collector = "@faure:valombre.example";
export const colleague = "@martin:valombre.example";
export const stranger = "@aubry:valombre.example";

export function testConsent(purposes: readonly Purpose[], change: Partial<Consent> = {}): Consent {
  return {
    v: 1,
    consentId: consentIdSchema.parse(crypto.randomUUID()),
    caseId: caseIdSchema.parse(crypto.randomUUID()),
    pseudonym: "AAAAAAAAAAAAAAAAAAAAAA",
    decisions: purposes.map((purpose) => ({ purpose, granted: true })),
    recipients: [{ kind: "person", userId: colleague }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: "0".repeat(64), language: "fr" },
    evidenceSha256: "0".repeat(64),
    collectedBy: collector,
    collectedAt: at(nowMs - 60_000),
    expiresAt: at(nowMs + 86_400_000),
    ...change,
  };
}
