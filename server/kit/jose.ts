import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  exportJWK,
  flattenedVerify,
  generateKeyPair,
  importJWK,
} from "jose";
import type { z } from "zod";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import { ColloqueError } from "#protocol/errors.ts";
import {
  type Certificate,
  certificateSchema,
  type PublicJwk,
  publicJwkSchema,
  type RegistryKey,
  type Signed,
  wasItsTime,
} from "#protocol/signed.ts";

/** A signature by the registry that is believed a little before and after its time: clocks differ. */
const skewSeconds = 300;

/** An ES256 key pair of which only the public half can be taken out as a JWK. */
export type SigningKey = {
  readonly publicJwk: PublicJwk;
  readonly kid: string;
  readonly sign: (bytes: Uint8Array) => Promise<string>;
};

/** RFC 7638 thumbprint, SHA-256, base64url. */
export const thumbprint = (jwk: PublicJwk): Promise<string> => calculateJwkThumbprint(jwk, "sha256");

/** A signing key from its private JWK (P-256). */
export async function signingKeyOf(privateJwk: object): Promise<SigningKey> {
  const publicJwk = publicJwkSchema.parse(privateJwk);
  const key = await importJWK({ ...privateJwk }, "ES256");
  const kid = await thumbprint(publicJwk);
  return {
    publicJwk,
    kid,
    sign: (bytes) => new CompactSign(bytes).setProtectedHeader({ alg: "ES256", kid }).sign(key),
  };
}

/** A new private key as a JWK, to be kept in a file that only its owner reads. */
export async function newPrivateJwk(): Promise<object> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return exportJWK(privateKey);
}

/** Compact JWS (RFC 7515 §7.1) over the canonical JSON of the claims. */
export const signCompact = (key: SigningKey, claims: Json): Promise<string> =>
  key.sign(Buffer.from(canonicalJson(claims)));

/** Detached JWS (RFC 7515 appendix F) over the canonical JSON of the payload. */
export async function signDetached(key: SigningKey, payload: Json): Promise<string> {
  const [header, , signature] = (await signCompact(key, payload)).split(".");
  return `${header}..${signature}`;
}

/** Reads a compact JWS of the registry. Throws `bad-signature` when it is not that key's, or not of that shape. */
export async function verifyCompact<T>(
  schema: z.ZodType<T>,
  jws: string,
  registryKey: PublicJwk,
): Promise<T> {
  try {
    const { payload } = await compactVerify(jws, await importJWK(registryKey, "ES256"), {
      algorithms: ["ES256"],
    });
    return schema.parse(JSON.parse(Buffer.from(payload).toString("utf8")));
  } catch (cause) {
    throw new ColloqueError("bad-signature", { cause });
  }
}

/**
 * Reads a certificate: signed by the registry, its kid truly the key's thumbprint, and alive at that moment (milliseconds).
 * Give the moment of signing, not of reading: a record outlives its certificates.
 */
export async function verifyCertificate(
  certificate: string,
  registryKey: RegistryKey,
  atMs: number,
): Promise<Certificate> {
  const claims = await openCertificate(certificate, registryKey);
  const at = atMs / 1000;
  if (claims.kid !== (await thumbprint(claims.cnf.jwk)))
    throw new ColloqueError("bad-signature", { details: { why: "thumbprint" } });
  if (at < claims.iat - skewSeconds || at > claims.exp + skewSeconds)
    throw new ColloqueError("bad-signature", { details: { why: "certificate-expired" } });
  return claims;
}

/** By the registry's key of now, or by one that it had when it made the certificate. */
async function openCertificate(
  certificate: string,
  { former = [], ...now }: RegistryKey,
): Promise<Certificate> {
  try {
    return await verifyCompact(certificateSchema, certificate, now);
  } catch (error) {
    for (const key of former) {
      const claims = await verifyCompact(certificateSchema, certificate, key).catch(() => undefined);
      if (claims !== undefined && wasItsTime(key, claims)) return claims;
    }
    throw error;
  }
}

/**
 * The registry's keys as a JWK Set (RFC 7517): the one of now first, then those before it, each with the seconds between which it signed
 * (`nbf` and `exp`, as OpenID Federation has them for historical keys). With it any JOSE tool verifies what the registry certified.
 */
export async function keySetOf({ former = [], ...now }: RegistryKey): Promise<Json> {
  const keys = await Promise.all(
    [now, ...former].map(async (key) => ({
      ...key,
      kid: await thumbprint(publicJwkSchema.parse(key)),
      alg: "ES256",
      use: "sig",
    })),
  );
  return {
    keys: keys.map((key) =>
      Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined)),
    ),
  };
}

/**
 * Verifies a signed statement: its shape, its certificate at `atMs`, and the detached signature over the canonical JSON of what was
 * given (unknown members included, so that a parser's tolerance cannot hide what was signed). Throws `bad-signature`.
 */
export async function verifySigned<T>(
  schema: z.ZodType<T>,
  signed: Signed<unknown>,
  registryKey: RegistryKey,
  atMs: number,
): Promise<{ payload: T; certificate: Certificate }> {
  const certificate = await verifyCertificate(signed.certificate, registryKey, atMs);
  const parsed = schema.safeParse(signed.payload);
  if (!parsed.success) throw new ColloqueError("bad-signature", { details: { why: "shape" } });
  const [header = "", , signature = ""] = signed.jws.split(".");
  try {
    const { protectedHeader } = await flattenedVerify(
      {
        protected: header,
        payload: Buffer.from(canonicalJson(toJson(signed.payload))).toString("base64url"),
        signature,
      },
      await importJWK(certificate.cnf.jwk, "ES256"),
      { algorithms: ["ES256"] },
    );
    if (protectedHeader?.kid !== undefined && protectedHeader.kid !== certificate.kid)
      throw new ColloqueError("bad-signature", { details: { why: "kid" } });
  } catch (cause) {
    throw cause instanceof ColloqueError ? cause : new ColloqueError("bad-signature", { cause });
  }
  return { payload: parsed.data, certificate };
}

/** What came in as JSON, told so to the compiler by going through JSON once more. */
const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value) ?? "null");
