import { canonicalJson, type Json } from "#protocol/canonical.ts";

/** The page's cryptography: all of it the browser's own (WebCrypto). */
export type Bytes = Uint8Array<ArrayBuffer>;

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
export const random = (length: number): string => toBase64Url(crypto.getRandomValues(new Uint8Array(length)));

export function toBase64Url(bytes: Bytes): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export const fromBase64Url = (text: string): Bytes =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

export async function sha256Hex(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const aesKey = (key: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", fromBase64Url(key), "AES-GCM", false, ["encrypt", "decrypt"]);

const nonceBytes = 12;

/** AES-256-GCM; `context` says what the text is, so that it cannot stand in another's place. */
export async function seal(plain: string, key: string, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const algorithm = { name: "AES-GCM", iv, additionalData: utf8(context) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, await aesKey(key), utf8(plain)));
  const both = new Uint8Array(nonceBytes + sealed.length);
  both.set(iv);
  both.set(sealed, nonceBytes);
  return toBase64Url(both);
}

/** Throws when the key, the context or a single bit is another. */
export async function unseal(sealed: string, key: string, context: string): Promise<string> {
  const bytes = fromBase64Url(sealed);
  const algorithm = {
    name: "AES-GCM",
    iv: bytes.subarray(0, nonceBytes),
    additionalData: utf8(context),
  };
  const plain = await crypto.subtle.decrypt(algorithm, await aesKey(key), bytes.subarray(nonceBytes));
  return new TextDecoder("utf-8", { fatal: true }).decode(plain);
}

export type PhoneKey = {
  readonly pair: CryptoKeyPair;
  readonly jwk: Record<"kty" | "crv" | "x" | "y", string>;
};

const ecdsa = { name: "ECDSA", namedCurve: "P-256" };

/** A key for this once; its private half cannot be taken out of the browser. */
export const makeKeyPair = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"]);

export async function phoneKeyOf(pair: CryptoKeyPair): Promise<PhoneKey> {
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { pair, jwk: { kty: "EC", crv: "P-256", x, y } };
}

/** Compact JWS (RFC 7515, ES256) over the canonical JSON of what is said, with the public key in its header. */
export async function sign(statement: Json, { pair, jwk }: PhoneKey): Promise<string> {
  const header = toBase64Url(utf8(canonicalJson({ alg: "ES256", jwk })));
  const signed = `${header}.${toBase64Url(utf8(canonicalJson(statement)))}`;
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    pair.privateKey,
    utf8(signed),
  );
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

const rounds = 210_000;

/**
 * What link and second factor make together (PBKDF2-SHA-512; OWASP's number of rounds): a proof for the server, which counts the
 * tries, and a key that the server never gets. The link's key is in the salt, so that the server cannot try factors by itself.
 */
export async function deriveFrom(
  factor: string,
  copyId: string,
  key: string,
): Promise<{ proof: string; key: string }> {
  const password = await crypto.subtle.importKey("raw", utf8(factor), "PBKDF2", false, ["deriveBits"]);
  const salt = utf8(`colloque/copy/${copyId}/${key}`);
  const algorithm = { name: "PBKDF2", hash: "SHA-512", salt, iterations: rounds };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(algorithm, password, 512));
  return { proof: toBase64Url(bits.subarray(0, 32)), key: toBase64Url(bits.subarray(32)) };
}
