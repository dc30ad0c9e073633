import { createHash, timingSafeEqual } from "node:crypto";
import { compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import { phoneRequestSchema } from "#protocol/patient-phone.ts";
import { type PublicJwk, publicJwkSchema } from "#protocol/signed.ts";

const headerSchema = z.object({ alg: z.literal("ES256"), jwk: publicJwkSchema });

export type PhoneRequest = {
  readonly key: PublicJwk;
  readonly claims: z.infer<typeof phoneRequestSchema>;
};

/** Reads what a phone signed with the key that it brings along: it proves that this is the device of before, not who holds it. */
export async function readPhoneRequest(jws: string): Promise<PhoneRequest> {
  try {
    const { jwk } = headerSchema.parse(decodeProtectedHeader(jws));
    const { payload } = await compactVerify(jws, await importJWK(jwk, "ES256"), { algorithms: ["ES256"] });
    return { key: jwk, claims: phoneRequestSchema.parse(JSON.parse(Buffer.from(payload).toString("utf8"))) };
  } catch (cause) {
    throw new ColloqueError("bad-signature", { cause });
  }
}

export const sameKey = (a: PublicJwk, b: PublicJwk): boolean => a.x === b.x && a.y === b.y;

/** What the database keeps of an id or a proof. */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

export const sameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
