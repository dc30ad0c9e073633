import { idOf, oidOf } from "../ids.ts";
import { localTime, personName } from "./dicom.ts";
import type { DicomDataset, Step } from "./types.ts";

type Photo = Extract<Step, { kind: "dicom" }>;
type Rejection = Extract<Step, { kind: "reject" }>;

/** Key Object Selection Document Storage. */
const keyObjectClass = "1.2.840.10008.5.1.4.1.1.88.59";

/**
 * Why objects are rejected, as IHE RAD's Imaging Object Change Management (IOCM) has it. `wrong-patient` is the title for what would
 * harm if it were looked at under the name that it has; IOCM's own word for a wrong worklist entry is for devices that have a worklist.
 */
const titles = {
  "wrong-patient": ["113037", "Rejected for Patient Safety Reasons"],
  "wrong-worklist-entry": ["113038", "Incorrect Modality Worklist Entry"],
  quality: ["113001", "Rejected for Quality Reasons"],
} as const;
type RejectionReason = keyof typeof titles;

/** What belongs to the patient and the study, and is said again by every object of it. */
const shared = [
  "PatientName",
  "PatientID",
  "IssuerOfPatientIDQualifiersSequence",
  "PatientBirthDate",
  "PatientSex",
  "StudyInstanceUID",
  "StudyDate",
  "StudyTime",
  "AccessionNumber",
  "StudyID",
  "StudyDescription",
  "ReferringPhysicianName",
] as const;

/**
 * A rejection note (IHE IOCM): a Key Object Selection (PS3.3 A.35.4, TID 2010) in the study of the photos that it rejects. An archive that
 * knows IOCM hides them from then on; any other keeps the note beside them. It is made from the photos' own filed steps, all of one
 * study, and is the same whenever it is made.
 */
export function rejectionNote(rejected: {
  /** What this is done because of: its id gives the note its UIDs. */
  readonly eventId: string;
  readonly photos: readonly Photo[];
  readonly reason: RejectionReason;
  readonly at: string;
  readonly by: { readonly family: string; readonly given: string } | undefined;
  readonly timeZone: string;
}): Rejection {
  const { eventId, photos, timeZone } = rejected;
  const [first] = photos;
  if (first === undefined || photos.some(({ study }) => study !== first.study))
    throw new Error("A rejection note is of photos of one study");
  const at = localTime(rejected.at, timeZone);
  const uids = {
    study: first.study,
    series: oidOf(idOf(eventId, "rejection series")),
    instance: oidOf(idOf(eventId, `rejection ${first.study}`)),
  };
  const [code, meaning] = titles[rejected.reason];
  const dataset: DicomDataset = {
    SpecificCharacterSet: "ISO_IR 192",
    SOPClassUID: keyObjectClass,
    SOPInstanceUID: uids.instance,
    TimezoneOffsetFromUTC: at.offset,
    ...Object.fromEntries(shared.map((name) => [name, first.dataset[name]])),
    Modality: "KO",
    SeriesInstanceUID: uids.series,
    SeriesNumber: 1000,
    SeriesDescription: meaning,
    ReferencedPerformedProcedureStepSequence: [],
    Manufacturer: "Colloque",
    InstanceNumber: 1,
    ContentDate: at.date,
    ContentTime: at.time,
    CurrentRequestedProcedureEvidenceSequence: [
      { StudyInstanceUID: first.study, ReferencedSeriesSequence: seriesOf(photos) },
    ],
    ValueType: "CONTAINER",
    ConceptNameCodeSequence: [dcm(code, meaning)],
    ContinuityOfContent: "SEPARATE",
    ContentTemplateSequence: [{ MappingResource: "DCMR", TemplateIdentifier: "2010" }],
    ContentSequence: [...observer(rejected.by), ...photos.map(imageItem)],
  };
  return {
    kind: "reject",
    dataset,
    patientId: first.patientId,
    rejected: photos.map(({ instance }) => instance),
    ...uids,
  };
}

const dcm = (code: string, meaning: string) => ({
  CodeValue: code,
  CodingSchemeDesignator: "DCM",
  CodeMeaning: meaning,
});

const sopReference = ({ dataset, instance }: Photo) => ({
  ReferencedSOPClassUID: dataset.SOPClassUID ?? "",
  ReferencedSOPInstanceUID: instance,
});

const seriesOf = (photos: readonly Photo[]) =>
  [...new Set(photos.map(({ series }) => series))].map((series) => ({
    SeriesInstanceUID: series,
    ReferencedSOPSequence: photos.filter((photo) => photo.series === series).map(sopReference),
  }));

const imageItem = (photo: Photo) => ({
  RelationshipType: "CONTAINS",
  ValueType: "IMAGE",
  ReferencedSOPSequence: [sopReference(photo)],
});

/** Who says so (TID 1002, 1003). */
function observer(by: { readonly family: string; readonly given: string } | undefined) {
  if (by === undefined) return [];
  return [
    {
      RelationshipType: "HAS OBS CONTEXT",
      ValueType: "CODE",
      ConceptNameCodeSequence: [dcm("121005", "Observer Type")],
      ConceptCodeSequence: [dcm("121006", "Person")],
    },
    {
      RelationshipType: "HAS OBS CONTEXT",
      ValueType: "PNAME",
      ConceptNameCodeSequence: [dcm("121008", "Person Observer Name")],
      PersonName: personName(by.family, by.given),
    },
  ];
}
