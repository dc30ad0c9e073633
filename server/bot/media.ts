import { createDecipheriv, createHash } from "node:crypto";
import { maxUploadBytes } from "#protocol/api.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { EncryptedFile } from "#protocol/events.ts";
import type { Http } from "./http.ts";

/**
 * The plain bytes of an encrypted file. The ciphertext's hash is checked before a byte of it is decrypted. Throws `not-found` when the
 * homeserver no longer gives it (withdrawn), `hash-mismatch`, `too-large`, or `homeserver-unreachable`.
 */
export async function readMedia(
  http: Pick<Http, "fetch" | "baseUrl">,
  token: string,
  file: EncryptedFile,
): Promise<Uint8Array<ArrayBuffer>> {
  const ciphertext = await download(http, token, file.url);
  const hash = createHash("sha256").update(ciphertext).digest("base64").replace(/=+$/, "");
  if (hash !== file.hashes.sha256) throw new ColloqueError("hash-mismatch");
  const key = Buffer.from(file.key.k, "base64url");
  const decipher = createDecipheriv("aes-256-ctr", key, Buffer.from(file.iv, "base64"));
  return Uint8Array.from(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
}

async function download(
  http: Pick<Http, "fetch" | "baseUrl">,
  token: string,
  mxc: string,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await http.fetch(
      `${http.baseUrl}/_matrix/client/v1/media/download/${mxc.slice("mxc://".length)}`,
      {
        headers: { authorization: `Bearer ${token}` },
      },
    );
  } catch (cause) {
    throw new ColloqueError("homeserver-unreachable", { cause });
  }
  if (response.status === 404 || response.status === 403) throw new ColloqueError("not-found");
  if (!response.ok)
    throw new ColloqueError("homeserver-unreachable", { details: { status: response.status } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length > maxUploadBytes) throw new ColloqueError("too-large");
  return bytes;
}
