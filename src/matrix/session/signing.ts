import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, importJWK } from "jose";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import {
  type Certificate,
  certificateSchema,
  type PublicJwk,
  publicJwkSchema,
  type RegistryKey,
  type Signed,
  wasItsTime,
} from "#protocol/signed.ts";
import { toBase64Url, utf8 } from "../kit/bytes.ts";
import { toJson } from "../kit/json.ts";

/** This device's signing key with the registry's certificate of it. The private half never leaves the browser's key store. */
export type Signer = {
  readonly certificate: string;
  readonly sign: <T>(payload: T) => Promise<Signed<T>>;
};

export const makeSigningKey = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);

export const publicJwkOf = async (pair: CryptoKeyPair): Promise<PublicJwk> =>
  publicJwkSchema.parse(await exportJWK(pair.publicKey));

export async function createSigner(pair: CryptoKeyPair, certificate: string): Promise<Signer> {
  const kid = await calculateJwkThumbprint(await publicJwkOf(pair), "sha256");
  return {
    certificate,
    async sign(payload) {
      const compact = await new CompactSign(utf8(canonicalJson(toJson(payload))))
        .setProtectedHeader({ alg: "ES256", kid })
        .sign(pair.privateKey);
      const [header, , signature] = compact.split(".");
      return { payload, jws: `${header}..${signature}`, certificate };
    },
  };
}

/** Reads a compact JWS of the registry as JSON; null when it is not the registry's. The shape is the caller's to check. */
export async function openCompact(jws: string, registryKey: PublicJwk): Promise<unknown> {
  try {
    const verified = await compactVerify(jws, await importKey(registryKey), { algorithms: ["ES256"] });
    return JSON.parse(new TextDecoder().decode(verified.payload));
  } catch {
    return null;
  }
}

/**
 * Checks a signed statement: the registry certified the key, the key belongs to the one who is said to have signed, the
 * certificate was good when it was signed, and the signature covers this very payload.
 */
export async function verifySigned(
  signed: Signed<unknown>,
  registryKey: RegistryKey,
  expected: { signer: string; signedAtMs: number },
): Promise<Result<Certificate, "bad-signature">> {
  const payload = canonicalJson(toJson(signed.payload));
  const { signer, signedAtMs } = expected;
  const asked = [registryKey, signer, signedAtMs, signed.certificate, signed.jws, payload];
  const question = JSON.stringify(asked);
  const known = verified.get(question);
  if (known !== undefined) return ok(known);
  const answer = await verifyAnew(signed, registryKey, expected);
  if (verified.size >= maxVerified) verified.clear();
  if (answer.ok) verified.set(question, answer.value);
  return answer;
}

/**
 * What was found good: the timeline and gate 3 ask about the same statements, each time a picture is shown. The answer depends on nothing
 * but the question.
 */
const verified = new Map<string, Certificate>();
const maxVerified = 200;

async function verifyAnew(
  signed: Signed<unknown>,
  registryKey: RegistryKey,
  expected: { signer: string; signedAtMs: number },
): Promise<Result<Certificate, "bad-signature">> {
  const certificate = await openCertificate(signed.certificate, registryKey);
  if (certificate === null) return err("bad-signature");
  if (certificate.sub !== expected.signer) return err("bad-signature");
  if (!wasAlive(certificate, expected.signedAtMs)) return err("bad-signature");
  const thumbprint = await calculateJwkThumbprint(certificate.cnf.jwk, "sha256");
  if (thumbprint !== certificate.kid) return err("bad-signature");
  const covered = await coversPayload(signed.jws, toJson(signed.payload), certificate);
  return covered ? ok(certificate) : err("bad-signature");
}

/** By the registry's key of now, or by one that it had when it made the certificate. */
async function openCertificate(jws: string, registryKey: RegistryKey): Promise<Certificate | null> {
  const byNow = certificateSchema.safeParse(await openCompact(jws, registryKey));
  if (byNow.success) return byNow.data;
  for (const key of registryKey.former ?? []) {
    const parsed = certificateSchema.safeParse(await openCompact(jws, key));
    if (parsed.success && wasItsTime(key, parsed.data)) return parsed.data;
  }
  return null;
}

const wasAlive = (certificate: Certificate, atMs: number): boolean =>
  atMs >= certificate.iat * 1000 - clockSkewMs && atMs <= certificate.exp * 1000 + clockSkewMs;

async function coversPayload(jws: string, payload: Json, certificate: Certificate): Promise<boolean> {
  const [header, signature] = jws.split("..");
  const compact = `${header}.${toBase64Url(utf8(canonicalJson(payload)))}.${signature}`;
  try {
    const key = await importKey(certificate.cnf.jwk);
    const verified = await compactVerify(compact, key, { algorithms: ["ES256"] });
    return verified.protectedHeader.kid === undefined || verified.protectedHeader.kid === certificate.kid;
  } catch {
    return false;
  }
}

const imported = new Map<string, Promise<CryptoKey | Uint8Array>>();

/** Importing a key costs as much as verifying with it: few keys come back often. */
function importKey(jwk: PublicJwk): Promise<CryptoKey | Uint8Array> {
  const id = `${jwk.x}.${jwk.y}`;
  const kept = imported.get(id);
  if (kept !== undefined) return kept;
  if (imported.size > 200) imported.clear();
  const { kty, crv, x, y } = jwk;
  const key = importJWK({ kty, crv, x, y }, "ES256");
  imported.set(id, key);
  return key;
}
