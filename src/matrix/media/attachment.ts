import type { EncryptedFile } from "#protocol/events.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { type Bytes, fromBase64, randomBytes, sha256, toBase64Url, toUnpaddedBase64 } from "../kit/bytes.ts";

/** Key and first counter block of one file. Never used for a second file: AES-CTR would give both away. */
export type FileSecret = { readonly key: Bytes; readonly iv: Bytes };

/** 256-bit key; the counter's low 64 bits start at zero (Matrix specification, "Sending encrypted attachments"). */
export function makeFileSecret(): FileSecret {
  const iv = new Uint8Array(16);
  iv.set(randomBytes(8));
  return { key: randomBytes(32), iv };
}

const ctr = (iv: Bytes): AesCtrParams => ({ name: "AES-CTR", counter: iv, length: 64 });

const importKey = (key: Bytes, use: "encrypt" | "decrypt"): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, "AES-CTR", false, [use]);

export type EncryptedBytes = { readonly ciphertext: Bytes; readonly sha256: Bytes };

/** The same secret and plaintext give the same ciphertext, so that a send can go on after a reload. */
export async function encryptFile(plaintext: Bytes, secret: FileSecret): Promise<EncryptedBytes> {
  const key = await importKey(secret.key, "encrypt");
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt(ctr(secret.iv), key, plaintext));
  return { ciphertext, sha256: await sha256(ciphertext) };
}

/** What travels in the event about one encrypted file. */
export const describeFile = (url: string, secret: FileSecret, hash: Bytes): EncryptedFile => ({
  url,
  v: "v2",
  key: {
    kty: "oct",
    alg: "A256CTR",
    ext: true,
    k: toBase64Url(secret.key),
    key_ops: ["encrypt", "decrypt"],
  },
  iv: toUnpaddedBase64(secret.iv),
  hashes: { sha256: toUnpaddedBase64(hash) },
});

/** The hash is checked before a byte is decrypted: what was changed on the way never becomes a picture. */
export async function decryptFile(
  ciphertext: Bytes,
  file: EncryptedFile,
): Promise<Result<Bytes, "hash-mismatch">> {
  const hash = toUnpaddedBase64(await sha256(ciphertext));
  if (hash !== file.hashes.sha256) return err("hash-mismatch");
  const key = await importKey(fromBase64(file.key.k), "decrypt");
  return ok(new Uint8Array(await crypto.subtle.decrypt(ctr(fromBase64(file.iv)), key, ciphertext)));
}
