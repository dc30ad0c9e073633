import { type BodySite, lateralitySnomed, regionOf, siteInWords } from "#protocol/body-sites.ts";
import type { CasePhoto } from "#protocol/case-state.ts";
import type { Photo } from "#protocol/events.ts";
import type { Patient, Sex } from "#protocol/patient.ts";
import { fullName } from "#protocol/people.ts";
import { idOf, oidOf } from "../ids.ts";
import type { JpegFacts } from "../jpeg.ts";
import type { Video } from "../video/index.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, requestOf } from "./codes.ts";
import type { DicomDataset, PlanContext, Step } from "./types.ts";

type PhotoEvent = Extract<FileableEvent, { kind: "photo" }>;

/** VL Photographic Image Storage. */
export const photographicClass = "1.2.840.10008.5.1.4.1.1.77.1.4";

/** Video Photographic Image Storage. */
export const videoClass = "1.2.840.10008.5.1.4.1.1.77.1.4.1";

export const imageClassOf = ({ clip }: Pick<Photo, "clip">): string =>
  clip === undefined ? photographicClass : videoClass;

/** The UIDs of one photo: its series is that of its photographer within the case's study. */
export const photoUids = (requestEventId: string, eventId: string, takenBy: string) => ({
  study: caseIds(requestEventId).study,
  series: oidOf(idOf(requestEventId, `series ${takenBy}`)),
  instance: oidOf(idOf(eventId, "instance")),
});

type DicomStep = Extract<Step, { kind: "dicom" }>;

/** The photo as a VL Photographic object (DICOM PS3.3 A.32.4), its JPEG encapsulated as it is. */
export function photoInstance(
  event: PhotoEvent,
  picture: Uint8Array,
  facts: JpegFacts,
  context: PlanContext,
): DicomStep {
  return instance(event, context, "picture", {
    LossyImageCompressionRatio: ((facts.width * facts.height * facts.components) / picture.length).toFixed(2),
    LossyImageCompressionMethod: "ISO_10918_1",
    SamplesPerPixel: facts.components,
    PhotometricInterpretation: facts.photometric,
    ...(facts.components === 3 ? { PlanarConfiguration: 0 } : {}),
    Rows: facts.height,
    Columns: facts.width,
  });
}

/** Where the converted clip lies while it is filed. */
export const videoBlob = "video";

/** The clip as a Video Photographic object (PS3.3 A.32.7), converted; as it was sent it is the document beside it. */
export function clipInstance(event: PhotoEvent, video: Video, context: PlanContext): DicomStep {
  const { width, height, frames, framesPerSecond } = video;
  return instance(event, context, videoBlob, {
    LossyImageCompressionRatio: ((width * height * 1.5 * frames) / video.bytes.length).toFixed(2),
    LossyImageCompressionMethod: "ISO_14496_10",
    SamplesPerPixel: 3,
    PhotometricInterpretation: "YBR_PARTIAL_420",
    PlanarConfiguration: 0,
    Rows: height,
    Columns: width,
    NumberOfFrames: frames,
    // The frames follow each other in time, each after so many milliseconds.
    FrameIncrementPointer: 0x00181063,
    FrameTime: (1000 / framesPerSecond).toFixed(2),
    CineRate: framesPerSecond,
    RecommendedDisplayFrameRate: framesPerSecond,
  });
}

/**
 * What photos and clips have in common. The consent is not said here: DICOM has no place for it outside trials, so it stays in the FHIR
 * Provenance (filing.md §C4).
 */
function instance(event: PhotoEvent, context: PlanContext, blob: string, pixels: DicomDataset): DicomStep {
  const { eventId: requestEventId, request } = requestOf(context);
  const { takenAt, takenBy } = event.photo.receipt.payload;
  const uids = photoUids(requestEventId, event.eventId, takenBy);
  const number = context.state.photos.findIndex((each) => each.eventId === event.eventId) + 1;
  const taken = localTime(takenAt, context.timeZone);
  const asked = localTime(request.createdAt, context.timeZone);
  const photographer = context.clinician(takenBy);
  const requester = context.clinician(request.requester);
  const patientId = patientIdOf(context.patient);
  const dataset: DicomDataset = {
    SpecificCharacterSet: "ISO_IR 192",
    SOPClassUID: imageClassOf(event.photo),
    SOPInstanceUID: uids.instance,
    TimezoneOffsetFromUTC: taken.offset,
    ...patientModule(context.patient, patientId),
    StudyInstanceUID: uids.study,
    StudyDate: asked.date,
    StudyTime: asked.time,
    AccessionNumber: "",
    StudyID: caseIds(requestEventId).task.slice(0, 8),
    StudyDescription: "Télé-expertise",
    ReferringPhysicianName: requester === undefined ? "" : personName(requester.family, requester.given),
    Modality: "XC",
    SeriesInstanceUID: uids.series,
    SeriesNumber: 1,
    OperatorsName: photographer === undefined ? "" : personName(photographer.family, photographer.given),
    InstitutionName: text(context.hospital.name),
    Manufacturer: "Colloque",
    InstanceNumber: number,
    ContentDate: taken.date,
    ContentTime: taken.time,
    AcquisitionDateTime: `${taken.date}${taken.time}${taken.offset}`,
    PatientOrientation: "",
    ImageType: ["ORIGINAL", "PRIMARY"],
    BurnedInAnnotation: "NO",
    ImageComments: text(
      photographer === undefined
        ? ""
        : `${event.photo.clip === undefined ? "Photo" : "Vidéo"} : ${fullName(photographer)}`,
    ),
    LossyImageCompression: "01",
    ...bodyModule(event.photo.site),
    AcquisitionContextSequence: [],
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    ...pixels,
  };
  return { kind: "dicom", dataset, blob, patientId, ...uids };
}

/**
 * The photos of the case that the archive has, or is given with `now`. A clip is there only where it could be converted when it was filed.
 */
export function archivedPhotos(context: PlanContext, now?: string): CasePhoto[] {
  if (!context.archive) return [];
  const { eventId: requestEventId } = requestOf(context);
  return context.state.photos.filter(
    ({ eventId, photo }) =>
      photo.clip === undefined ||
      eventId === now ||
      context.entries?.includes(
        dicomReference(photoUids(requestEventId, eventId, photo.receipt.payload.takenBy)),
      ) === true,
  );
}

export const dicomReference = ({ instance: uid }: { readonly instance: string }): string => `dicom:${uid}`;

function patientModule(patient: Patient, patientId: string): DicomDataset {
  const ins = patient.identity === "qualified" ? patient.ins : undefined;
  return {
    PatientName: personName(patient.family, patient.given),
    PatientID: patientId,
    ...(ins === undefined
      ? {}
      : {
          IssuerOfPatientIDQualifiersSequence: [
            { UniversalEntityID: ins.system.replace(/^urn:oid:/, ""), UniversalEntityIDType: "ISO" },
          ],
        }),
    PatientBirthDate: patient.birthDate?.replaceAll("-", "") ?? "",
    PatientSex: sexes[patient.sex],
  };
}

const sexes: Readonly<Record<Sex, string>> = { female: "F", male: "M", other: "O", unknown: "" };

/** INS where the identity is qualified, else the hospital's number, else the record's own id. */
export const patientIdOf = (patient: Patient): string =>
  text(
    (patient.identity === "qualified" ? patient.ins?.value : undefined) ??
      patient.hospitalNumber ??
      patient.recordId,
  );

function bodyModule(site: BodySite): DicomDataset {
  const region = regionOf(site.region);
  const side = lateralitySnomed[site.laterality];
  return {
    AnatomicRegionSequence: [
      {
        CodeValue: region.snomed,
        CodingSchemeDesignator: "SCT",
        CodeMeaning: region.en,
        ...(side === undefined
          ? {}
          : {
              AnatomicRegionModifierSequence: [
                {
                  CodeValue: side,
                  CodingSchemeDesignator: "SCT",
                  CodeMeaning: sideMeanings[site.laterality],
                },
              ],
            }),
      },
    ],
    ImageLaterality: site.laterality,
    SeriesDescription: text(siteInWords(site, "fr")),
  };
}

const sideMeanings = { L: "Left", R: "Right", B: "Right and left", U: "Unpaired" } as const;

/** A text of a DICOM value: its separator and control characters out, 64 characters at most (VR LO, PS3.5 §6.2). */
const text = (value: string): string =>
  [
    ...value
      .normalize("NFC")
      .replace(/[\\\p{Cc}]/gu, " ")
      .trim(),
  ]
    .slice(0, 64)
    .join("");

/** PN: the component separators mean something there and never come from a name. */
export const personName = (family: string, given: string): string => {
  const part = (value: string) => [...text(value.replace(/[\^=]/g, " "))].slice(0, 31).join("");
  return `${part(family)}^${part(given)}`;
};

/** An instant as a wall clock of the hospital shows it, with the offset of that day. */
export function localTime(iso: string, timeZone: string): { date: string; time: string; offset: string } {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "longOffset",
  }).formatToParts(Date.parse(iso));
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? "";
  const offset = get("timeZoneName").replace("GMT", "").replace(":", "");
  return {
    date: `${get("year")}${get("month")}${get("day")}`,
    time: `${get("hour")}${get("minute")}${get("second")}`,
    offset: offset === "" ? "+0000" : offset,
  };
}
