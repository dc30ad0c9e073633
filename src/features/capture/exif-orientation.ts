import { beginsWith, type JpegLayout, payloadOf } from "./jpeg-layout.ts";

const app1 = 0xe1;
const orientationTag = 0x0112;
const shortType = 3;

/**
 * The orientation (1 to 8) that a JPEG's Exif block asks for; 1 where there is none or it cannot be read, as browsers do.
 * @see CIPA DC-008 (Exif 2.32) §4.6.4; TIFF 6.0 §2
 */
export function orientationOf(bytes: Uint8Array, layout: JpegLayout): number {
  for (const part of layout.parts) {
    if (part.kind !== "segment" || part.marker !== app1) continue;
    const payload = payloadOf(bytes, part);
    if (beginsWith(payload, "Exif\0\0")) return fromTiff(payload.subarray(6));
  }
  return 1;
}

function fromTiff(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = beginsWith(tiff, "II*\0");
  if (tiff.length < 14 || (!little && !beginsWith(tiff, "MM\0*"))) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i += 1) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.length) return 1;
    if (view.getUint16(at, little) !== orientationTag) continue;
    const value = view.getUint16(at + 2, little) === shortType ? view.getUint16(at + 8, little) : 1;
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
