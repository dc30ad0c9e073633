import { err, ok, type Result } from "#protocol/result.ts";
import { orientationOf } from "./exif-orientation.ts";
import { joined, profileInJpeg, profileSegments } from "./icc.ts";
import {
  beginsWith,
  type JpegFault,
  type JpegFrame,
  type JpegLayout,
  type JpegPart,
  layoutOf,
  payloadOf,
} from "./jpeg-layout.ts";

/**
 * Takes everything out of a JPEG that is not its pixels and their colours, without touching the pixels: Exif (place, serial
 * number, thumbnail, maker's notes), XMP, IPTC, comments, pictures hidden in pictures, whatever follows the end.
 *
 * It works by an allow-list: what it does not know, it does not copy. A file that it may not copy as it is (turned, progressive,
 * four inks…) is `needs-redraw`: the caller draws it anew and strips the result.
 */
export type Stripped = {
  readonly jpeg: Uint8Array<ArrayBuffer>;
  readonly frame: JpegFrame;
  /** The colour profile inside `jpeg`. */
  readonly profile: Uint8Array<ArrayBuffer> | null;
};

export function stripJpeg(bytes: Uint8Array): Result<Stripped, JpegFault | "needs-redraw"> {
  const layout = layoutOf(bytes);
  if (!layout.ok) return layout;
  if (orientationOf(bytes, layout.value) !== 1 || !isPlainBaseline(bytes, layout.value))
    return err("needs-redraw");
  const profile = profileInJpeg(bytes, layout.value);
  return ok({ jpeg: rebuild(bytes, layout.value, profile), frame: layout.value.frame, profile });
}

/** Strips what an encoder of ours wrote, and gives it the colour profile of the original instead of any of its own. */
export function stripRedrawn(
  bytes: Uint8Array,
  profile: Uint8Array<ArrayBuffer> | null,
): Result<Stripped, JpegFault | "needs-redraw"> {
  const layout = layoutOf(bytes);
  if (!layout.ok) return layout;
  if (!isPlainBaseline(bytes, layout.value)) return err("needs-redraw");
  return ok({ jpeg: rebuild(bytes, layout.value, profile), frame: layout.value.frame, profile });
}

const dht = 0xc4;
const sos = 0xda;
const dqt = 0xdb;
const dri = 0xdd;
const sof0 = 0xc0;
const app0 = 0xe0;
const app14 = 0xee;
const needed = new Set([dht, sos, dqt, dri, sof0]);
const isNote = (marker: number) => (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;

/** Sequential Huffman, 8 bits, grey or YCbCr: what DICOM's JPEG Baseline takes and every reader decodes. */
function isPlainBaseline(bytes: Uint8Array, layout: JpegLayout): boolean {
  const { frame, parts } = layout;
  if (frame.marker !== sof0 || frame.precision !== 8) return false;
  if (frame.components.length !== 1 && frame.components.length !== 3) return false;
  if (String.fromCharCode(...frame.components.map((each) => each.id)) === "RGB") return false;
  if (parts.filter((part) => part.kind === "coded").length > frame.components.length) return false;
  for (const part of parts) {
    if (part.kind === "coded") continue;
    if (!needed.has(part.marker) && !isNote(part.marker)) return false;
    if (!isExact(part.marker, payloadOf(bytes, part))) return false;
    const transform = adobeTransform(bytes, part);
    if (transform !== null && frame.components.length === 3 && transform !== 1) return false;
  }
  return restartsAgree(bytes, layout);
}

/** Whether a table holds what its kind holds and not a byte more: a note that calls itself a table is not copied. */
function isExact(marker: number, payload: Uint8Array): boolean {
  switch (marker) {
    case dri:
      return payload.length === 2;
    case sos:
      return payload.length === 4 + 2 * (payload[0] ?? 0);
    case dqt:
      return isFilledBy(payload, (at) => 1 + ((payload[at] ?? 0) >> 4 === 0 ? 64 : 128));
    case dht:
      return isFilledBy(
        payload,
        (at) => 17 + payload.subarray(at + 1, at + 17).reduce((sum, n) => sum + n, 0),
      );
    default:
      return true;
  }
}

function isFilledBy(payload: Uint8Array, lengthAt: (at: number) => number): boolean {
  let at = 0;
  // Table number and class are each at most 3: the first byte of a table never has other bits.
  while (at < payload.length && ((payload[at] ?? 0) & 0xec) === 0) at += lengthAt(at);
  return at === payload.length && payload.length > 0;
}

/** Where restart markers are announced, their number is known: fewer or more means that coded data were lost or added. */
function restartsAgree(bytes: Uint8Array, { frame, parts }: JpegLayout): boolean {
  const coded = parts.filter((part) => part.kind === "coded");
  const interval = parts.findLast((part) => part.kind === "segment" && part.marker === dri);
  const [only, more] = coded;
  if (only === undefined || more !== undefined) return true;
  const every = interval === undefined ? 0 : readWord(payloadOf(bytes, interval));
  if (every === 0) return only.restarts === 0;
  const single = frame.components.length === 1;
  const across = single ? 8 : 8 * Math.max(...frame.components.map((each) => each.h));
  const down = single ? 8 : 8 * Math.max(...frame.components.map((each) => each.v));
  const units = Math.ceil(frame.widthPx / across) * Math.ceil(frame.heightPx / down);
  return only.restarts === Math.ceil(units / every) - 1;
}

/** How an Adobe segment says that colours are coded: 0 as they are, 1 YCbCr, 2 YCCK; null for another segment. */
function adobeTransform(bytes: Uint8Array, part: JpegPart): number | null {
  if (part.kind !== "segment" || part.marker !== app14) return null;
  const payload = payloadOf(bytes, part);
  return payload.length >= 12 && beginsWith(payload, "Adobe") ? (payload[11] ?? 0) : null;
}

function rebuild(bytes: Uint8Array, layout: JpegLayout, profile: Uint8Array | null): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [Uint8Array.of(0xff, 0xd8)];
  const head = layout.parts.find((part) => isJfif(bytes, part));
  if (head !== undefined) pieces.push(bareJfif(payloadOf(bytes, head)));
  if (profile !== null) pieces.push(...profileSegments(profile));
  if (layout.parts.some((part) => adobeTransform(bytes, part) === 1)) pieces.push(adobeYcc);
  for (const part of layout.parts) {
    if (part.kind === "coded" || needed.has(part.marker)) pieces.push(bytes.subarray(part.start, part.end));
  }
  pieces.push(Uint8Array.of(0xff, 0xd9));
  return joined(pieces);
}

const isJfif = (bytes: Uint8Array, part: JpegPart): boolean =>
  part.kind === "segment" &&
  part.marker === app0 &&
  beginsWith(payloadOf(bytes, part), "JFIF\0") &&
  part.end - part.start >= 18;

/** JFIF 1.02 with the file's density and no thumbnail. */
const bareJfif = (payload: Uint8Array): Uint8Array =>
  Uint8Array.of(
    ...[0xff, app0, 0, 16],
    ...[0x4a, 0x46, 0x49, 0x46, 0, 1, 2],
    ...payload.subarray(7, 12),
    ...[0, 0],
  );

/** Adobe, version 100, no flags, transform 1. */
const adobeYcc = Uint8Array.of(0xff, app14, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 1);

const readWord = (payload: Uint8Array): number => ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
