import type { Json } from "#protocol/canonical.ts";
import type { Glass } from "#protocol/glass.ts";
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
  /** When it ends, where it does. */
  readonly until?: string;
  readonly author: string;
  /** The signed statement itself: its signature by the author's device, and the registry's certificate of that key. */
  readonly signed: Signed<Json> | undefined;
  readonly sources: readonly Json[];
  /** What it takes the place of. */
  readonly revisionOf?: readonly string[];
  /** Who else had a part in it. */
  readonly agents?: readonly { readonly type: Json; readonly who: Json }[];
  /** Signatures beside the author's. */
  readonly also?: readonly Signature[];
  /** Why, when it is not the patient's treatment as agreed. */
  readonly reason?: Json;
  /** Whether it changed what was there rather than made something. */
  readonly isChange?: boolean;
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
    ...(origin.until === undefined
      ? { occurredDateTime: origin.occurredAt }
      : { occurredPeriod: { start: origin.occurredAt, end: origin.until } }),
    recorded: instant(context.nowMs),
    reason: [origin.reason ?? concept(systems.actReason, "TREAT")],
    activity: concept(
      "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
      origin.isChange === true ? "UPDATE" : "CREATE",
      origin.isChange === true ? "revise" : "create",
    ),
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
      ...(origin.revisionOf ?? []).map((reference) => ({ role: "revision", what: { reference } })),
      { role: "source", what: { identifier: matrixIdentifier(origin.eventId) } },
    ],
    ...signaturesOf(context, origin, author),
  };
}

function signaturesOf(context: PlanContext, origin: Origin, author: Json): { signature?: Json } {
  if (origin.signed === undefined) return {};
  return {
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

const patientEntity = (context: Pick<PlanContext, "patient">): Json => ({
  what: patientReference(context),
  type: { system: "http://terminology.hl7.org/CodeSystem/audit-entity-type", code: "1", display: "Person" },
  role: { system: "http://terminology.hl7.org/CodeSystem/object-role", code: "1", display: "Patient" },
});

const recordAgent = (
  { hospital, recordHost }: Pick<PlanContext, "hospital" | "recordHost">,
  type: Json = concept(systems.dicom, "110152", "Destination Role ID"),
): Json => ({
  type,
  who: { display: hospital.name },
  requestor: false,
  network: { address: recordHost, type: "1" },
});

const sourceAgent = (code: string, display: string): Json => ({
  type: concept(systems.dicom, code, display),
  who: archivistReference,
  requestor: false,
  network: { address: "urn:colloque:archivist", type: "5" },
});

type WriteAudit = (
  context: PlanContext,
  eventId: string,
  author: string,
  targets: readonly string[],
) => Resource;

/** BALP PatientCreate: what was written about a patient, on whose behalf. */
export const filingAudit: WriteAudit = (...what) => writeAudit("create", ...what);

/** BALP PatientUpdate: what of the record was changed. */
export const changeAudit: WriteAudit = (...what) => writeAudit("update", ...what);

function writeAudit(
  how: "create" | "update",
  context: PlanContext,
  eventId: string,
  author: string,
  targets: readonly string[],
): Resource {
  return {
    resourceType: "AuditEvent",
    id: idOf(eventId, "AuditEvent"),
    meta: {
      profile: [`${balp}/IHE.BasicAudit.${how === "create" ? "PatientCreate" : "PatientUpdate"}`],
    },
    type: { system: auditType, code: "rest", display: "Restful Operation" },
    subtype: [{ system: "http://hl7.org/fhir/restful-interaction", code: how, display: how }],
    action: how === "create" ? "C" : "U",
    recorded: instant(context.nowMs),
    outcome: "0",
    agent: [
      sourceAgent("110153", "Source Role ID"),
      recordAgent(context),
      {
        ...user(context, author, "TREAT"),
        type: concept(systems.participation, "AUT", "author (originator)"),
      },
    ],
    source: { observer: archivistReference },
    entity: [
      patientEntity(context),
      ...targets.map((reference, index) => ({
        what: { reference },
        // The profile has place for one object; what else was written with it is there under its own type.
        type: index === 0 ? systemObject : resourceType(reference),
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

const systemObject: Json = {
  system: "http://terminology.hl7.org/CodeSystem/audit-entity-type",
  code: "2",
  display: "System Object",
};
const resourceType = (reference: string): Json => ({
  system: "http://hl7.org/fhir/resource-types",
  code: reference.slice(0, reference.indexOf("/")),
});

/**
 * MHD's own audit of a Document Source (ITI-65): the submission set that was provided for a patient. A hospital's ATNA repository counts
 * these.
 */
export function provideAudit(context: PlanContext, eventId: string): Resource {
  return {
    resourceType: "AuditEvent",
    id: idOf(eventId, "AuditEvent ITI-65"),
    meta: {
      profile: ["https://profiles.ihe.net/ITI/MHD/StructureDefinition/IHE.MHD.ProvideBundle.Audit.Source"],
    },
    type: { system: systems.dicom, code: "110106", display: "Export" },
    subtype: [{ system: "urn:ihe:event-type-code", code: "ITI-65", display: "Provide Document Bundle" }],
    action: "R",
    recorded: instant(context.nowMs),
    outcome: "0",
    agent: [sourceAgent("110153", "Source Role ID"), recordAgent(context)],
    source: { observer: archivistReference },
    entity: [
      patientEntity(context),
      {
        what: { reference: `List/${idOf(eventId, "SubmissionSet")}` },
        type: systemObject,
        role: { system: "http://terminology.hl7.org/CodeSystem/object-role", code: "20", display: "Job" },
      },
    ],
  };
}

/** BALP PatientRead: who read what of the record through us. Each read is an event of its own, under the id that is given. */
export function readAudit(
  context: Pick<PlanContext, "patient" | "clinician" | "hospital" | "recordHost" | "nowMs">,
  id: string,
  reader: string,
  reference: string,
): Resource {
  return {
    resourceType: "AuditEvent",
    id,
    meta: { profile: [`${balp}/IHE.BasicAudit.PatientRead`] },
    type: { system: auditType, code: "rest", display: "Restful Operation" },
    subtype: [{ system: "http://hl7.org/fhir/restful-interaction", code: "read", display: "read" }],
    action: "R",
    recorded: instant(context.nowMs),
    outcome: "0",
    agent: [
      sourceAgent("110152", "Destination Role ID"),
      recordAgent(context, concept(systems.dicom, "110153", "Source Role ID")),
      user(context, reader, "TREAT"),
    ],
    source: { observer: archivistReference },
    entity: [
      patientEntity(context),
      {
        what: { reference },
        type: systemObject,
        role: {
          system: "http://terminology.hl7.org/CodeSystem/object-role",
          code: "4",
          display: "Domain Resource",
        },
      },
    ],
  };
}

/** BALP PrivacyDisclosure.Source: a copy of a document left the house, to whom, on whose word; the patient was told. */
export function disclosureAudit(
  context: Pick<PlanContext, "patient" | "clinician" | "hospital" | "recordHost" | "nowMs">,
  copy: {
    readonly id: string;
    readonly by: string;
    readonly reference: string;
    readonly to: "patient" | { readonly name: string; readonly address: string };
  },
): Resource {
  const isForPatient = copy.to === "patient";
  return {
    resourceType: "AuditEvent",
    id: copy.id,
    meta: { profile: [`${balp}/IHE.BasicAudit.PrivacyDisclosure.Source`] },
    type: { system: systems.dicom, code: "110106", display: "Export" },
    subtype: [
      {
        system: "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle",
        code: "disclose",
        display: "Disclose Record Lifecycle Event",
      },
    ],
    action: "R",
    recorded: instant(context.nowMs),
    outcome: "0",
    purposeOfEvent: [concept(systems.actReason, isForPatient ? "PATRQT" : "TREAT")],
    agent: [
      sourceAgent("110153", "Source Role ID"),
      {
        type: concept(systems.dicom, "110152", "Destination Role ID"),
        who: copy.to === "patient" ? patientReference(context) : { display: copy.to.name },
        requestor: false,
        network:
          copy.to === "patient"
            ? { address: "urn:colloque:patient", type: "5" }
            : { address: `mailto:${copy.to.address}`, type: "5" },
      },
      user(context, copy.by, "TREAT"),
      {
        type: concept(systems.snomed, "429577009", "Patient advocate"),
        who: patientReference(context),
        requestor: false,
      },
    ],
    source: { observer: archivistReference },
    entity: [
      patientEntity(context),
      {
        what: { reference: copy.reference },
        type: systemObject,
        role: {
          system: "http://terminology.hl7.org/CodeSystem/object-role",
          code: "3",
          display: "Report",
        },
      },
    ],
  };
}

/** What was refused or let in, and why. */
export type Judged = {
  readonly consent: Json;
  readonly reason: string;
  /** SHA-256 of a picture that was destroyed unfiled: all that is left of it. */
  readonly pictureSha256?: string | undefined;
};

/** BALP AuthZconsent with a negative outcome: what gate 4 refused, and why. */
export function refusalAudit(
  context: PlanContext,
  eventId: string,
  author: string,
  { consent, reason, pictureSha256 }: Judged,
): Resource {
  return {
    ...authorization(context, idOf(eventId, "AuditEvent refused"), [user(context, author, "TREAT")]),
    outcome: "4",
    outcomeDesc: reason,
    entity: [
      patientEntity(context),
      {
        ...consentEntity(consent),
        ...(pictureSha256 === undefined
          ? {}
          : { detail: [{ type: "destroyed-picture-sha256", valueString: pictureSha256 }] }),
      },
    ],
  };
}

/** BALP AuthZconsent for a broken glass: let in past the consent, for whom, by whom, why and until when. */
export function glassAudit(
  context: PlanContext,
  eventId: string,
  glass: Glass,
  reason: string,
  consent: string | undefined,
): Resource {
  const opener =
    glass.openedBy === glass.reader
      ? []
      : [
          {
            type: concept(systems.participation, "AUT", "author (originator)"),
            who: personReference(context, glass.openedBy),
            requestor: false,
          },
        ];
  return {
    ...authorization(context, idOf(eventId, "AuditEvent"), [user(context, glass.reader, "BTG"), ...opener]),
    period: { start: glass.openedAt, end: glass.endsAt },
    outcome: "0",
    outcomeDesc: reason,
    purposeOfEvent: [concept(systems.actReason, "BTG", "break the glass")],
    entity: [
      patientEntity(context),
      consentEntity(
        consent === undefined
          ? { identifier: { system: systems.uri, value: `urn:uuid:${glass.consentId}` } }
          : { reference: consent },
      ),
    ],
  };
}

const user = (
  context: Pick<PlanContext, "patient" | "clinician">,
  userId: string,
  purpose: "TREAT" | "BTG",
) => ({
  type: concept(systems.participation, "IRCP", "information recipient"),
  who: personReference(context, userId),
  requestor: true,
  purposeOfUse: [concept(systems.actReason, purpose)],
});

const consentEntity = (what: Json) => ({
  what,
  type: { system: "http://hl7.org/fhir/resource-types", code: "Consent", display: "Consent" },
});

const authorization = (context: PlanContext, id: string, agents: readonly Json[]) => ({
  resourceType: "AuditEvent",
  id,
  meta: { profile: [`${balp}/IHE.BasicAudit.AuthZconsent`] },
  type: { system: systems.dicom, code: "110113", display: "Security Alert" },
  subtype: [{ system: "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", code: "AuthZ-Consent" }],
  action: "E",
  recorded: instant(context.nowMs),
  agent: [
    sourceAgent("110150", "Application"),
    ...agents,
    {
      type: concept("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV", "healthcare provider"),
      who: organizationReference(context.hospital),
      requestor: false,
    },
    {
      type: concept("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver"),
      who: archivistReference,
      requestor: false,
    },
  ],
  source: { observer: archivistReference },
});
