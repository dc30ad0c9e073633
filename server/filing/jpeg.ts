/** What DICOM must know of a JPEG before it takes it in. */
export type JpegFacts = {
  readonly width: number;
  readonly height: number;
  readonly components: 1 | 3;
  readonly photometric: "MONOCHROME2" | "YBR_FULL" | "YBR_FULL_422" | "RGB";
};

/**
 * Reads the header of a baseline JPEG (ISO/IEC 10918-1, SOF0, 8 bits). Undefined for anything else: progressive and lossless
 * pictures, truncated headers, other formats. DICOM's transfer syntax 1.2.840.10008.1.2.4.50 takes nothing else.
 */
export function parseJpeg(bytes: Uint8Array): JpegFacts | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let adobeTransform: number | undefined;
  let facts: JpegFacts | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    // Fill bytes may stand before any marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return undefined;
    if (marker === 0xda) return endsProperly(bytes) ? facts : undefined;
    if (marker === 0xee && length >= 14 && startsWith(bytes, at + 4, "Adobe"))
      adobeTransform = bytes[at + 15];
    if (marker === 0xc0) facts = readFrame(view, at + 4, length - 2, adobeTransform);
    else if (isOtherFrame(marker)) return undefined;
    at += 2 + length;
  }
  return undefined;
}

/** Encapsulated pixel data have an even length: one zero byte after the end marker changes no reader's mind (DICOM PS3.5 A.4). */
export function padToEven(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(bytes.length + (bytes.length % 2));
  padded.set(bytes);
  return padded;
}

/** Whether `stored` is `original`, a pad byte aside. */
export function samePicture(stored: Uint8Array, original: Uint8Array): boolean {
  if (stored.length !== original.length && stored.length !== original.length + (original.length % 2))
    return false;
  return Buffer.compare(stored.subarray(0, original.length), original) === 0;
}

function readFrame(
  view: DataView,
  at: number,
  length: number,
  adobeTransform: number | undefined,
): JpegFacts | undefined {
  if (length < 9 || view.getUint8(at) !== 8) return undefined;
  const height = view.getUint16(at + 1);
  const width = view.getUint16(at + 3);
  const components = view.getUint8(at + 5);
  if (height === 0 || width === 0 || length < 6 + 3 * components) return undefined;
  if (components === 1) return { width, height, components, photometric: "MONOCHROME2" };
  if (components !== 3) return undefined;
  const luma = view.getUint8(at + 7);
  const subsampled = luma !== view.getUint8(at + 10) || luma !== view.getUint8(at + 13);
  const photometric = adobeTransform === 0 ? "RGB" : subsampled ? "YBR_FULL_422" : "YBR_FULL";
  return { width, height, components, photometric };
}

/** SOF1 to SOF15 but for the three markers of that range that are not frames (DHT, JPG, DAC). */
const isOtherFrame = (marker: number): boolean =>
  marker >= 0xc1 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Some cameras write zeros after the end of the image; anything else there means that it was cut. */
function endsProperly(bytes: Uint8Array): boolean {
  let last = bytes.length - 1;
  while (last > 0 && bytes[last] === 0) last -= 1;
  return bytes[last] === 0xd9 && bytes[last - 1] === 0xff;
}

const startsWith = (bytes: Uint8Array, at: number, text: string): boolean =>
  [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0));
