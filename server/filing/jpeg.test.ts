import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { padToEven, parseJpeg, samePicture } from "./jpeg.ts";
import { tinyJpeg } from "./testing/a-case.ts";

describe("a JPEG", () => {
  test("that is baseline and whole is read", () => {
    expect(parseJpeg(tinyJpeg)).toEqual({ width: 8, height: 8, components: 1, photometric: "MONOCHROME2" });
  });

  test("that was cut anywhere is refused", () => {
    for (let length = 0; length < tinyJpeg.length; length += 1)
      expect(parseJpeg(tinyJpeg.subarray(0, length))).toBeUndefined();
  });

  test("that is progressive is refused", () => {
    const progressive = Uint8Array.from(tinyJpeg);
    progressive[Buffer.from(tinyJpeg).indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc2;
    expect(parseJpeg(progressive)).toBeUndefined();
  });

  test("never makes the reader fail, whatever its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        parseJpeg(Uint8Array.from([0xff, 0xd8, ...bytes]));
      }),
    );
  });

  test("is the same picture with its pad byte, and another with one bit changed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, at) => {
        const padded = padToEven(bytes);
        expect(padded.length % 2).toBe(0);
        expect(samePicture(padded, bytes)).toBe(true);
        const changed = Uint8Array.from(bytes);
        const place = at % bytes.length;
        changed[place] = (changed[place] ?? 0) ^ 1;
        expect(samePicture(padToEven(changed), bytes)).toBe(false);
        expect(samePicture(Uint8Array.from([...padded, 0, 0]), bytes)).toBe(false);
      }),
    );
  });
});
