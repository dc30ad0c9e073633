import { open, readFile } from "node:fs/promises";
import { z } from "zod";
import { newPrivateJwk, type SigningKey, signingKeyOf } from "../kit/jose.ts";

const privateJwkSchema = z.looseObject({ kty: z.literal("EC"), crv: z.literal("P-256"), d: z.string() });

/** The registry's key, made on the first start and readable by its owner alone. Losing it ends every certificate and lease. */
export async function loadRegistryKey(path: string): Promise<SigningKey> {
  const jwk = await newPrivateJwk();
  try {
    // Created and filled only if absent: two starts at once must not leave two keys.
    const file = await open(path, "wx", 0o600);
    await file.writeFile(JSON.stringify(jwk));
    await file.sync();
    await file.close();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") throw error;
  }
  return signingKeyOf(privateJwkSchema.parse(JSON.parse(await readFile(path, "utf8"))));
}
