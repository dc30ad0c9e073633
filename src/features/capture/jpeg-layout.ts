import { err, ok, type Result } from "#protocol/result.ts";

/** One part of a JPEG file: a marker segment (from its 0xFF to its last byte) or the coded data that follow a scan header. */
export type JpegPart =
  | { readonly kind: "segment"; readonly marker: number; readonly start: number; readonly end: number }
  | { readonly kind: "coded"; readonly start: number; readonly end: number; readonly restarts: number };

/** What the frame header says, and whether what follows holds together. */
export type JpegFrame = {
  /** 0xC0 baseline, 0xC1 extended, 0xC2 progressive, … */
  readonly marker: number;
  readonly precision: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly components: readonly { readonly id: number; readonly h: number; readonly v: number }[];
};

export type JpegLayout = {
  readonly parts: readonly JpegPart[];
  readonly frame: JpegFrame;
  /** Offset just after the end-of-image marker: whatever follows is not part of the picture. */
  readonly end: number;
};

/** `truncated`: the file stops before the picture does. `malformed`: it is not laid out as ISO/IEC 10918-1 asks. */
export type JpegFault = "not-jpeg" | "truncated" | "malformed";

const soi = 0xd8;
const eoi = 0xd9;
const sos = 0xda;
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;
/** Frame headers are C0 to CF, less DHT (C4), JPG (C8) and DAC (CC). */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/**
 * Cuts a JPEG file into its parts without decoding it. Written for hostile input: every read is inside the file, every loop
 * moves forward, and work is linear in the file's length.
 * @see ISO/IEC 10918-1 annex B
 */
export function layoutOf(bytes: Uint8Array): Result<JpegLayout, JpegFault> {
  if (bytes.length < 3 || bytes[0] !== 0xff || bytes[1] !== soi || bytes[2] !== 0xff) return err("not-jpeg");
  const parts: JpegPart[] = [];
  let frame: JpegFrame | null = null;
  let at = 2;
  for (;;) {
    const marker = markerAt(bytes, at);
    if (marker === null) return err(at >= bytes.length ? "truncated" : "malformed");
    const { code, next } = marker;
    if (code === eoi) {
      const coded = parts.some((part) => part.kind === "coded");
      return frame === null || !coded ? err("malformed") : ok({ parts, frame, end: next });
    }
    if (code === 0 || code === 1 || code === soi || isRestart(code)) return err("malformed");
    if (next + 2 > bytes.length) return err("truncated");
    const length = word(bytes, next);
    if (length < 2) return err("malformed");
    const end = next + length;
    if (end > bytes.length) return err("truncated");
    parts.push({ kind: "segment", marker: code, start: next - 2, end });
    if (isFrame(code)) {
      const read: JpegFrame | null = frame === null ? frameOf(bytes, code, next + 2, end) : null;
      if (read === null) return err("malformed");
      frame = read;
    }
    at = end;
    if (code === sos) {
      const coded = codedFrom(bytes, end);
      if (coded === null) return err("truncated");
      parts.push(coded);
      at = coded.end;
    }
  }
}

/** Any number of 0xFF fill bytes may stand before a marker's code. */
function markerAt(bytes: Uint8Array, from: number): { code: number; next: number } | null {
  if (bytes[from] !== 0xff) return null;
  let at = from + 1;
  while (bytes[at] === 0xff) at += 1;
  const code = bytes[at];
  return code === undefined ? null : { code, next: at + 1 };
}

/** Coded data run to the next 0xFF that is neither stuffed (FF 00), nor a restart marker, nor fill. */
function codedFrom(bytes: Uint8Array, start: number): Extract<JpegPart, { kind: "coded" }> | null {
  let restarts = 0;
  let at = start;
  for (;;) {
    const found = bytes.indexOf(0xff, at);
    if (found < 0) return null;
    const next = bytes[found + 1];
    if (next === undefined) return null;
    if (next === 0) at = found + 2;
    else if (isRestart(next)) {
      restarts += 1;
      at = found + 2;
    } else if (next === 0xff) at = found + 1;
    else return { kind: "coded", start, end: found, restarts };
  }
}

function frameOf(bytes: Uint8Array, marker: number, start: number, end: number): JpegFrame | null {
  const count = bytes[start + 5];
  if (end - start < 6 || count === undefined || end - start !== 6 + 3 * count) return null;
  const components: JpegFrame["components"][number][] = [];
  for (let i = 0; i < count; i += 1) {
    const at = start + 6 + 3 * i;
    const sampling = bytes[at + 1] ?? 0;
    components.push({ id: bytes[at] ?? 0, h: sampling >> 4, v: sampling & 15 });
  }
  if (components.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) return null;
  const heightPx = word(bytes, start + 1);
  const widthPx = word(bytes, start + 3);
  // A height of 0 means that a later DNL marker says it: no camera does, and readers disagree about it.
  if (heightPx === 0 || widthPx === 0 || count === 0) return null;
  return { marker, precision: bytes[start] ?? 0, widthPx, heightPx, components };
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** The bytes of a segment after its marker and length. */
export const payloadOf = (bytes: Uint8Array, part: JpegPart): Uint8Array =>
  part.kind === "segment" ? bytes.subarray(part.start + 4, part.end) : bytes.subarray(part.start, part.end);

/** Whether a segment's payload begins with these ASCII characters (`\0` included). */
export function beginsWith(payload: Uint8Array, text: string): boolean {
  if (payload.length < text.length) return false;
  for (let i = 0; i < text.length; i += 1) if (payload[i] !== text.charCodeAt(i)) return false;
  return true;
}
