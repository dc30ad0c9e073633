import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { readIfThere } from "../kit/files.ts";
import { newPrivateJwk, type SigningKey, signingKeyOf } from "../kit/jose.ts";

/** What makes it a private key; the rest is checked where its public half is made. */
const privateJwkSchema = z.looseObject({ d: z.string() });

/** The registry's key, made on the first start and readable by its owner alone. Losing it ends every certificate and lease. */
export async function loadRegistryKey(path: string): Promise<SigningKey> {
  const text = (await readIfThere(path)) ?? (await create(path));
  return signingKeyOf(privateJwkSchema.parse(JSON.parse(text)));
}

/** Written whole under another name and then linked: two starts at once agree on one key, and none reads half a key. */
async function create(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  await using file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(await newPrivateJwk()));
    await file.sync();
    // Whoever was first has made it; what else goes wrong shows when it is read.
    await link(draft, path).catch(() => undefined);
  } finally {
    await rm(draft);
  }
  return readFile(path, "utf8");
}
