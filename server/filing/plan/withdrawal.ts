import type { Json } from "#protocol/canonical.ts";
import type { Withdrawn } from "#protocol/events.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, concept, requestOf, systems } from "./codes.ts";
import { consentOf, consentResource, denial, groupsOf, isGranted, photosUnder } from "./consent-resource.ts";
import { documentBundle, documentId } from "./documents.ts";
import { changeAudit, provenance, provideAudit } from "./trail.ts";
import type { Plan, PlanContext, Step } from "./types.ts";

type WithdrawnEvent = Extract<FileableEvent, { kind: "withdrawn" }>;

/**
 * A consent that was taken back. Its Consents end and a no takes the place of each yes, on the registry's signed word; its photos stay, for
 * they belong to the record by law (CSP R1112-7, GDPR 17(3)), and say that they may be shown and used no further.
 */
export function planWithdrawal({ eventId, withdrawn }: WithdrawnEvent, context: PlanContext): Plan {
  const filed = consentOf(context.state, withdrawn.consentId);
  if (filed === undefined || context.proof === undefined)
    throw new Error("The gate lets no such withdrawal through");
  const proof = Buffer.from(context.proof);
  const documents = documentBundle(context, eventId, [
    {
      part: "withdrawal",
      type: "consent",
      filedKind: "withdrawn",
      title: context.language === "fr" ? "Retrait du consentement" : "Withdrawal of consent",
      contentType: "application/jose",
      blob: "withdrawal",
      bytes: proof,
      author: withdrawn.by,
      createdAtMs: Date.parse(withdrawn.at),
      related: [{ reference: `ServiceRequest/${caseIds(requestOf(context).eventId).serviceRequest}` }],
    },
  ]);
  const source = `DocumentReference/${documentId(eventId, "withdrawal")}`;
  const groups = groupsOf(filed.consent);
  const ended = groups.map((group) => consentResource(context, filed, group));
  const denials = groups
    .filter((group) => isGranted(filed.consent, group))
    .map((group) => denial(context, filed, group, withdrawn, source));
  const photos = photosUnder(context.state, withdrawn.consentId);
  const consents = [...ended, ...denials].map((each) => `Consent/${each.id}`);
  const origin = provenance(context, {
    eventId,
    targets: [...consents, ...photos],
    occurredAt: withdrawn.at,
    author: withdrawn.by,
    signed: undefined,
    sources: [{ reference: source }],
    reason: reasons[withdrawn.reason],
    isChange: true,
  });
  const audit = changeAudit(context, eventId, withdrawn.by, [...consents, ...photos]);
  const provided = provideAudit(context, eventId);
  const mark: Step[] =
    photos.length === 0 ? [] : [{ kind: "mark", references: photos, labels: withdrawnLabels }];
  return {
    steps: [
      documents.step,
      {
        kind: "bundle",
        writes: [...ended, ...denials, origin, audit, provided].map((resource) => ({ resource })),
      },
      ...mark,
    ],
    entries: [
      ...documents.entries,
      ...denials.map(({ id }) => ({ id, kind: "withdrawn" as const, reference: `Consent/${id}` })),
    ],
    blobs: { withdrawal: proof },
  };
}

const reasons: Readonly<Record<Withdrawn["reason"], Json>> = {
  "patient-asked": concept(systems.actReason, "PATRQT", "patient requested"),
  "collected-in-error": { text: "Consentement recueilli par erreur" },
};

/** Restricted; no disclosure without a new consent; no use beyond what it was made for. */
const withdrawnLabels: readonly Json[] = [
  concept(systems.confidentiality, "R", "restricted"),
  concept(systems.actCode, "NODSCLCDS", "no disclosure without information subject's consent directive"),
  concept(systems.actCode, "NOREUSE", "no reuse beyond purpose of use"),
];
