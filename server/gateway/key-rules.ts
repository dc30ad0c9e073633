import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";

/**
 * What may be in the bodies that carry keys: device keys, which everybody can ask for, and the key backup, which only its owner can. Keys
 * are short and have known places; whatever else is sent beside them is something else than a key. Pure; each throws `not-allowed`.
 */
const base64 = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[A-Za-z0-9+/=_-]*$/);
/** `algorithm:id`, a user id, a device id. */
const name = z.string().max(255);
const signatures = z.record(name, z.record(name, base64(120)));

const deviceKeys = z.strictObject({
  user_id: name,
  device_id: z.string().max(64),
  algorithms: z.array(z.string().max(64)).max(10),
  keys: z.record(name, base64(120)),
  signatures,
  unsigned: z.strictObject({ device_display_name: z.string().max(100).optional() }).optional(),
});
const signedKey = z.strictObject({ key: base64(120), fallback: z.boolean().optional(), signatures });
const manyKeys = z.record(name, signedKey).refine((keys) => Object.keys(keys).length <= 200);
const keysUpload = z.strictObject({
  device_keys: deviceKeys.optional(),
  one_time_keys: manyKeys.optional(),
  fallback_keys: manyKeys.optional(),
  "org.matrix.msc2732.fallback_keys": manyKeys.optional(),
});

const crossSigningKey = z.strictObject({
  user_id: name,
  usage: z.array(z.enum(["master", "self_signing", "user_signing"])).max(3),
  keys: z.record(name, base64(120)).refine((keys) => Object.keys(keys).length === 1),
  signatures: signatures.optional(),
});
const signingUpload = z.strictObject({
  master_key: crossSigningKey.optional(),
  self_signing_key: crossSigningKey.optional(),
  user_signing_key: crossSigningKey.optional(),
  auth: z.unknown().optional(),
});
const signaturesUpload = z.record(name, z.record(name, z.union([deviceKeys, crossSigningKey])));

/** Longest backed-up session: a key with the chain of devices that passed it on. */
const backedUp = z.strictObject({
  first_message_index: z.int().min(0),
  forwarded_count: z.int().min(0),
  is_verified: z.boolean(),
  session_data: z.strictObject({ ephemeral: base64(120), ciphertext: base64(4096), mac: base64(120) }),
});
const sessions = z.strictObject({ sessions: z.record(base64(120), backedUp) });
const backup = z.union([z.strictObject({ rooms: z.record(name, sessions) }), sessions, backedUp]);

const olm = z.strictObject({
  algorithm: z.literal("m.olm.v1.curve25519-aes-sha2"),
  sender_key: base64(120),
  ciphertext: z
    .record(
      base64(120),
      z.strictObject({ type: z.union([z.literal(0), z.literal(1)]), body: base64(16_000) }),
    )
    .refine((forEach) => Object.keys(forEach).length === 1),
  "org.matrix.msgid": z.string().max(64).optional(),
});

const check =
  (schema: z.ZodType, words: string) =>
  (body: unknown): void => {
    if (!schema.safeParse(body).success) throw new ColloqueError("not-allowed", { details: { words } });
  };

export const checkKeysUpload = check(keysUpload, "These are not device keys as Matrix has them.");
export const checkSigningUpload = check(signingUpload, "These are not signing keys as Matrix has them.");
export const checkSignatures = check(
  signaturesUpload,
  "These are not signatures of keys as Matrix has them.",
);
/** A whole backup, one room's or one session's. */
export const checkBackup = check(backup, "The key backup is for keys.");
/** What one device is sent, encrypted. */
export const checkOlm = check(olm, "This is not an encrypted to-device message as Matrix has them.");
