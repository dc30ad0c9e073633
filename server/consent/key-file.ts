import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { newPrivateJwk, type SigningKey, signingKeyOf } from "../kit/jose.ts";

const privateJwkSchema = z.looseObject({ kty: z.literal("EC"), crv: z.literal("P-256"), d: z.string() });

/** The registry's key, made on the first start and readable by its owner alone. Losing it ends every certificate and lease. */
export async function loadRegistryKey(path: string): Promise<SigningKey> {
  const text = (await readIfThere(path)) ?? (await create(path));
  return signingKeyOf(privateJwkSchema.parse(JSON.parse(text)));
}

/** Written whole under another name and then linked: two starts at once agree on one key, and none reads half a key. */
async function create(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(await newPrivateJwk()));
    await file.sync();
    await link(draft, path).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  return readFile(path, "utf8");
}

const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
