import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imageKindOf, profileInContainer } from "./image-kind.ts";
import { bytesOf, profile, tinyJpeg } from "./tiny-jpeg.ts";

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
const uint32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const chunk = (type: string, data: Uint8Array): Uint8Array =>
  bytesOf(uint32(data.length), ascii(type), data, new Uint8Array(4));
const png = (width: number, height: number, ...more: Uint8Array[]): Uint8Array =>
  bytesOf(
    ascii("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", bytesOf(uint32(width), uint32(height), Uint8Array.of(8, 6, 0, 0, 0))),
    ...more,
    chunk("IEND", new Uint8Array()),
  );
const webp = (width: number, height: number): Uint8Array => {
  const [w, h] = [width - 1, height - 1];
  const body = Uint8Array.of(0, 0, 0, 0, w, w >> 8, w >> 16, h, h >> 8, h >> 16);
  const file = bytesOf(ascii("RIFF"), new Uint8Array(4), ascii("WEBPVP8X"), Uint8Array.of(10, 0, 0, 0), body);
  new DataView(file.buffer).setUint32(4, file.length - 8, true);
  return file;
};

describe("imageKindOf", () => {
  test("tells a picture by its first bytes and its size by its header", () => {
    expect(imageKindOf(tinyJpeg())).toEqual({ kind: "jpeg", widthPx: 8, heightPx: 8 });
    expect(imageKindOf(png(4000, 3000))).toEqual({ kind: "png", widthPx: 4000, heightPx: 3000 });
    expect(imageKindOf(webp(4000, 3000))).toEqual({ kind: "webp", widthPx: 4000, heightPx: 3000 });
  });

  test("a file without a byte is empty", () => {
    expect(imageKindOf(new Uint8Array())).toEqual({ kind: "refused", reason: "empty" });
  });

  test("50 megapixels are refused before anything decodes them; one row less is taken", () => {
    expect(imageKindOf(png(10_000, 5_000))).toEqual({ kind: "refused", reason: "too-many-pixels" });
    expect(imageKindOf(webp(16_000, 16_000))).toEqual({ kind: "refused", reason: "too-many-pixels" });
    expect(imageKindOf(png(10_000, 4_999))).toMatchObject({ kind: "png" });
  });

  test("a picture that stops early is truncated", () => {
    expect(imageKindOf(png(100, 100).subarray(0, 30))).toEqual({ kind: "refused", reason: "truncated" });
    expect(imageKindOf(webp(100, 100).subarray(0, 26))).toEqual({ kind: "refused", reason: "truncated" });
    expect(imageKindOf(tinyJpeg().subarray(0, 40))).toEqual({ kind: "refused", reason: "truncated" });
    expect(imageKindOf(Uint8Array.of(0xff, 0xd8))).toEqual({ kind: "refused", reason: "truncated" });
  });

  test("a letter, a page or a drawing that calls itself .jpg is no picture", () => {
    for (const text of ["%PDF-1.7", "<svg xmlns=…>", "<!doctype html>", "PK\u0003\u0004", "hello"])
      expect(imageKindOf(ascii(text))).toEqual({ kind: "refused", reason: "not-an-image" });
  });

  test("a GIF or an AVIF is a picture that we do not take", () => {
    expect(imageKindOf(ascii("GIF89a"))).toEqual({ kind: "refused", reason: "unsupported" });
    expect(imageKindOf(ascii("\0\0\0\x1cftypavif\0\0\0\0mif1"))).toEqual({
      kind: "refused",
      reason: "unsupported",
    });
  });

  test("any bytes get an answer", () => {
    const starts = ["\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF\x40\0\0\0WEBPVP8X", "\0\0\0\x18ftypheic", ""];
    const file = fc
      .tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }))
      .map(([start, rest]) => bytesOf(ascii(start), rest));
    fc.assert(
      fc.property(file, (bytes) => {
        expect(imageKindOf(bytes).kind).toBeTypeOf("string");
      }),
      { numRuns: 3000 },
    );
  });

  const heic = join(import.meta.dirname, "../../../../shared/samples/photos/IMG_5195.HEIC");
  if (!existsSync(heic)) process.stderr.write(`SKIPPED: no sample photograph at ${heic}\n`);
  test.skipIf(!existsSync(heic))("a telephone's HEIC is told, with its size", () => {
    expect(imageKindOf(new Uint8Array(readFileSync(heic)))).toMatchObject({
      kind: "heic",
      widthPx: 2566,
    });
  });
});

describe("profileInContainer", () => {
  test("inflates a PNG's colour profile", async () => {
    const held = chunk("iCCP", bytesOf(ascii("Display P3\0\0"), deflateSync(profile(600))));
    expect(await profileInContainer(png(10, 10, held))).toEqual(profile(600));
  });

  test("gives up on one that inflates without end", async () => {
    const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024));
    expect(await profileInContainer(png(10, 10, chunk("iCCP", bytesOf(ascii("x\0\0"), bomb))))).toBeNull();
  });
});
