import { createDecipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fromBase64, fromHex, toBase64Url, toHex, toUnpaddedBase64, utf8 } from "../kit/bytes.ts";
import { decryptFile, describeFile, encryptFile, makeFileSecret } from "./attachment.ts";

const mxc = "mxc://valombre.example/abc";

describe("encrypted attachments", () => {
  test.each([
    ["Hello, World", "5xJZTt5cQicm+9f4", "YzF08lARDdOCzJpzuSwsjTNlQc4pHxpdHcXiD/wpK6k"],
    [
      "alphanumerically".repeat(4),
      "zhtFStAeFx0s+9L/sSQO+WQMtldqYEHqTxMduJrCIpnkyer09kxJJuA4K+adQE4w+7jZe/vR9kIcqj9rOhDR8Q",
      "IOq7/dHHB+mfHfxlRY5XMeCWEwTPmlf4cJcgrkf6fVU",
    ],
  ])("the vector of matrix-encrypt-attachment for %j decrypts", async (text, ciphertext, sha256) => {
    const decrypted = await decryptFile(fromBase64(ciphertext), {
      url: mxc,
      v: "v2",
      key: {
        kty: "oct",
        alg: "A256CTR",
        ext: true,
        k: "__________________________________________8",
        key_ops: ["encrypt", "decrypt"],
      },
      iv: "//////////8AAAAAAAAAAA",
      hashes: { sha256 },
    });
    expect(decrypted.ok && new TextDecoder().decode(decrypted.value)).toBe(text);
  });

  test("what is encrypted here decrypts with node:crypto, counter and hash included", async () => {
    const secret = makeFileSecret();
    const plaintext = crypto.getRandomValues(new Uint8Array(50_001));
    const { ciphertext, sha256 } = await encryptFile(plaintext, secret);
    const file = describeFile(mxc, secret, sha256);
    expect(fromBase64(file.iv).slice(8)).toEqual(new Uint8Array(8));
    const decipher = createDecipheriv(
      "aes-256-ctr",
      Buffer.from(fromBase64(file.key.k)),
      Buffer.from(fromBase64(file.iv)),
    );
    const back = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    expect(Buffer.compare(back, Buffer.from(plaintext))).toBe(0);
    expect(toHex(sha256)).toBe(createHash("sha256").update(ciphertext).digest("hex"));
  });

  test("the same secret gives the same ciphertext again, and another secret another", async () => {
    const secret = makeFileSecret();
    const plaintext = utf8("encore une fois");
    const first = await encryptFile(plaintext, secret);
    expect((await encryptFile(plaintext, secret)).ciphertext).toEqual(first.ciphertext);
    expect((await encryptFile(plaintext, makeFileSecret())).ciphertext).not.toEqual(first.ciphertext);
  });

  test("one changed bit is refused before anything is decrypted; the unchanged twin is not", async () => {
    const secret = makeFileSecret();
    const { ciphertext, sha256 } = await encryptFile(utf8("omoplate gauche"), secret);
    const file = describeFile(mxc, secret, sha256);
    const changed = Uint8Array.from(ciphertext, (byte, at) => (at === 3 ? byte ^ 1 : byte));
    expect(await decryptFile(changed, file)).toEqual({ ok: false, error: "hash-mismatch" });
    expect((await decryptFile(ciphertext, file)).ok).toBe(true);
  });

  test("spellings of bytes come back", () => {
    const bytes = fromHex("00ff10fbef");
    expect(toHex(bytes)).toBe("00ff10fbef");
    expect(toBase64Url(bytes)).toBe("AP8Q--8");
    expect(toUnpaddedBase64(bytes)).toBe("AP8Q++8");
    expect(fromBase64("AP8Q--8")).toEqual(bytes);
  });
});
