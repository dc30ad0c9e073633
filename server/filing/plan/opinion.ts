import { siteInWords } from "#protocol/body-sites.ts";
import type { Json } from "#protocol/canonical.ts";
import type { Opinion } from "#protocol/opinion.ts";
import type { Signed } from "#protocol/signed.ts";
import { idOf, sha1Base64 } from "../ids.ts";
import { renderDiscussion } from "../letter/discussion.ts";
import { renderLetter } from "../letter/letter.ts";
import type { FileableEvent } from "../work.ts";
import {
  caseIds,
  instant,
  matrixIdentifier,
  organizationReference,
  patientReference,
  personReference,
  requestOf,
  systems,
  typeConcept,
} from "./codes.ts";
import { archivedPhotos } from "./dicom.ts";
import { documentBundle, documentId } from "./documents.ts";
import { photoDocumentId, reportId } from "./references.ts";
import { filedKeys } from "./registry-keys.ts";
import { serviceRequest, task } from "./request.ts";
import { changeAudit, filingAudit, type Origin, provenance, provideAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource } from "./types.ts";

type OpinionEvent = Extract<FileableEvent, { kind: "opinion" }>;

type ReportOf = {
  readonly eventId: string;
  readonly opinion: Opinion;
  readonly status: "final" | "amended" | "corrected";
};

/** The opinion: the letter and the discussion as documents, the report, and the end of the request. */
export async function planOpinion(event: OpinionEvent, context: PlanContext): Promise<Plan> {
  const { payload } = event.opinion;
  const letter = await renderLetter(event, context);
  const discussion = await renderDiscussion(event, context);
  const french = context.language === "fr";
  const { serviceRequest: requestId } = caseIds(requestOf(context).eventId);
  const common = {
    contentType: "application/pdf",
    author: payload.author,
    createdAtMs: Date.parse(payload.signedAt),
    related: [{ reference: `ServiceRequest/${requestId}` }],
  };
  const documents = documentBundle(context, event.eventId, [
    {
      ...common,
      part: "letter",
      type: "opinion",
      filedKind: "opinion",
      title: french ? "Avis de télé-expertise" : "Opinion",
      blob: "letter",
      bytes: letter,
    },
    {
      ...common,
      part: "discussion",
      type: "discussion",
      filedKind: "discussion",
      title: french ? "Échange de télé-expertise" : "Discussion",
      blob: "discussion",
      bytes: discussion,
    },
  ]);
  const report = diagnosticReport(
    { eventId: event.eventId, opinion: payload, status: "final" },
    context,
    letter,
  );
  return opinionPlan({ ...event, opinion: payload, kind: "opinion", signed: event.opinion }, context, {
    documents,
    report,
    blobs: { letter, discussion },
  });
}

type VersionOf = {
  readonly eventId: string;
  readonly opinion: Opinion;
  readonly kind: "opinion" | "amendment";
  readonly signed: Signed<Json>;
  /** Of a later version: what it takes the place of, and why. */
  readonly change?: Pick<Origin, "revisionOf" | "reason">;
};

/** One signed version of the opinion: its documents, its report, the request as it stands now, and where they come from. */
export function opinionPlan(
  { eventId, opinion, kind, signed, change }: VersionOf,
  context: PlanContext,
  {
    documents,
    report,
    blobs,
  }: Pick<Plan, "blobs"> & {
    readonly documents: ReturnType<typeof documentBundle>;
    readonly report: Resource;
  },
): Plan {
  const { serviceRequest: requestId } = caseIds(requestOf(context).eventId);
  const keys = filedKeys(context);
  const filed = [`DiagnosticReport/${report.id}`, `DocumentReference/${documentId(eventId, "letter")}`];
  const origin = provenance(context, {
    eventId,
    targets: filed,
    occurredAt: opinion.signedAt,
    author: opinion.author,
    signed,
    sources: [
      { reference: `ServiceRequest/${requestId}` },
      ...seenPhotos(opinion, context).map((reference) => ({ reference })),
      ...keys.sources,
    ],
    ...change,
    isChange: change !== undefined,
  });
  const audit = change === undefined ? filingAudit : changeAudit;
  return {
    steps: [
      documents.step,
      {
        kind: "bundle",
        writes: [
          ...keys.writes,
          { resource: report },
          { resource: serviceRequest(context) },
          { resource: task(context) },
          { resource: origin },
          { resource: audit(context, eventId, opinion.author, filed) },
          { resource: provideAudit(context, eventId) },
        ],
      },
    ],
    entries: [...documents.entries, { id: report.id, kind, reference: `DiagnosticReport/${report.id}` }],
    blobs: { ...blobs, ...keys.blobs },
  };
}

/** The photos of the case that the expert had on screen. */
export const seenPhotos = ({ picturesSeen }: Opinion, context: PlanContext): string[] =>
  context.state.photos
    .filter((each) => picturesSeen.includes(each.photo.receipt.payload.pictureSha256))
    .map((each) => `DocumentReference/${photoDocumentId(each.eventId)}`);

/** The report of one version of the opinion, from the event that brought it. */
export function diagnosticReport(
  { eventId: ofEvent, opinion: payload, status }: ReportOf,
  context: PlanContext,
  letter: Uint8Array,
): Resource {
  const { eventId, request } = requestOf(context);
  const ids = caseIds(eventId);
  return {
    resourceType: "DiagnosticReport",
    id: reportId(ofEvent),
    identifier: [
      { system: systems.uri, value: `urn:uuid:${payload.opinionId}` },
      { ...matrixIdentifier(ofEvent), use: "secondary" },
    ],
    basedOn: [{ reference: `ServiceRequest/${ids.serviceRequest}` }],
    status,
    code: {
      ...typeConcept("opinion"),
      text:
        request.site === undefined
          ? "Avis de télé-expertise"
          : `Avis de télé-expertise, ${siteInWords(request.site, "fr").toLocaleLowerCase("fr")}`,
    },
    subject: patientReference(context),
    effectiveDateTime: payload.signedAt,
    issued: instant(Date.parse(payload.signedAt)),
    performer:
      [organizationReference(context.hospital)].filter((each) => "reference" in each).length > 0
        ? [personReference(context, payload.author), organizationReference(context.hospital)]
        : [personReference(context, payload.author)],
    resultsInterpreter: [personReference(context, payload.author)],
    ...(archivedPhotos(context).length > 0
      ? { imagingStudy: [{ reference: `ImagingStudy/${ids.imagingStudy}` }] }
      : {}),
    conclusion: payload.assessment,
    presentedForm: [
      {
        contentType: "application/pdf",
        language: context.language === "fr" ? "fr-FR" : "en",
        url: `Binary/${idOf(ofEvent, "Binary letter")}`,
        size: letter.length,
        hash: sha1Base64(letter),
        title: context.language === "fr" ? "Avis de télé-expertise" : "Opinion",
        creation: payload.signedAt,
      },
    ],
  };
}
