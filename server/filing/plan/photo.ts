import { siteInWords } from "#protocol/body-sites.ts";
import type { Json } from "#protocol/canonical.ts";
import { sha256Hex } from "../ids.ts";
import { parseJpeg } from "../jpeg.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, patientReference, requestOf, siteConcept, systems } from "./codes.ts";
import { consentResource, groupsOf, isGranted } from "./consent-resource.ts";
import {
  archivedPhotos,
  clipInstance,
  dicomReference,
  imageClassOf,
  photoInstance,
  photoUids,
  videoBlob,
} from "./dicom.ts";
import { documentBundle } from "./documents.ts";
import { consentResourceId, photoDocumentId } from "./references.ts";
import { serviceRequest } from "./request.ts";
import { filingAudit, provenance, provideAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource, Step, Write } from "./types.ts";
import { viewInWords } from "./views.ts";

type PhotoEvent = Extract<FileableEvent, { kind: "photo" }>;

/** Where the inbox keeps the bytes of a photo. */
export const pictureBlob = "picture";

/**
 * One photo: the exact bytes as a document, its DICOM twin, where it came from, and its place under the consent and the request. A clip's twin
 * is a conversion of it; there is none where nothing converts.
 */
export function planPhoto(event: PhotoEvent, picture: Uint8Array, context: PlanContext): Plan {
  const { receipt } = event.photo;
  const consent = context.state.consents.find((each) => each.consent.consentId === receipt.payload.consentId);
  if (consent === undefined) throw new Error("The gate lets no such photo through");
  const ids = caseIds(requestOf(context).eventId);
  const twin = twinOf(event, picture, context);
  const documents = documentBundle(context, event.eventId, [
    {
      part: "photo",
      type: "photo",
      filedKind: "photo",
      title: titleOf(event, context.language),
      contentType: event.photo.clip?.type ?? "image/jpeg",
      blob: pictureBlob,
      bytes: picture,
      author: receipt.payload.takenBy,
      createdAtMs: Date.parse(receipt.payload.takenAt),
      events: [siteConcept(event.photo.site, context.language)],
      related: [
        { reference: `ServiceRequest/${ids.serviceRequest}` },
        ...(twin === undefined ? [] : [studyLink(ids.study)]),
      ],
    },
  ]);
  const target = `DocumentReference/${photoDocumentId(event.eventId)}`;
  const consentReference = { reference: `Consent/${consentResourceId(consent.eventId, "pictures")}` };
  const writes: Write[] = [
    {
      resource: provenance(context, {
        eventId: event.eventId,
        targets: twin === undefined ? [target] : [target, `ImagingStudy/${ids.imagingStudy}`],
        occurredAt: receipt.payload.takenAt,
        author: receipt.payload.takenBy,
        signed: receipt,
        sources: [consentReference],
      }),
    },
    // Each use that was agreed to beyond the opinion names the photo: each can be taken back alone.
    ...groupsOf(consent.consent)
      .filter((group) => group !== "opinion" && (group !== "video" || event.photo.clip !== undefined))
      .filter((group) => isGranted(consent.consent, group))
      .map((group) => ({ resource: consentResource(context, consent, group) })),
    { resource: serviceRequest(context) },
    { resource: filingAudit(context, event.eventId, receipt.payload.takenBy, [target]) },
    { resource: provideAudit(context, event.eventId) },
  ];
  const steps: Step[] = [documents.step];
  if (twin !== undefined) {
    steps.push(twin);
    writes.unshift({ resource: imagingStudy(context, event.eventId) });
  }
  steps.push({ kind: "bundle", writes });
  return {
    steps,
    entries: [
      ...documents.entries,
      ...(twin === undefined
        ? []
        : [
            {
              id: `dicom-${photoDocumentId(event.eventId)}`,
              kind: "photo" as const,
              reference: dicomReference(twin),
              contentType: "application/dicom",
              sha256:
                context.video === undefined ? receipt.payload.pictureSha256 : sha256Hex(context.video.bytes),
            },
          ]),
    ],
    blobs: context.video === undefined ? {} : { [videoBlob]: context.video.bytes },
  };
}

/** What the archive is given; nothing where there is no archive, or nothing to make a video of a clip with. */
function twinOf(event: PhotoEvent, picture: Uint8Array, context: PlanContext) {
  if (!context.archive) return undefined;
  if (event.photo.clip !== undefined)
    return context.video === undefined ? undefined : clipInstance(event, context.video, context);
  const facts = parseJpeg(picture);
  if (facts === undefined) throw new Error("The gate lets no such photo through");
  return photoInstance(event, picture, facts, context);
}

const kindNames = { photo: { fr: "Photo", en: "Photo" }, clip: { fr: "Vidéo", en: "Video" } } as const;

const titleOf = (event: PhotoEvent, language: "fr" | "en"): string =>
  `${kindNames[event.photo.clip === undefined ? "photo" : "clip"][language]}, ${siteInWords(event.photo.site, language).toLocaleLowerCase(language)}, ${viewInWords(event.photo.view, language)}`;

/** How PDSm ties a document to a study of the archive (filing.md §B6). */
const studyLink = (study: string): Json => ({
  identifier: {
    type: { coding: [{ system: systems.uri, code: "urn:ihe:iti:xds:2016:studyInstanceUID" }] },
    system: "urn:dicom:uid",
    value: `urn:oid:${study}`,
  },
});

/** The case's study as FHIR sees it: one series for each photographer. */
function imagingStudy(context: PlanContext, now: string): Resource {
  const { eventId } = requestOf(context);
  const ids = caseIds(eventId);
  const instances = archivedPhotos(context, now).map((each) => ({
    ...photoUids(eventId, each.eventId, each.photo.receipt.payload.takenBy),
    sopClass: imageClassOf(each.photo),
  }));
  const series = [...new Set(instances.map((each) => each.series))];
  return {
    resourceType: "ImagingStudy",
    id: ids.imagingStudy,
    identifier: [{ system: "urn:dicom:uid", value: `urn:oid:${ids.study}` }],
    status: "available",
    modality: [{ system: "http://dicom.nema.org/resources/ontology/DCM", code: "XC" }],
    subject: patientReference(context),
    basedOn: [{ reference: `ServiceRequest/${ids.serviceRequest}` }],
    numberOfSeries: series.length,
    numberOfInstances: instances.length,
    series: series.map((uid) => ({
      uid,
      modality: { system: "http://dicom.nema.org/resources/ontology/DCM", code: "XC" },
      instance: instances
        .filter((each) => each.series === uid)
        .map((each) => ({
          uid: each.instance,
          sopClass: { system: systems.uri, code: `urn:oid:${each.sopClass}` },
        })),
    })),
  };
}
