import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wholeOf } from "./media.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const announced = (bytes: Uint8Array) => ({ bytes: bytes.length, sha256: sha256(bytes) });

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const aPicture = fc.uint8Array({ minLength: 2, maxLength: 300 });
const aSize = fc.integer({ min: 1, max: 60 });

describe("what comes in for the homeserver", () => {
  test("is taken when it is what was announced, in whatever pieces it comes", async () => {
    await fc.assert(
      fc.asyncProperty(aPicture, aSize, async (bytes, size) => {
        const whole = await wholeOf(pieces(bytes, size), announced(bytes));
        expect(whole.equals(bytes)).toBe(true);
      }),
    );
  });

  test("is refused when one bit differs, or its length does, and says which", async () => {
    await fc.assert(
      fc.asyncProperty(aPicture, aSize, fc.nat(), async (bytes, size, at) => {
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ 1;
        const longer = Buffer.concat([bytes, Buffer.from("x")]);
        for (const [other, why] of [
          [changed, "hash"],
          [bytes.subarray(1), "hash"],
          [longer, "length"],
        ] as const)
          await expect(wholeOf(pieces(other, size), announced(bytes))).rejects.toMatchObject({
            code: "hash-mismatch",
            details: { why },
          });
      }),
    );
  });

  test("is not read on once it is longer than announced", async () => {
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 1;
        yield Buffer.alloc(10);
      }
    }
    await expect(wholeOf(endless(), { bytes: 25, sha256: "" })).rejects.toMatchObject({
      code: "hash-mismatch",
    });
    expect(given).toBe(3);
  });
});
