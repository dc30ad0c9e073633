/** Bytes and their spellings. Buffers are always plain ArrayBuffers: WebCrypto takes no shared ones. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function toBase64(bytes: Bytes): string {
  let binary = "";
  // In slices: the spread of a whole picture would overflow the call stack.
  for (let at = 0; at < bytes.length; at += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

export const toUnpaddedBase64 = (bytes: Bytes): string => toBase64(bytes).replace(/=+$/, "");

export const toBase64Url = (bytes: Bytes): string =>
  toUnpaddedBase64(bytes).replaceAll("+", "-").replaceAll("/", "_");

/** Takes base64 of both alphabets, padded or not. Throws on anything else. */
export function fromBase64(text: string): Bytes {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

export const toHex = (bytes: Bytes): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (hex: string): Bytes =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export const sha256Hex = async (bytes: Bytes): Promise<string> => toHex(await sha256(bytes));

export const randomBytes = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
