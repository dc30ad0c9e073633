import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import exifr from "exifr";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orientationOf } from "./exif-orientation.ts";
import { profileSegments } from "./icc.ts";
import { layoutOf } from "./jpeg-layout.ts";
import { stripJpeg, stripRedrawn } from "./strip.ts";
import { bytesOf, comment, exifWithOrientation, profile, tinyJpeg } from "./tiny-jpeg.ts";

const samples = join(import.meta.dirname, "../../../../shared/samples/photos");
const sample = (name: string): Uint8Array => new Uint8Array(readFileSync(join(samples, name)));

const everything = {
  tiff: true,
  exif: true,
  gps: true,
  ifd1: true,
  makerNote: true,
  xmp: true,
  iptc: true,
  icc: false,
  jfif: true,
  mergeOutput: false,
} as const;
const readAll = async (jpeg: Uint8Array): Promise<Record<string, unknown>> =>
  (await exifr.parse(Buffer.from(jpeg), everything).catch(() => undefined)) ?? {};

describe("stripJpeg, on files made by hand", () => {
  test("notes, thumbnails and whatever follows the end are gone; the pixels are the same bytes", () => {
    const plain = tinyJpeg();
    const laden = tinyJpeg({
      before: [
        exifWithOrientation(1),
        comment("Josiane Delattre"),
        comment("http://ns.adobe.com/xap/1.0/\0"),
      ],
      after: new TextEncoder().encode("PK\u0003\u0004 a second file"),
    });
    const stripped = stripJpeg(laden);
    expect(stripped.ok && Buffer.from(stripped.value.jpeg)).toEqual(Buffer.from(plain));
  });

  test("the colour profile stays, cut to the length that it states", () => {
    const laden = tinyJpeg({ before: profileSegments(bytesOf(profile(600), new Uint8Array(40))) });
    const stripped = stripJpeg(laden);
    expect(stripped.ok && stripped.value.profile).toHaveLength(600);
    expect(stripped.ok && Buffer.from(stripped.value.jpeg)).toEqual(
      Buffer.from(tinyJpeg({ before: profileSegments(profile(600)) })),
    );
  });

  test("a profile with a piece missing is dropped, not sent in part", () => {
    const pieces = profileSegments(profile(100_000));
    expect(pieces).toHaveLength(2);
    const stripped = stripJpeg(tinyJpeg({ before: pieces.slice(1) }));
    expect(stripped.ok && stripped.value.profile).toBeNull();
  });

  test("an upright file is kept; one that is turned must be drawn anew", () => {
    expect(stripJpeg(tinyJpeg({ before: [exifWithOrientation(1)] })).ok).toBe(true);
    for (const turned of [2, 3, 4, 5, 6, 7, 8])
      expect(stripJpeg(tinyJpeg({ before: [exifWithOrientation(turned)] }))).toEqual({
        ok: false,
        error: "needs-redraw",
      });
  });

  test("progressive, twelve bits and four inks must be drawn anew", () => {
    expect(stripJpeg(tinyJpeg({ frame: 0xc2 }))).toEqual({ ok: false, error: "needs-redraw" });
    expect(stripJpeg(tinyJpeg({ precision: 12 }))).toEqual({ ok: false, error: "needs-redraw" });
    expect(stripJpeg(tinyJpeg({ components: 4 }))).toEqual({ ok: false, error: "needs-redraw" });
    expect(stripJpeg(tinyJpeg({ components: 3 })).ok).toBe(true);
  });

  test("a file that stops before its end is truncated, at whatever byte", () => {
    const whole = tinyJpeg({ before: [exifWithOrientation(1)] });
    for (let length = 3; length < whole.length; length += 1)
      expect(layoutOf(whole.subarray(0, length)).ok, `cut at ${length}`).toBe(false);
    expect(layoutOf(whole).ok).toBe(true);
  });

  test("a picture drawn by us takes the original's profile in place of the encoder's", () => {
    const drawn = tinyJpeg({ before: profileSegments(profile(300)) });
    const stripped = stripRedrawn(drawn, profile(600));
    expect(stripped.ok && Buffer.from(stripped.value.jpeg)).toEqual(
      Buffer.from(tinyJpeg({ before: profileSegments(profile(600)) })),
    );
    expect(stripRedrawn(drawn, null).ok && stripRedrawn(drawn, null)).toMatchObject({
      value: { jpeg: tinyJpeg() },
    });
  });
});

describe("stripJpeg, on any bytes", () => {
  test("never throws, and what it lets through it lets through unchanged a second time", () => {
    const bytes = fc
      .uint8Array({ maxLength: 400 })
      .map((tail) => bytesOf(Uint8Array.of(0xff, 0xd8, 0xff), tail));
    fc.assert(
      fc.property(bytes, (file) => {
        const once = stripJpeg(file);
        if (!once.ok) return;
        const twice = stripJpeg(once.value.jpeg);
        expect(twice.ok && Buffer.from(twice.value.jpeg)).toEqual(Buffer.from(once.value.jpeg));
      }),
      { numRuns: 2000 },
    );
  });

  test("never throws on a sound file with bytes changed, and never lets a secret of the notes through", () => {
    const secret = "SERIAL-4711-PARIS";
    const laden = tinyJpeg({
      before: [comment(secret), exifWithOrientation(1)],
      after: new TextEncoder().encode(secret),
    });
    const change = fc.tuple(fc.nat({ max: laden.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const file = laden.slice();
        // Inside the comment itself a change may break the secret: only the structure around it is attacked.
        for (const [at, value] of changes) if (at < 4 || at > 4 + secret.length + 2) file[at] = value;
        const stripped = stripJpeg(file);
        if (stripped.ok) expect(Buffer.from(stripped.value.jpeg).includes(secret)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test("an orientation is always from 1 to 8", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (tiff) => {
        const file = tinyJpeg({ before: [bytesOf(segmentOf(0xe1, bytesOf(ascii("Exif\0\0"), tiff)))] });
        const layout = layoutOf(file);
        const found = layout.ok ? orientationOf(file, layout.value) : 1;
        expect(found).toBeGreaterThanOrEqual(1);
        expect(found).toBeLessThanOrEqual(8);
      }),
      { numRuns: 2000 },
    );
  });
});

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const segmentOf = (marker: number, payload: Uint8Array): Uint8Array =>
  bytesOf(Uint8Array.of(0xff, marker, (payload.length + 2) >> 8, (payload.length + 2) & 0xff), payload);

// Loud on purpose: without the folder these say nothing about real cameras.
if (!existsSync(samples)) process.stderr.write(`SKIPPED: no sample photographs at ${samples}\n`);

describe.skipIf(!existsSync(samples))("stripJpeg, on files of real cameras", () => {
  test.each(["DSCN0010.jpg", "HMD_Nokia_8.3_5G.jpg", "iphone_hdr_YES.jpg"])(
    "%s says where it was taken, and after stripping nothing",
    async (name) => {
      const before = await readAll(sample(name));
      expect(before).toHaveProperty("gps.latitude");
      expect(before).toHaveProperty("ifd0.Make");
      const stripped = stripJpeg(sample(name));
      expect(stripped.ok).toBe(true);
      if (!stripped.ok) return;
      const after = await readAll(stripped.value.jpeg);
      expect(Object.keys(after).filter((block) => block !== "jfif")).toEqual([]);
      expect(Buffer.from(stripped.value.jpeg).includes("Exif")).toBe(false);
      expect(Buffer.from(stripped.value.jpeg).includes("http://")).toBe(false);
    },
  );

  test.each(["DSCN0010.jpg", "DSCN0021.jpg", "36-memory_error.jpg"])(
    "%s carries a thumbnail, and after stripping none",
    async (name) => {
      expect(await exifr.thumbnail(Buffer.from(sample(name)))).toBeDefined();
      const stripped = stripJpeg(sample(name));
      expect(
        stripped.ok && (await exifr.thumbnail(Buffer.from(stripped.value.jpeg)).catch(() => undefined)),
      ).toBe(undefined);
    },
  );

  test("a profile of a real file survives, byte for byte", () => {
    const stripped = stripJpeg(sample("BlueSquare.jpg"));
    expect(stripped.ok && stripped.value.profile?.length).toBe(3144);
  });

  test.each(["landscape_5.jpg", "landscape_8.jpg", "portrait_3.jpg", "portrait_6.jpg"])(
    "%s is turned and must be drawn anew",
    (name) => {
      expect(stripJpeg(sample(name))).toEqual({ ok: false, error: "needs-redraw" });
    },
  );

  test("a damaged file is refused, not sent grey", () => {
    expect(stripJpeg(sample("corrupted.jpg"))).toEqual({ ok: false, error: "malformed" });
  });

  test("a real file cut in half is truncated", () => {
    const whole = sample("DSCN0010.jpg");
    expect(stripJpeg(whole.subarray(0, whole.length / 2))).toEqual({ ok: false, error: "truncated" });
  });
});
