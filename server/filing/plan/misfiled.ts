import { type CasePhoto, opinionVersions } from "#protocol/case-state.ts";
import type { Misfiling } from "#protocol/misfiling.ts";
import { idOf } from "../ids.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, concept, requestOf, systems } from "./codes.ts";
import { archivedPhotos, clipInstance, photoInstance } from "./dicom.ts";
import { rejectionNote } from "./dicom-rejection.ts";
import { filedKeys } from "./registry-keys.ts";
import { changeAudit, provenance } from "./trail.ts";
import type { Plan, PlanContext, Resource, Step } from "./types.ts";

type MisfiledEvent = Extract<FileableEvent, { kind: "misfiled" }>;

/**
 * The case was of the wrong patient. Everything that the record has of it is entered in error: it stays, as law and the profiles have it, and no
 * reader takes it for this patient's. Its photos are rejected in the archive. Who said so, why, and who was told is kept beside it.
 */
export function planMisfiled({ eventId, misfiling }: MisfiledEvent, context: PlanContext): Plan {
  const { by, at, reason } = misfiling.payload;
  const filed = (context.entries ?? []).filter(isResource);
  // Said before anything of it came into the record.
  if (filed.length === 0) return { steps: [], entries: [], blobs: {} };
  const references = [...new Set([...filed, ...unlisted(context)])];
  const keys = filedKeys(context);
  const origin = provenance(context, {
    eventId,
    targets: references,
    occurredAt: at,
    author: by,
    signed: misfiling,
    sources: keys.sources,
    reason: { ...concept(systems.actReason, "PATADMIN", "patient administration"), text: reason },
    isChange: true,
  });
  return {
    steps: [
      { kind: "retract", references },
      ...rejections(eventId, misfiling.payload, context),
      {
        kind: "bundle",
        writes: [
          ...keys.writes,
          { resource: origin },
          { resource: withWitnesses(changeAudit(context, eventId, by, references), misfiling.payload) },
        ],
      },
    ],
    entries: [{ id: origin.id, kind: "misfiled", reference: `Provenance/${origin.id}` }],
    blobs: keys.blobs,
  };
}

/** What pieces that were on their way may have left in the record: all that they name, and their submission sets. */
export const halfWritten = (
  pieces: readonly { readonly eventId: string; readonly references: readonly string[] }[],
): string[] =>
  pieces.flatMap(({ eventId, references }) => [
    ...references,
    ...(references.some((each) => each.startsWith("DocumentReference/")) ? [submissionSet(eventId)] : []),
  ]);

const submissionSet = (eventId: string): string => `List/${idOf(eventId, "SubmissionSet")}`;

/** Who had it under the wrong name, and who was told, on the audit event's own object: the patient. */
function withWitnesses(audit: Resource, { told, seenBy }: Misfiling): Resource {
  const detail = [
    ...told.map((userId) => ({ type: "told", valueString: userId })),
    ...(seenBy ?? []).map((userId) => ({ type: "seen-by", valueString: userId })),
  ];
  const { entity } = audit;
  if (!Array.isArray(entity) || detail.length === 0) return audit;
  const [patient, ...others] = entity;
  return { ...audit, entity: [{ ...Object(patient), detail }, ...others] };
}

const isResource = (reference: string): boolean => !reference.startsWith("dicom:");

/** What was filed with the pieces and is listed nowhere: the submission sets of documents, and the case's study. */
function unlisted(context: PlanContext): string[] {
  const { state } = context;
  const withDocuments = [...state.consents, ...state.photos, ...opinionVersions(state)].map(
    (each) => each.eventId,
  );
  return [
    ...withDocuments.map(submissionSet),
    ...(archivedPhotos(context).length > 0
      ? [`ImagingStudy/${caseIds(requestOf(context).eventId).imagingStudy}`]
      : []),
  ];
}

function rejections(
  eventId: string,
  { by, at }: MisfiledEvent["misfiling"]["payload"],
  context: PlanContext,
): Step[] {
  const photos = archivedPhotos(context).map((each) => unseen(each, context));
  if (photos.length === 0) return [];
  const author = context.clinician(by);
  return [
    rejectionNote({
      eventId,
      photos,
      reason: "wrong-patient",
      at,
      by: author === undefined ? undefined : { family: author.family, given: author.given },
      timeZone: context.timeZone,
    }),
  ];
}

/** The note names the photos and says nothing of their pixels. */
function unseen(each: CasePhoto, context: PlanContext) {
  const event = { ...each, kind: "photo" } as const;
  const bytes = new Uint8Array(1);
  const { widthPx: width, heightPx: height } = each.photo;
  if (each.photo.clip !== undefined)
    return clipInstance(event, { bytes, width, height, frames: 1, framesPerSecond: 1 }, context);
  return photoInstance(event, bytes, { width, height, components: 3, photometric: "YBR_FULL_422" }, context);
}
