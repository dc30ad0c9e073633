import type { Json } from "#protocol/canonical.ts";
import type { Signed } from "#protocol/signed.ts";
import { idOf } from "../ids.ts";
import {
  archivistReference,
  concept,
  instant,
  matrixIdentifier,
  organizationReference,
  patientReference,
  personReference,
  systems,
} from "./codes.ts";
import { attachedJws } from "./signed.ts";
import type { PlanContext, Resource } from "./types.ts";

/** What a Provenance says of one signed thing. */
export type Origin = {
  readonly eventId: string;
  readonly targets: readonly string[];
  /** When it came to be: the shutter, the collection, the signature. */
  readonly occurredAt: string;
  readonly author: string;
  /** The signed statement itself: its signature by the author's device, and the registry's certificate of that key. */
  readonly signed: Signed<Json>;
  readonly sources: readonly Json[];
  /** Who else had a part in it. */
  readonly agents?: readonly { readonly type: Json; readonly who: Json }[];
  /** Signatures beside the author's. */
  readonly also?: readonly Signature[];
  /** Why, when it is not the patient's treatment as agreed. */
  readonly reason?: Json;
};

/** One signature as a compact JWS, with the kind that ASTM E1762 gives it. */
type Signature = {
  readonly type: { readonly code: string; readonly display: string };
  readonly when: string;
  readonly who: Json;
  readonly jws: string;
};

/** Each is a whole JWS (RFC 7515 §7.1), payload included: any JOSE tool verifies it. */
const signatureOf = ({ type, when, who, jws }: Signature): Json => ({
  type: [{ system: "urn:iso-astm:E1762-95:2013", ...type }],
  when: instant(Date.parse(when)),
  who,
  targetFormat: "application/json",
  sigFormat: "application/jose",
  data: Buffer.from(jws).toString("base64"),
});

/** Who made it, when, on whose word; with the signature, and the certificate that proves years later whose it is. */
export function provenance(context: PlanContext, origin: Origin): Resource {
  const author = personReference(context, origin.author);
  return {
    resourceType: "Provenance",
    id: idOf(origin.eventId, "Provenance"),
    target: origin.targets.map((reference) => ({ reference })),
    occurredDateTime: origin.occurredAt,
    recorded: instant(context.nowMs),
    reason: [origin.reason ?? concept(systems.actReason, "TREAT")],
    activity: concept("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "CREATE", "create"),
    agent: [
      {
        type: concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "author"),
        who: author,
        onBehalfOf: organizationReference(context.hospital),
      },
      ...(context.certificate === undefined
        ? []
        : [
            {
              type: concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "performer"),
              who: {
                identifier: { system: "https://matrix.org/device-id", value: context.certificate.device },
                display: "appareil de l’auteur",
              },
              onBehalfOf: author,
            },
          ]),
      {
        type: concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "assembler"),
        who: archivistReference,
      },
      ...(origin.agents ?? []),
    ],
    entity: [
      ...origin.sources.map((what) => ({ role: "source", what })),
      { role: "source", what: { identifier: matrixIdentifier(origin.eventId) } },
    ],
    signature: [
      signatureOf({
        type: { code: "1.2.840.10065.1.12.1.5", display: "Verification Signature" },
        when: origin.occurredAt,
        who: author,
        jws: attachedJws(origin.signed),
      }),
      // By the registry, over the author's key: whose it was, and until when.
      signatureOf({
        type: { code: "1.2.840.10065.1.12.1.10", display: "Identity Witness Signature" },
        when: origin.occurredAt,
        who: { display: context.certificate?.iss ?? "Colloque" },
        jws: origin.signed.certificate,
      }),
      ...(origin.also ?? []).map(signatureOf),
    ],
  };
}

const auditType = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition";

const patientEntity = (context: PlanContext): Json => ({
  what: patientReference(context),
  type: { system: "http://terminology.hl7.org/CodeSystem/audit-entity-type", code: "1", display: "Person" },
  role: { system: "http://terminology.hl7.org/CodeSystem/object-role", code: "1", display: "Patient" },
});

const clientAgent = (code: string): Json => ({
  type: concept(systems.dicom, code),
  who: archivistReference,
  requestor: false,
  network: { address: "urn:colloque:archivist", type: "5" },
});

/** BALP PatientCreate: what was written about a patient, on whose behalf. */
export function filingAudit(
  context: PlanContext,
  eventId: string,
  author: string,
  targets: readonly string[],
): Resource {
  return {
    resourceType: "AuditEvent",
    id: idOf(eventId, "AuditEvent"),
    meta: { profile: [`${balp}/IHE.BasicAudit.PatientCreate`] },
    type: { system: auditType, code: "rest", display: "Restful Operation" },
    subtype: [{ system: "http://hl7.org/fhir/restful-interaction", code: "create", display: "create" }],
    action: "C",
    recorded: instant(context.nowMs),
    outcome: "0",
    agent: [
      clientAgent("110153"),
      {
        type: concept(systems.dicom, "110152", "Destination Role ID"),
        who: { display: context.hospital.name },
        requestor: false,
        network: { address: context.recordHost, type: "1" },
      },
      {
        type: concept(systems.participation, "IRCP", "information recipient"),
        who: personReference(context, author),
        requestor: true,
        purposeOfUse: [concept(systems.actReason, "TREAT")],
      },
    ],
    source: { observer: archivistReference },
    entity: [
      patientEntity(context),
      ...targets.map((reference) => ({
        what: { reference },
        type: {
          system: "http://terminology.hl7.org/CodeSystem/audit-entity-type",
          code: "2",
          display: "System Object",
        },
        role: {
          system: "http://terminology.hl7.org/CodeSystem/object-role",
          code: "4",
          display: "Domain Resource",
        },
      })),
      {
        what: { identifier: { value: eventId } },
        type: {
          system: "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
          code: "XrequestId",
        },
      },
    ],
  };
}

/** BALP AuthZconsent with a negative outcome: what gate 4 refused, and why. */
export function refusalAudit(
  context: PlanContext,
  eventId: string,
  author: string,
  consentReference: Json,
  reason: string,
): Resource {
  return {
    resourceType: "AuditEvent",
    id: idOf(eventId, "AuditEvent refused"),
    meta: { profile: [`${balp}/IHE.BasicAudit.AuthZconsent`] },
    type: { system: systems.dicom, code: "110113", display: "Security Alert" },
    subtype: [{ system: "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", code: "AuthZ-Consent" }],
    action: "E",
    recorded: instant(context.nowMs),
    outcome: "4",
    outcomeDesc: reason,
    agent: [
      clientAgent("110150"),
      {
        type: concept(systems.participation, "IRCP", "information recipient"),
        who: personReference(context, author),
        requestor: true,
        purposeOfUse: [concept(systems.actReason, "TREAT")],
      },
      {
        type: concept("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver"),
        who: archivistReference,
        requestor: false,
      },
    ],
    source: { observer: archivistReference },
    entity: [
      patientEntity(context),
      {
        what: consentReference,
        type: { system: "http://hl7.org/fhir/resource-types", code: "Consent", display: "Consent" },
      },
    ],
  };
}
