import { opinionVersions } from "#protocol/case-state.ts";
import { renderLetter } from "../letter/letter.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, concept, requestOf, systems } from "./codes.ts";
import { documentBundle, documentId } from "./documents.ts";
import { diagnosticReport, opinionPlan } from "./opinion.ts";
import { reportId } from "./references.ts";
import { filedKeys } from "./registry-keys.ts";
import { serviceRequest, task } from "./request.ts";
import { changeAudit, provenance } from "./trail.ts";
import type { Plan, PlanContext } from "./types.ts";

type QuestionEvent = Extract<FileableEvent, { kind: "question" }>;
type AmendmentEvent = Extract<FileableEvent, { kind: "amendment" }>;

/**
 * A later version of the opinion: a letter that takes the place of the one that stood (which stays, superseded), a report of its own, and where
 * both come from. What the first version said is nowhere changed.
 */
export async function planAmendment(
  { eventId, amendment }: AmendmentEvent,
  context: PlanContext,
): Promise<Plan> {
  const { how, reason, opinion } = amendment.payload;
  // Versions are filed in their order: the one that stood is the one before this.
  const versions = opinionVersions(context.state);
  const before = versions[versions.findIndex((each) => each.eventId === eventId) - 1];
  if (before === undefined) throw new Error("The gate lets no such amendment through");
  const french = context.language === "fr";
  const letter = await renderLetter(
    { opinion: { payload: opinion }, replaces: { how, reason, signedAt: before.opinion.signedAt } },
    context,
  );
  const { serviceRequest: requestId } = caseIds(requestOf(context).eventId);
  const replaced = `DocumentReference/${documentId(before.eventId, "letter")}`;
  const documents = documentBundle(context, eventId, [
    {
      part: "letter",
      type: "opinion",
      filedKind: "amendment",
      title: titles[french ? "fr" : "en"][how],
      contentType: "application/pdf",
      blob: "letter",
      bytes: letter,
      author: opinion.author,
      createdAtMs: Date.parse(opinion.signedAt),
      related: [{ reference: `ServiceRequest/${requestId}` }],
      replaces: replaced,
    },
  ]);
  const report = diagnosticReport(
    { eventId, opinion, status: how === "corrected" ? "corrected" : "amended" },
    context,
    letter,
  );
  const change = {
    revisionOf: [`DiagnosticReport/${reportId(before.eventId)}`, replaced],
    reason: { ...concept(systems.actReason, "TREAT"), text: reason },
  };
  return opinionPlan({ eventId, opinion, kind: "amendment", signed: amendment, change }, context, {
    documents,
    report,
    blobs: { letter },
  });
}

/**
 * A later version of the question: the request is written anew with it, and holds the words of before as notes. The record keeps its versions; where
 * it does not, nothing is lost.
 */
export function planQuestion({ eventId, amendment }: QuestionEvent, context: PlanContext): Plan {
  const { author, signedAt, reason } = amendment.payload;
  const { serviceRequest: requestId } = caseIds(requestOf(context).eventId);
  const asked = `ServiceRequest/${requestId}`;
  const keys = filedKeys(context);
  const origin = provenance(context, {
    eventId,
    targets: [asked],
    occurredAt: signedAt,
    author,
    signed: amendment,
    sources: keys.sources,
    reason: { ...concept(systems.actReason, "TREAT"), text: reason },
    isChange: true,
  });
  return {
    steps: [
      {
        kind: "bundle",
        writes: [
          ...keys.writes,
          { resource: serviceRequest(context) },
          { resource: task(context) },
          { resource: origin },
          { resource: changeAudit(context, eventId, author, [asked]) },
        ],
      },
    ],
    entries: [{ id: origin.id, kind: "question", reference: `Provenance/${origin.id}` }],
    blobs: keys.blobs,
  };
}

const titles = {
  fr: { completed: "Avis de télé-expertise, complété", corrected: "Avis de télé-expertise, rectifié" },
  en: { completed: "Opinion, completed", corrected: "Opinion, corrected" },
} as const;
