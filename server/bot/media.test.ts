import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type EncryptedFile, encryptedFileSchema } from "#protocol/events.ts";
import { readMedia } from "./media.ts";

const plain = Buffer.from("the stripped picture");

function encrypted(): { ciphertext: Buffer; file: EncryptedFile } {
  const key = randomBytes(32);
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const bare = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  const file = encryptedFileSchema.parse({
    url: "mxc://valombre.example/abc",
    v: "v2",
    key: {
      kty: "oct",
      alg: "A256CTR",
      ext: true,
      k: key.toString("base64url"),
      key_ops: ["encrypt", "decrypt"],
    },
    iv: bare(iv),
    hashes: { sha256: bare(createHash("sha256").update(ciphertext).digest()) },
  });
  return { ciphertext, file };
}

const answering = (status: number, bytes: Buffer) => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    asked.push(String(input));
    return new Response(Uint8Array.from(bytes), { status });
  };
  return { asked, http: { baseUrl: "http://synapse", fetch } };
};

describe("a file of a case", () => {
  test("is fetched with the token's right and decrypted", async () => {
    const { ciphertext, file } = encrypted();
    const { asked, http } = answering(200, ciphertext);
    expect(Buffer.from(await readMedia(http, "t", file)).equals(plain)).toBe(true);
    expect(asked).toEqual(["http://synapse/_matrix/client/v1/media/download/valombre.example/abc"]);
  });

  test("with one bit of its ciphertext changed is refused, before anything is decrypted", async () => {
    const { ciphertext, file } = encrypted();
    ciphertext[3] = (ciphertext[3] ?? 0) ^ 1;
    await expect(readMedia(answering(200, ciphertext).http, "t", file)).rejects.toMatchObject({
      code: "hash-mismatch",
    });
  });

  test("that was withdrawn is not found; a homeserver that fails is another matter and may be tried again", async () => {
    const { ciphertext, file } = encrypted();
    await expect(readMedia(answering(404, ciphertext).http, "t", file)).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(readMedia(answering(502, ciphertext).http, "t", file)).rejects.toMatchObject({
      code: "homeserver-unreachable",
    });
  });
});
