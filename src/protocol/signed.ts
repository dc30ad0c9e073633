import { z } from "zod";
import { userIdSchema } from "./ids.ts";

/**
 * A statement with a detached JWS (RFC 7515 appendix F, ES256) over its canonical JSON (RFC 8785), and the registry's
 * certificate of the key that signed it. Verifying needs no account: any JOSE tool can.
 */
export const signedSchema = <T extends z.ZodType>(payload: T) =>
  z.object({
    payload,
    /** `header..signature`: the payload is the canonical JSON of `payload`. */
    jws: z
      .string()
      .max(2048)
      .regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$/),
    /** Compact JWS by the registry: see `certificateSchema`. */
    certificate: z
      .string()
      .max(4096)
      .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/),
  });

export type Signed<T> = { payload: T; jws: string; certificate: string };

/** A public P-256 key as a JWK (RFC 7518 §6.2). */
export const publicJwkSchema = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  y: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type PublicJwk = z.infer<typeof publicJwkSchema>;

/** A key that the registry had before, and the seconds since the epoch between which it signed. */
export const formerKeySchema = publicJwkSchema.extend({ nbf: z.int(), exp: z.int() });
export type FormerKey = z.infer<typeof formerKeySchema>;

/** The registry's key with its first second, and the keys that it had before: what they certified in their time stays verifiable. */
export const registryKeySchema = publicJwkSchema.extend({
  nbf: z.int().optional(),
  former: z.array(formerKeySchema).max(50).optional(),
});
export type RegistryKey = z.infer<typeof registryKeySchema>;

/** What the registry certifies: that this key belongs to that person's device. Lifetimes in seconds since the epoch (RFC 7519). */
export const certificateSchema = z.object({
  iss: z.string(),
  sub: userIdSchema,
  /** Matrix device id. */
  device: z.string().max(64),
  /** RFC 7638 thumbprint of `cnf.jwk`, SHA-256, base64url. */
  kid: z.string().max(64),
  cnf: z.object({ jwk: publicJwkSchema }),
  name: z.string().max(300),
  rpps: z.string().max(20),
  iat: z.int(),
  exp: z.int(),
});
export type Certificate = z.infer<typeof certificateSchema>;

/** Whether a former key was the registry's still when it made this certificate: one that is over certifies nobody. */
export const wasItsTime = (key: Pick<FormerKey, "exp">, { iat }: Pick<Certificate, "iat">): boolean =>
  iat <= key.exp;
