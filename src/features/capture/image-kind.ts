import { soundProfile } from "./icc.ts";
import { beginsWith, layoutOf } from "./jpeg-layout.ts";

/** Why a file is not taken as a picture. Each is a key of the texts that people read. */
export type FileRefusal =
  | "empty"
  | "truncated"
  | "damaged"
  | "not-an-image"
  | "heic"
  | "unsupported"
  | "too-many-pixels"
  | "too-heavy";

/** A picture told by its first bytes, never by its name: what it is, and how large it says it is. */
export type ImageKind =
  | { readonly kind: "jpeg"; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: "png"; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: "webp"; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: "heic"; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: "refused"; readonly reason: FileRefusal };

/** 50 megapixels decode to 200 MB: more than a phone's tab may ask for. */
const maxPixels = 50_000_000;
/** No camera writes more for one picture under 50 megapixels; a larger file is something else. */
const maxFileBytes = 80 * 1024 * 1024;

const refused = (reason: FileRefusal): ImageKind => ({ kind: "refused", reason });

/** Looks at a file's headers before anything decodes it. */
export function imageKindOf(bytes: Uint8Array): ImageKind {
  if (bytes.length === 0) return refused("empty");
  if (bytes.length > maxFileBytes) return refused("too-heavy");
  const found = read(bytes);
  if (found.kind === "refused") return found;
  if (found.kind !== "heic" && (found.widthPx === 0 || found.heightPx === 0)) return refused("damaged");
  return found.widthPx * found.heightPx >= maxPixels ? refused("too-many-pixels") : found;
}

function read(bytes: Uint8Array): ImageKind {
  if (beginsWith(bytes, "\xff\xd8\xff")) return jpeg(bytes);
  if (beginsWith(bytes, "\x89PNG\r\n\x1a\n")) return png(bytes);
  if (beginsWith(bytes, "RIFF") && beginsWith(bytes.subarray(8), "WEBP")) return webp(bytes);
  if (beginsWith(bytes.subarray(4), "ftyp")) return isoMedia(bytes);
  const known = ["GIF8", "II*\0", "MM\0*", "BM", "\0\0\x01\0"].some((magic) => beginsWith(bytes, magic));
  // A picture cut after its first bytes is still told from a letter or a table.
  if (known) return refused("unsupported");
  const cut = ["\xff\xd8", "\x89PNG", "RIFF"].some((magic) => beginsWith(bytes, magic));
  return refused(cut ? "truncated" : "not-an-image");
}

function jpeg(bytes: Uint8Array): ImageKind {
  const layout = layoutOf(bytes);
  if (layout.ok) {
    const { widthPx, heightPx } = layout.value.frame;
    return { kind: "jpeg", widthPx, heightPx };
  }
  return refused(layout.error === "truncated" ? "truncated" : "damaged");
}

/** @see PNG (W3C) §5: length, type, data, CRC; the first chunk is IHDR and the last IEND. */
function png(bytes: Uint8Array): ImageKind {
  const chunks = pngChunks(bytes);
  if (chunks === null) return refused("truncated");
  const header = chunks[0];
  if (header?.type !== "IHDR" || header.data.length !== 13) return refused("damaged");
  const view = viewOf(header.data);
  return { kind: "png", widthPx: view.getUint32(0), heightPx: view.getUint32(4) };
}

type Chunk = { readonly type: string; readonly data: Uint8Array };

function pngChunks(bytes: Uint8Array): Chunk[] | null {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) return null;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.subarray(at + 8, end - 4) });
    if (type === "IEND") return chunks;
    at = end;
  }
  return null;
}

/** @see RFC 9649 §2: RIFF chunks, padded to even lengths. */
function webp(bytes: Uint8Array): ImageKind {
  const view = viewOf(bytes);
  if (bytes.length < 30 || view.getUint32(4, true) + 8 > bytes.length) return refused("truncated");
  const at = 20;
  switch (String.fromCharCode(...bytes.subarray(12, 16))) {
    case "VP8X":
      return { kind: "webp", widthPx: 1 + uint24(bytes, at + 4), heightPx: 1 + uint24(bytes, at + 7) };
    case "VP8 ":
      return {
        kind: "webp",
        widthPx: view.getUint16(at + 6, true) & 0x3fff,
        heightPx: view.getUint16(at + 8, true) & 0x3fff,
      };
    case "VP8L": {
      const packed = view.getUint32(at + 1, true);
      return { kind: "webp", widthPx: 1 + (packed & 0x3fff), heightPx: 1 + ((packed >>> 14) & 0x3fff) };
    }
    default:
      return refused("damaged");
  }
}

const uint24 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);

const heicBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];

/** Boxes of ISO/IEC 14496-12. Of HEIC we only need the size, which `ispe` boxes state, to refuse a bomb before decoding. */
function isoMedia(bytes: Uint8Array): ImageKind {
  const brand = String.fromCharCode(...bytes.subarray(8, 12));
  if (!heicBrands.includes(brand)) return refused(brand === "avif" ? "unsupported" : "not-an-image");
  const view = viewOf(bytes);
  const until = Math.min(bytes.length - 16, 256 * 1024);
  let [widthPx, heightPx] = [0, 0];
  for (let at = 8; at < until; at += 1) {
    if (bytes[at] !== 0x69 || !beginsWith(bytes.subarray(at), "ispe")) continue;
    widthPx = Math.max(widthPx, view.getUint32(at + 8));
    heightPx = Math.max(heightPx, view.getUint32(at + 12));
  }
  return { kind: "heic", widthPx, heightPx };
}

/** The RGB colour profile of a PNG (compressed) or WebP file, if it has one that is sound. */
export async function profileInContainer(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null> {
  if (beginsWith(bytes, "RIFF")) return profileInWebp(bytes);
  const chunk = pngChunks(bytes)?.find((each) => each.type === "iCCP");
  const nameEnd = chunk?.data.indexOf(0) ?? -1;
  if (chunk === undefined || nameEnd < 0) return null;
  const inflated = await inflate(chunk.data.slice(nameEnd + 2));
  return inflated === null ? null : soundProfile(inflated);
}

function profileInWebp(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const view = viewOf(bytes);
  let at = 12;
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at + 4, true);
    if (beginsWith(bytes.subarray(at), "ICCP") && at + 8 + length <= bytes.length)
      return soundProfile(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  return null;
}

const maxInflated = 2 * 1024 * 1024;

/** Inflates a small thing and gives up as soon as it turns out large: a profile may be a bomb. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    for await (const piece of stream) {
      size += piece.length;
      if (size > maxInflated) return null;
      pieces.push(piece);
    }
  } catch {
    return null;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
