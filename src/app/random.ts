import { type ConsentId, consentIdSchema } from "#protocol/ids.ts";

/** Randomness and hashing of the machine, as the models take them. */
export const newId = (): string => crypto.randomUUID();
export const newConsentId = (): ConsentId => consentIdSchema.parse(crypto.randomUUID());

/** 128 random bits in base64url: 22 characters that say nothing of anybody. */
export function newPseudonym(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** SHA-256 of a text's UTF-8, lower-case hexadecimal. */
export async function sha256OfText(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
