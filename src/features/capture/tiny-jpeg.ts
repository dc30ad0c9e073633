import { joined } from "./icc.ts";

/**
 * The smallest files laid out like JPEG, for tests: 8 × 8 pixels, coded data that decode to nothing in particular. The stripper
 * never decodes, so the layout is all that matters here; real pictures are tested in a browser.
 */
export function tinyJpeg(
  options: {
    readonly before?: readonly Uint8Array[];
    readonly after?: Uint8Array;
    readonly frame?: number;
    readonly precision?: number;
    readonly components?: number;
  } = {},
): Uint8Array<ArrayBuffer> {
  const { before = [], after = new Uint8Array(), frame = 0xc0, precision = 8, components = 1 } = options;
  const each = Array.from({ length: components }, (_, index) => [index + 1, 0x11, 0]).flat();
  const scan = Array.from({ length: components }, (_, index) => [index + 1, 0]).flat();
  return joined([
    Uint8Array.of(0xff, 0xd8),
    ...before,
    segment(0xdb, [0, ...Array.from({ length: 64 }, () => 1)]),
    segment(frame, [precision, 0, 8, 0, 8, components, ...each]),
    segment(0xc4, [0, 1, ...Array.from({ length: 15 }, () => 0), 0]),
    segment(0xda, [components, ...scan, 0, 63, 0]),
    // Stuffed, as a coded 0xFF must be.
    Uint8Array.of(0x12, 0x34, 0xff, 0x00, 0x56),
    Uint8Array.of(0xff, 0xd9),
    after,
  ]);
}

export const bytesOf = (...pieces: Uint8Array[]): Uint8Array<ArrayBuffer> => joined(pieces);

function segment(marker: number, payload: readonly number[]): Uint8Array {
  const length = payload.length + 2;
  return Uint8Array.of(0xff, marker, length >> 8, length & 0xff, ...payload);
}

export const comment = (text: string): Uint8Array => segment(0xfe, [...new TextEncoder().encode(text)]);

/** An Exif block with nothing but an orientation, most significant byte first. */
export const exifWithOrientation = (orientation: number): Uint8Array =>
  segment(0xe1, [
    ...new TextEncoder().encode("Exif\0\0MM\0*"),
    ...[0, 0, 0, 8, 0, 1],
    ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0],
    ...[0, 0, 0, 0],
  ]);

/** Bytes that begin like an RGB colour profile of that length. */
export function profile(length: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length).fill(7);
  new DataView(made.buffer).setUint32(0, length);
  made.set(new TextEncoder().encode("RGB "), 16);
  made.set(new TextEncoder().encode("acsp"), 36);
  return made;
}
