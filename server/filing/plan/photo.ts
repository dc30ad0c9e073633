import { siteInWords } from "#protocol/body-sites.ts";
import type { Json } from "#protocol/canonical.ts";
import { parseJpeg } from "../jpeg.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, patientReference, requestOf, siteConcept, systems } from "./codes.ts";
import { consentResource, groupsOf, isGranted } from "./consent-resource.ts";
import { photographicClass, photoInstance, photoUids } from "./dicom.ts";
import { documentBundle } from "./documents.ts";
import { consentResourceId, photoDocumentId } from "./references.ts";
import { serviceRequest } from "./request.ts";
import { filingAudit, provenance, provideAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource, Step, Write } from "./types.ts";
import { viewInWords } from "./views.ts";

type PhotoEvent = Extract<FileableEvent, { kind: "photo" }>;

/** Where the inbox keeps the bytes of a photo. */
export const pictureBlob = "picture";

/** One photo: the exact bytes as a document, its DICOM twin, where it came from, and its place under the consent and the request. */
export function planPhoto(event: PhotoEvent, picture: Uint8Array, context: PlanContext): Plan {
  const { receipt } = event.photo;
  const consent = context.state.consents.find((each) => each.consent.consentId === receipt.payload.consentId);
  const facts = parseJpeg(picture);
  if (consent === undefined || facts === undefined) throw new Error("The gate lets no such photo through");
  const ids = caseIds(requestOf(context).eventId);
  const instance = photoInstance(event, picture, facts, context);
  const documents = documentBundle(context, event.eventId, [
    {
      part: "photo",
      type: "photo",
      filedKind: "photo",
      title: titleOf(event, context.language),
      contentType: "image/jpeg",
      blob: pictureBlob,
      bytes: picture,
      author: receipt.payload.takenBy,
      createdAtMs: Date.parse(receipt.payload.takenAt),
      events: [siteConcept(event.photo.site, context.language)],
      related: [
        { reference: `ServiceRequest/${ids.serviceRequest}` },
        ...(context.archive ? [studyLink(ids.study)] : []),
      ],
    },
  ]);
  const target = `DocumentReference/${photoDocumentId(event.eventId)}`;
  const consentReference = { reference: `Consent/${consentResourceId(consent.eventId, "pictures")}` };
  const writes: Write[] = [
    {
      resource: provenance(context, {
        eventId: event.eventId,
        targets: context.archive ? [target, `ImagingStudy/${ids.imagingStudy}`] : [target],
        occurredAt: receipt.payload.takenAt,
        author: receipt.payload.takenBy,
        signed: receipt,
        sources: [consentReference],
      }),
    },
    // Each use that was agreed to beyond the opinion names the photo: each can be taken back alone.
    ...groupsOf(consent.consent)
      .filter((group) => group !== "opinion" && isGranted(consent.consent, group))
      .map((group) => ({ resource: consentResource(context, consent, group) })),
    { resource: serviceRequest(context) },
    { resource: filingAudit(context, event.eventId, receipt.payload.takenBy, [target]) },
    { resource: provideAudit(context, event.eventId) },
  ];
  const steps: Step[] = [documents.step];
  if (context.archive) {
    steps.push(instance);
    writes.unshift({ resource: imagingStudy(context) });
  }
  steps.push({ kind: "bundle", writes });
  return {
    steps,
    entries: [
      ...documents.entries,
      ...(context.archive
        ? [
            {
              id: `dicom-${photoDocumentId(event.eventId)}`,
              kind: "photo" as const,
              reference: `dicom:${instance.instance}`,
              contentType: "application/dicom",
              sha256: receipt.payload.pictureSha256,
            },
          ]
        : []),
    ],
    blobs: {},
  };
}

const titleOf = (event: PhotoEvent, language: "fr" | "en"): string =>
  `Photo, ${siteInWords(event.photo.site, language).toLocaleLowerCase(language)}, ${viewInWords(event.photo.view, language)}`;

/** How PDSm ties a document to a study of the archive (filing.md §B6). */
const studyLink = (study: string): Json => ({
  identifier: {
    type: { coding: [{ system: systems.uri, code: "urn:ihe:iti:xds:2016:studyInstanceUID" }] },
    system: "urn:dicom:uid",
    value: `urn:oid:${study}`,
  },
});

/** The case's study as FHIR sees it: one series for each photographer. */
function imagingStudy(context: PlanContext): Resource {
  const { eventId } = requestOf(context);
  const ids = caseIds(eventId);
  const instances = context.state.photos.map((each) =>
    photoUids(eventId, each.eventId, each.photo.receipt.payload.takenBy),
  );
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
          sopClass: { system: systems.uri, code: `urn:oid:${photographicClass}` },
        })),
    })),
  };
}
