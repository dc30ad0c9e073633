import type { Json } from "#protocol/canonical.ts";
import { canonicalJson } from "#protocol/canonical.ts";
import type { Consent, ConsentEvidence } from "#protocol/consent.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, concept, patientReference, requestOf, systems } from "./codes.ts";
import {
  consentOf,
  consentResource,
  type FiledConsent,
  groupsOf,
  performersOf,
  representativeId,
} from "./consent-resource.ts";
import { type Document, documentBundle, documentId } from "./documents.ts";
import { informTask } from "./inform.ts";
import { poolsOf } from "./recipients.ts";
import { type FiledKeys, filedKeys } from "./registry-keys.ts";
import { attachedJws } from "./signed.ts";
import { filingAudit, type Origin, provenance, provideAudit } from "./trail.ts";
import type { Entry, Plan, PlanContext, Resource } from "./types.ts";

type ConsentEvent = Extract<FileableEvent, { kind: "consent" }>;

/**
 * The patient's decision: the signed statement as a document that any JOSE tool verifies, its proof beside it, and one Consent for each
 * purpose. What this consent takes the place of is over from here on.
 */
export function planConsent(event: ConsentEvent, context: PlanContext): Plan {
  const { payload } = event.consent;
  const filed: FiledConsent = {
    eventId: event.eventId,
    sender: event.sender,
    atMs: event.atMs,
    consent: payload,
    emergencyReason: event.evidence.emergencyReason,
  };
  const { documents, blobs } = documentsOf(event, context);
  const bundle = documentBundle(context, event.eventId, documents);
  const consents = groupsOf(payload).map((group) => consentResource(context, filed, group));
  const references = consents.map((consent) => `Consent/${consent.id}`);
  const entries: Entry[] = references.map((reference) => ({
    id: reference.slice("Consent/".length),
    kind: "consent",
    reference,
  }));
  const keys = filedKeys(context);
  const resources: Resource[] = [
    ...representativesOf(context, event.eventId, payload, event.evidence),
    ...poolsOf(payload),
    ...consents,
    ...replacedBy(context, payload),
    ...tasksOf(context, filed),
    provenance(
      context,
      originOf(event, context, keys, [
        ...references,
        `DocumentReference/${documentId(event.eventId, "consent")}`,
      ]),
    ),
    filingAudit(context, event.eventId, payload.collectedBy, references),
    provideAudit(context, event.eventId),
  ];
  return {
    steps: [
      bundle.step,
      { kind: "bundle", writes: [...keys.writes, ...resources.map((resource) => ({ resource }))] },
    ],
    entries: [...bundle.entries, ...entries],
    blobs: { ...blobs, ...keys.blobs },
  };
}

/** The statement; the evidence, whose hash is in it, byte for byte as it was hashed; and what the patient's own phone signed. */
function documentsOf(event: ConsentEvent, context: PlanContext) {
  const { payload } = event.consent;
  const french = context.language === "fr";
  const phone = event.evidence.patientPhone;
  const blobs: Record<string, Uint8Array> = {
    consent: Buffer.from(attachedJws(event.consent)),
    evidence: Buffer.from(canonicalJson(JSON.parse(JSON.stringify(event.evidence)))),
    ...(phone === undefined ? {} : { phone: Buffer.from(phone.jws) }),
  };
  const document = (part: string, title: string, contentType: string): Document => ({
    part,
    type: "consent",
    filedKind: "consent",
    title,
    contentType,
    blob: part,
    bytes: blobs[part] ?? new Uint8Array(),
    author: payload.collectedBy,
    createdAtMs: Date.parse(payload.collectedAt),
    related: [{ reference: `ServiceRequest/${caseIds(requestOf(context).eventId).serviceRequest}` }],
  });
  return {
    blobs,
    documents: [
      document("consent", french ? "Attestation de consentement" : "Consent attestation", "application/jose"),
      document("evidence", french ? "Preuve du consentement" : "Proof of consent", "application/json"),
      ...(phone === undefined
        ? []
        : [
            document(
              "phone",
              french ? "Accord signé sur le téléphone du patient" : "Consent signed on the patient’s phone",
              "application/jose",
            ),
          ]),
    ],
  };
}

/** Who had a part in it: who agreed, who witnessed, who interpreted; and the signatures of collector and patient. */
function originOf(
  event: ConsentEvent,
  context: PlanContext,
  { sources }: FiledKeys,
  targets: readonly string[],
): Origin {
  const { consent, evidence } = event;
  const givers =
    consent.payload.givenBy === "nobody" ? [] : performersOf(context, event.eventId, consent.payload);
  const named = (type: Json, name: string | undefined): { type: Json; who: Json }[] =>
    name === undefined || name === "" ? [] : [{ type, who: { display: name } }];
  return {
    eventId: event.eventId,
    targets,
    occurredAt: consent.payload.collectedAt,
    author: consent.payload.collectedBy,
    signed: consent,
    sources,
    ...(evidence.emergencyReason === undefined
      ? {}
      : {
          reason: {
            ...concept(systems.actReason, "ETREAT", "Emergency Treatment"),
            text: evidence.emergencyReason,
          },
        }),
    agents: [
      ...givers.map((who) => ({
        type: concept(
          "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
          "informant",
          "Informant",
        ),
        who,
      })),
      ...named(concept(systems.participation, "WIT", "witness"), evidence.witness),
      ...named(
        concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "INTPRTER", "interpreter"),
        evidence.interpreter,
      ),
    ],
    ...(evidence.patientPhone === undefined || givers[0] === undefined
      ? {}
      : {
          also: [
            {
              type: { code: "1.2.840.10065.1.12.1.7", display: "Consent Signature" },
              when: evidence.patientPhone.answeredAt,
              who: givers[0],
              jws: evidence.patientPhone.jws,
            },
          ],
        }),
  };
}

/** The consents that the patient's later word ends, as they are from now on. */
function replacedBy(context: PlanContext, consent: Consent): Resource[] {
  const before = consentOf(context.state, consent.supersedes);
  return before === undefined
    ? []
    : groupsOf(before.consent).map((group) => consentResource(context, before, group));
}

/** Who was not asked is told afterwards; who then says something themselves has been. */
function tasksOf(context: PlanContext, filed: FiledConsent): Resource[] {
  const before = consentOf(context.state, filed.consent.supersedes);
  return [
    ...(filed.consent.method === "emergency"
      ? [informTask(context, { kind: "emergency", consent: filed }, undefined)]
      : []),
    ...(before?.consent.method === "emergency"
      ? [
          informTask(
            context,
            { kind: "emergency", consent: before },
            { whom: "own-word", atMs: Date.parse(filed.consent.collectedAt), by: undefined },
          ),
        ]
      : []),
  ];
}

function representativesOf(
  context: PlanContext,
  eventId: string,
  consent: Consent,
  evidence: ConsentEvidence,
): Resource[] {
  const person = (nth: 1 | 2, name: string | undefined): Resource => {
    const [code, display] = consent.givenBy === "guardian" ? ["GUARD", "guardian"] : ["PRN", "parent"];
    return {
      resourceType: "RelatedPerson",
      id: representativeId(eventId, nth),
      patient: patientReference(context),
      relationship: [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", code, display)],
      ...(name === undefined || name === "" ? {} : { name: [{ text: name }] }),
    };
  };
  switch (consent.givenBy) {
    case "patient":
    case "nobody":
      return [];
    case "parent":
    case "guardian":
      return [person(1, evidence.representative)];
    case "both-parents":
      return [person(1, evidence.representative), person(2, evidence.secondRepresentative)];
  }
}
