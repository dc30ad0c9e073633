import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const version = 1;
const ivBytes = 12;
const tagBytes = 16;

/** Encrypts what may hold patient data before it is written to a disk of ours. */
export type Sealer = {
  /** AES-256-GCM. `context` names the place (table and row), so that a sealed value cannot be moved to another. */
  seal(plain: Uint8Array | string, context: string): Uint8Array;
  /** Throws when the key, the context or a single bit differs. */
  open(sealed: Uint8Array, context: string): Uint8Array;
  openText(sealed: Uint8Array, context: string): string;
};

/**
 * A sealer over a 32-byte key. `label` separates its uses: two labels give two unrelated keys (HKDF, RFC 5869).
 * Sealed form: version byte, 12 random bytes, ciphertext, 16 bytes of tag.
 */
export function createSealer(key: Uint8Array, label: string): Sealer {
  if (key.length !== 32) throw new Error("A sealing key has 32 bytes");
  const subkey = new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), `colloque/${label}`, 32));

  const seal: Sealer["seal"] = (plain, context) => {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", subkey, iv);
    cipher.setAAD(Buffer.from(context));
    const body = typeof plain === "string" ? Buffer.from(plain) : plain;
    return Buffer.concat([
      Uint8Array.of(version),
      iv,
      cipher.update(body),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
  };
  const open: Sealer["open"] = (sealed, context) => {
    if (sealed.length < 1 + ivBytes + tagBytes || sealed[0] !== version)
      throw new Error("Not a sealed value of this version");
    const decipher = createDecipheriv("aes-256-gcm", subkey, sealed.subarray(1, 1 + ivBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    return Buffer.concat([
      decipher.update(sealed.subarray(1 + ivBytes, sealed.length - tagBytes)),
      decipher.final(),
    ]);
  };
  return { seal, open, openText: (sealed, context) => Buffer.from(open(sealed, context)).toString("utf8") };
}
