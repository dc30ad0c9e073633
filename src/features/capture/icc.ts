import { beginsWith, type JpegLayout, payloadOf } from "./jpeg-layout.ts";

const app2 = 0xe2;
const signature = "ICC_PROFILE\0";
/** Longest profile that we carry. Cameras' are under 4 kB; a printer's table has no place on a photo. */
const maxProfile = 1024 * 1024;
/** What fits in one APP2 segment beside its length, the signature and two counters. */
const maxPiece = 65535 - 2 - signature.length - 2;

/**
 * The colour profile inside a JPEG's APP2 segments, put together; null where there is none, or it is broken.
 * @see ICC.1:2022 annex B.4
 */
export function profileInJpeg(bytes: Uint8Array, layout: JpegLayout): Uint8Array<ArrayBuffer> | null {
  const pieces = new Map<number, Uint8Array>();
  let count = 0;
  for (const part of layout.parts) {
    if (part.kind !== "segment" || part.marker !== app2) continue;
    const payload = payloadOf(bytes, part);
    if (!beginsWith(payload, signature) || payload.length < signature.length + 2) continue;
    pieces.set(payload[signature.length] ?? 0, payload.subarray(signature.length + 2));
    count = payload[signature.length + 1] ?? 0;
  }
  if (count === 0 || pieces.size !== count) return null;
  const ordered: Uint8Array[] = [];
  for (let number = 1; number <= count; number += 1) {
    const piece = pieces.get(number);
    if (piece === undefined) return null;
    ordered.push(piece);
  }
  return soundProfile(joined(ordered));
}

/** A profile cut to the length that its own header states, so that nothing rides behind it; null when it is no profile. */
export function soundProfile(profile: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (profile.length < 132 || !beginsWith(profile.subarray(36), "acsp")) return null;
  const stated = new DataView(profile.buffer, profile.byteOffset, 4).getUint32(0);
  if (stated < 132 || stated > profile.length || stated > maxProfile) return null;
  return profile.slice(0, stated);
}

/** `RGB `, `GRAY`, `CMYK`…: which pixels the profile is for. */
export const profileSpace = (profile: Uint8Array): string =>
  String.fromCharCode(...profile.subarray(16, 20)).trim();

/** The APP2 segments that carry a profile. */
export function profileSegments(profile: Uint8Array): Uint8Array[] {
  const count = Math.ceil(profile.length / maxPiece);
  return Array.from({ length: count }, (_, index) => {
    const piece = profile.subarray(index * maxPiece, (index + 1) * maxPiece);
    const segment = new Uint8Array(4 + signature.length + 2 + piece.length);
    const length = segment.length - 2;
    segment.set([0xff, app2, length >> 8, length & 0xff]);
    for (let i = 0; i < signature.length; i += 1) segment[4 + i] = signature.charCodeAt(i);
    segment.set([index + 1, count], 4 + signature.length);
    segment.set(piece, 4 + signature.length + 2);
    return segment;
  });
}

/** Pieces one after the other, in memory of their own. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
