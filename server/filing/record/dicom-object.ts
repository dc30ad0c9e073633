import { data } from "dcmjs";
import { padToEven } from "../jpeg.ts";
import type { DicomDataset } from "../plan/types.ts";

/** JPEG Baseline (Process 1), encapsulated. */
export const jpegBaseline = "1.2.840.10008.1.2.4.50";

/** Our own root for implementations, from a uuid (ITU-T X.667). */
const implementationUid = "2.25.210480283177329472862937117105412318921";

/** Explicit VR Little Endian, for objects without a picture. */
const explicitLittleEndian = "1.2.840.10008.1.2.1";

/** A DICOM file (PS3.10), around a JPEG whose bytes go in as they are, or without a picture. The same facts give the same bytes. */
export function dicomFile(dataset: DicomDataset, jpeg?: Uint8Array): Uint8Array<ArrayBuffer> {
  const { DicomDict, DicomMetaDictionary } = data;
  const meta = {
    FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
    MediaStorageSOPClassUID: dataset.SOPClassUID,
    MediaStorageSOPInstanceUID: dataset.SOPInstanceUID,
    TransferSyntaxUID: jpeg === undefined ? explicitLittleEndian : jpegBaseline,
    ImplementationClassUID: implementationUid,
    ImplementationVersionName: "COLLOQUE",
  };
  const file = new DicomDict(DicomMetaDictionary.denaturalizeDataset(meta));
  const pixels =
    jpeg === undefined ? {} : { PixelData: [padToEven(jpeg).buffer], _vrMap: { PixelData: "OB" } };
  file.dict = DicomMetaDictionary.denaturalizeDataset({ ...dataset, ...pixels });
  return new Uint8Array(file.write({ fragmentMultiframe: false }));
}
