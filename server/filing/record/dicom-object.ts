import { data } from "dcmjs";
import { padToEven } from "../jpeg.ts";
import { videoClass } from "../plan/dicom.ts";
import type { DicomDataset } from "../plan/types.ts";

/** JPEG Baseline (Process 1), encapsulated. */
export const jpegBaseline = "1.2.840.10008.1.2.4.50";

/** MPEG-4 AVC/H.264 High Profile / Level 4.1. */
export const h264HighLevel41 = "1.2.840.10008.1.2.4.102";

/** Our own root for implementations, from a uuid (ITU-T X.667). */
const implementationUid = "2.25.210480283177329472862937117105412318921";

/** Explicit VR Little Endian, for objects without a picture. */
const explicitLittleEndian = "1.2.840.10008.1.2.1";

/**
 * A DICOM file (PS3.10), around a JPEG or a video whose bytes go in as they are, in one piece, or without a picture. The same facts give the
 * same bytes.
 */
export function dicomFile(dataset: DicomDataset, picture?: Uint8Array): Uint8Array<ArrayBuffer> {
  const { DicomDict, DicomMetaDictionary } = data;
  const meta = {
    FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
    MediaStorageSOPClassUID: dataset.SOPClassUID,
    MediaStorageSOPInstanceUID: dataset.SOPInstanceUID,
    TransferSyntaxUID: picture === undefined ? explicitLittleEndian : encodingOf(dataset),
    ImplementationClassUID: implementationUid,
    ImplementationVersionName: "COLLOQUE",
  };
  const file = new DicomDict(DicomMetaDictionary.denaturalizeDataset(meta));
  const pixels =
    picture === undefined ? {} : { PixelData: [padToEven(picture).buffer], _vrMap: { PixelData: "OB" } };
  file.dict = DicomMetaDictionary.denaturalizeDataset({ ...dataset, ...pixels });
  return new Uint8Array(file.write({ fragmentMultiframe: false }));
}

const encodingOf = ({ SOPClassUID }: DicomDataset): string =>
  SOPClassUID === videoClass ? h264HighLevel41 : jpegBaseline;

const itemTag = 0xe000fffe;

/** The encapsulated bytes of a DICOM file, its fragments joined (PS3.5 A.4); undefined where it has none. */
export function pixelsOf(file: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const pixelData = Buffer.from("e07f10004f420000ffffffff", "hex");
  const found = bytes.indexOf(pixelData);
  const fragments: Buffer[] = [];
  let at = found + pixelData.length;
  while (found >= 0 && at + 8 <= bytes.length && bytes.readUInt32LE(at) === itemTag) {
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    fragments.push(bytes.subarray(at + 8, end));
    at = end;
  }
  // The first item is the table of offsets.
  return fragments.length < 2 ? undefined : Buffer.concat(fragments.slice(1));
}
