import type { Json } from "#protocol/canonical.ts";
import type { CaseState } from "#protocol/case-state.ts";
import type { Consent, ConsentEvidence, Purpose } from "#protocol/consent.ts";
import type { Addressee } from "#protocol/people.ts";
import { missingCase } from "#protocol/result.ts";
import { idOf } from "../ids.ts";
import type { FileableEvent } from "../work.ts";
import {
  caseIds,
  concept,
  matrixIdentifier,
  organizationReference,
  patientReference,
  personReference,
  requestOf,
  systems,
} from "./codes.ts";
import { documentBundle, documentId } from "./documents.ts";
import { type ConsentGroup, consentResourceId, photoDocumentId } from "./references.ts";
import { filingAudit, provenance } from "./trail.ts";
import type { Entry, Plan, PlanContext, Resource } from "./types.ts";

type ConsentEvent = Extract<FileableEvent, { kind: "consent" }>;
type Filed = CaseState["consents"][number];

/** The patient's decision: the signed statement with its proof as a document, and one Consent for each group of purposes. */
export function planConsent(event: ConsentEvent, context: PlanContext): Plan {
  const { payload } = event.consent;
  const bytes = Buffer.from(
    JSON.stringify({ consent: event.consent, evidence: event.evidence }, undefined, 2),
  );
  const { serviceRequest } = caseIds(requestOf(context).eventId);
  const documents = documentBundle(context, event.eventId, [
    {
      part: "consent",
      type: "consent",
      filedKind: "consent",
      title: context.language === "fr" ? "Attestation de consentement" : "Consent attestation",
      contentType: "application/json",
      blob: "consent",
      bytes,
      author: payload.collectedBy,
      createdAtMs: Date.parse(payload.collectedAt),
      related: [{ reference: `ServiceRequest/${serviceRequest}` }],
    },
  ]);
  const filed: Filed = { eventId: event.eventId, sender: event.sender, atMs: event.atMs, consent: payload };
  const consents = groupsOf(payload).map((group) => consentResource(context, filed, group));
  const references = consents.map((consent) => `Consent/${consent.id}`);
  const representative = representativeOf(context, event.eventId, payload, event.evidence);
  const entries: Entry[] = references.map((reference) => ({
    id: reference.slice("Consent/".length),
    kind: "consent",
    reference,
  }));
  return {
    steps: [
      documents.step,
      {
        kind: "bundle",
        writes: [
          ...(representative === undefined ? [] : [{ resource: representative }]),
          ...consents.map((resource) => ({ resource })),
          {
            resource: provenance(context, {
              eventId: event.eventId,
              targets: [...references, `DocumentReference/${documentId(event.eventId, "consent")}`],
              occurredAt: payload.collectedAt,
              author: payload.collectedBy,
              signed: { jws: event.consent.jws, certificate: event.consent.certificate },
              sources: [],
            }),
          },
          { resource: filingAudit(context, event.eventId, payload.collectedBy, references) },
        ],
      },
    ],
    entries: [...documents.entries, ...entries],
    blobs: { consent: bytes },
  };
}

const groupOf: Readonly<Record<Purpose, ConsentGroup>> = {
  opinion: "opinion",
  "care-named": "pictures",
  "care-team": "pictures",
  "care-outside-team": "pictures",
  teaching: "teaching",
  research: "research",
  publication: "publication",
};

/** The groups that the patient decided on, yes or no. */
export const groupsOf = (consent: Consent): ConsentGroup[] => [
  ...new Set(consent.decisions.map((decision) => groupOf[decision.purpose])),
];

const purposeCodes: Readonly<Record<ConsentGroup, Json>> = {
  opinion: { system: systems.actReason, code: "TREAT", display: "treatment" },
  pictures: { system: systems.actReason, code: "TREAT", display: "treatment" },
  teaching: { system: systems.actReason, code: "TRAIN", display: "training" },
  research: { system: systems.actReason, code: "HRESCH", display: "healthcare research" },
  // HL7 has no purpose for publication (filing.md §0.5).
  publication: { system: "urn:colloque:purpose", code: "PUB", display: "publication" },
};

/**
 * One group of purposes as a PCF Intermediate Consent. The pictures' names each photo that was filed under it, so the resource is
 * written anew with every photo; that is safe because one case is filed in order, by one writer.
 */
export function consentResource(context: PlanContext, filed: Filed, group: ConsentGroup): Resource {
  const { consent, eventId } = filed;
  const decisions = consent.decisions.filter((decision) => groupOf[decision.purpose] === group);
  const granted = decisions.some((decision) => decision.granted);
  const photos = group === "pictures" ? photosUnder(context.state, consent.consentId) : [];
  return {
    resourceType: "Consent",
    id: consentResourceId(eventId, group),
    meta: { profile: ["https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentIntermediate"] },
    identifier: [
      { system: systems.uri, value: `urn:uuid:${consent.consentId}` },
      { ...matrixIdentifier(eventId), use: "secondary" },
    ],
    status: "active",
    scope: concept(
      "http://terminology.hl7.org/CodeSystem/consentscope",
      "patient-privacy",
      "Privacy Consent",
    ),
    category: [concept(systems.loinc, "59284-0", "Consent Document")],
    patient: patientReference(context),
    dateTime: consent.collectedAt,
    performer: [
      consent.givenBy === "patient"
        ? patientReference(context)
        : { reference: `RelatedPerson/${representativeId(eventId)}` },
    ],
    organization: [organizationReference(context.hospital)],
    sourceReference: { reference: `DocumentReference/${documentId(eventId, "consent")}` },
    policy: [{ uri: `urn:colloque:notice:${encodeURIComponent(consent.notice.version)}:${group}` }],
    provision: {
      type: granted ? "permit" : "deny",
      period: { start: consent.collectedAt, end: consent.expiresAt },
      ...(granted ? actors(context, consent.recipients) : {}),
      purpose: [purposeCodes[group]],
      ...(photos.length === 0 ? {} : { data: photos }),
    },
  };
}

const photosUnder = (state: CaseState, consentId: string): Json[] =>
  state.photos
    .filter((each) => each.photo.receipt.payload.consentId === consentId)
    .map((each) => ({
      meaning: "instance",
      reference: { reference: `DocumentReference/${photoDocumentId(each.eventId)}` },
    }));

/** Whom the patient was told of. A specialty has no resource of its own: it is written in words. */
function actors(context: PlanContext, recipients: readonly Addressee[]): { actor: Json } {
  const role = concept(systems.participation, "IRCP", "information recipient");
  return { actor: recipients.map((recipient) => ({ role, reference: actorReference(context, recipient) })) };
}

function actorReference(context: PlanContext, recipient: Addressee): Json {
  switch (recipient.kind) {
    case "person":
      return personReference(context, recipient.userId);
    case "team":
      return { reference: `CareTeam/${recipient.teamId}` };
    case "specialty":
      return { display: `Spécialité : ${recipient.specialty}` };
    default:
      return missingCase(recipient);
  }
}

const representativeId = (eventId: string): string => idOf(eventId, "RelatedPerson");

function representativeOf(
  context: PlanContext,
  eventId: string,
  consent: Consent,
  evidence: ConsentEvidence,
): Resource | undefined {
  if (consent.givenBy === "patient") return undefined;
  const [code, display] = consent.givenBy === "parent" ? ["PRN", "parent"] : ["GUARD", "guardian"];
  return {
    resourceType: "RelatedPerson",
    id: representativeId(eventId),
    patient: patientReference(context),
    relationship: [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", code, display)],
    ...(evidence.representative === undefined || evidence.representative === ""
      ? {}
      : { name: [{ text: evidence.representative }] }),
  };
}
