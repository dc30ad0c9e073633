import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checked } from "./media.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const live = async () => true;

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function through(
  bytes: Uint8Array,
  size: number,
  expected: { bytes: number; sha256: string },
  stillLive = live,
) {
  const passed: Uint8Array[] = [];
  try {
    for await (const piece of checked(pieces(bytes, size), expected, stillLive)) passed.push(piece);
    return { passed: Buffer.concat(passed), error: undefined };
  } catch (error) {
    return { passed: Buffer.concat(passed), error };
  }
}

describe("an upload on its way to the homeserver", () => {
  test("goes through whole when it is what was announced, in whatever pieces it comes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 60 }),
        async (bytes, size) => {
          const { passed, error } = await through(bytes, size, {
            bytes: bytes.length,
            sha256: sha256(bytes),
          });
          expect(error).toBeUndefined();
          expect(passed.equals(bytes)).toBe(true);
        },
      ),
    );
  });

  test("never reaches its end when one bit, or its length, differs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 2, maxLength: 300 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        async (bytes, size, at) => {
          const expected = { bytes: bytes.length, sha256: sha256(bytes) };
          const changed = Uint8Array.from(bytes);
          changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ 1;
          for (const other of [changed, bytes.subarray(1), Buffer.concat([bytes, Buffer.from("x")])]) {
            const { passed, error } = await through(other, size, expected);
            expect(error).toMatchObject({ code: "hash-mismatch" });
            expect(passed.length).toBeLessThan(expected.bytes);
          }
        },
      ),
    );
  });

  test("never reaches its end when the consent was withdrawn on the way", async () => {
    const bytes = Buffer.from("picture");
    const { passed, error } = await through(bytes, 3, { bytes: 7, sha256: sha256(bytes) }, async () => false);
    expect(error).toMatchObject({ code: "withdrawn" });
    expect(passed.length).toBeLessThan(7);
  });

  test("is handed on to those who wait only once all of it is known to be right", async () => {
    const bytes = Buffer.from("ciphertext of a picture");
    const announced = { bytes: bytes.length, sha256: sha256(bytes) };
    const whole: Buffer[] = [];
    const send = async (sent: Buffer, stillLive = live) => {
      for await (const _piece of checked(pieces(sent, 5), announced, stillLive, (all) => whole.push(all)));
    };
    await expect(send(Buffer.from("ciphertext of a forgery"))).rejects.toThrow();
    await expect(send(bytes, async () => false)).rejects.toThrow();
    expect(whole).toEqual([]);
    await send(bytes);
    expect(whole).toEqual([bytes]);
  });
});
