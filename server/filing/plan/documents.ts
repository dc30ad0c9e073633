import type { Json } from "#protocol/canonical.ts";
import { idOf, oidOf, sha1Base64, sha256Hex } from "../ids.ts";
import {
  classConcept,
  concept,
  type DocumentKind,
  instant,
  organizationReference,
  patientReference,
  systems,
  typeConcept,
} from "./codes.ts";
import { namesOf, sourceOf } from "./contained.ts";
import type { Entry, PlanContext, Resource, Step, Write } from "./types.ts";

const profiles = "https://profiles.ihe.net/ITI/MHD/StructureDefinition";
const identifierTypes = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDIdentifierType";

/** One document that is filed: its bytes, and what its reference says beyond the common part. */
export type Document = {
  /** Tells several documents of one event apart. */
  readonly part: string;
  readonly type: DocumentKind;
  readonly filedKind: Entry["kind"];
  readonly title: string;
  readonly contentType: string;
  readonly blob: string;
  readonly bytes: Uint8Array;
  readonly author: string;
  readonly createdAtMs: number;
  readonly events?: readonly Json[];
  readonly related?: readonly Json[];
  /** The document whose place it takes: that one is superseded in the same bundle. */
  readonly replaces?: string;
};

export const documentId = (eventId: string, part: string): string =>
  idOf(eventId, `DocumentReference ${part}`);
export const binaryId = (eventId: string, part: string): string => idOf(eventId, `Binary ${part}`);

/** The name of an MHD profile of what is provided, for what a hospital wants documents to contain. */
const profileOf = (
  context: PlanContext,
  of: "ProvideBundle" | "DocumentReference" | "SubmissionSet",
): string =>
  `${profiles}/IHE.MHD.${context.documents === "contained" ? "" : "UnContained."}Comprehensive.${of}`;

/** The IHE MHD Provide Document Bundle (ITI-65, Comprehensive) for the documents of one event. */
export function documentBundle(
  context: PlanContext,
  eventId: string,
  documents: readonly Document[],
): { step: Step; entries: Entry[] } {
  const writes: Write[] = [{ resource: submissionSet(context, eventId, documents) }];
  for (const document of documents) {
    writes.push({ resource: documentReference(context, eventId, document) });
    writes.push({
      resource: {
        resourceType: "Binary",
        id: binaryId(eventId, document.part),
        contentType: document.contentType,
        securityContext: { reference: `DocumentReference/${documentId(eventId, document.part)}` },
      },
      blob: document.blob,
    });
    if (document.replaces !== undefined)
      writes.push({ resource: supersede(eventId, document.part), patches: document.replaces });
  }
  return {
    step: {
      kind: "documents",
      profile: profileOf(context, "ProvideBundle"),
      writes,
    },
    entries: documents.map((document) => ({
      id: documentId(eventId, document.part),
      kind: document.filedKind,
      reference: `DocumentReference/${documentId(eventId, document.part)}`,
      contentType: document.contentType,
      sha256: sha256Hex(document.bytes),
      binary: `Binary/${binaryId(eventId, document.part)}`,
    })),
  };
}

/** MHD's UpdateDocumentRefs: what was current is superseded. */
const supersede = (eventId: string, part: string): Resource => ({
  resourceType: "Parameters",
  id: idOf(eventId, `Patch ${part}`),
  meta: { profile: [`${profiles}/IHE.MHD.Patch.Parameters`] },
  parameter: [
    {
      name: "operation",
      part: [
        { name: "type", valueCode: "replace" },
        { name: "path", valueString: "DocumentReference.status" },
        { name: "value", valueCode: "superseded" },
      ],
    },
  ],
});

/** Send both `use` and `type`: MHD slices by the first up to 4.2.3 and by the second since. */
const entryUuid = (id: string): Json => ({
  use: "official",
  type: concept(identifierTypes, "entryUUID"),
  system: systems.uri,
  value: `urn:uuid:${id}`,
});
const uniqueId = (id: string): Json => ({
  use: "usual",
  type: concept(identifierTypes, "uniqueId"),
  system: systems.uri,
  value: `urn:oid:${oidOf(id)}`,
});

function documentReference(context: PlanContext, eventId: string, document: Document): Resource {
  const id = documentId(eventId, document.part);
  const created = instant(document.createdAtMs);
  const { author, sourcePatient, contained } = namesOf(context, document.author);
  return {
    resourceType: "DocumentReference",
    id,
    meta: { profile: [profileOf(context, "DocumentReference")] },
    ...contained,
    masterIdentifier: uniqueId(id),
    identifier: [entryUuid(id)],
    status: "current",
    type: typeConcept(document.type),
    category: [classConcept(document.type)],
    subject: patientReference(context),
    date: instant(context.nowMs),
    author: [author],
    custodian: organizationReference(context.hospital),
    ...(document.replaces === undefined
      ? {}
      : { relatesTo: [{ code: "replaces", target: { reference: document.replaces } }] }),
    securityLabel: [concept(systems.confidentiality, "N", "normal")],
    content: [
      {
        attachment: {
          contentType: document.contentType,
          language: context.language === "fr" ? "fr-FR" : "en",
          url: `Binary/${binaryId(eventId, document.part)}`,
          size: document.bytes.length,
          hash: sha1Base64(document.bytes),
          title: document.title,
          creation: created,
        },
        format: {
          system: "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
          code: "urn:ihe:iti:xds:2017:mimeTypeSufficient",
        },
      },
    ],
    context: {
      ...(document.events === undefined ? {} : { event: document.events }),
      period: { start: created },
      facilityType: concept(
        "https://mos.esante.gouv.fr/NOS/TRE_R02-SecteurActivite/FHIR/TRE-R02-SecteurActivite",
        "SA01",
        "Etablissement public de santé",
      ),
      practiceSetting: concept(
        "https://mos.esante.gouv.fr/NOS/TRE_A01-CadreExercice/FHIR/TRE-A01-CadreExercice",
        "ETABLISSEMENT",
        "Etablissement de santé",
      ),
      sourcePatientInfo: sourcePatient,
      ...(document.related === undefined ? {} : { related: document.related }),
    },
  };
}

function submissionSet(context: PlanContext, eventId: string, documents: readonly Document[]): Resource {
  const id = idOf(eventId, "SubmissionSet");
  const first = documents[0];
  if (first === undefined) throw new Error("A submission set has at least one document");
  const { author, contained } = sourceOf(context, first.author);
  return {
    resourceType: "List",
    id,
    meta: { profile: [profileOf(context, "SubmissionSet")] },
    ...contained,
    extension: [
      {
        url: `${profiles}/ihe-sourceId`,
        valueIdentifier: { system: systems.uri, value: `urn:oid:${oidOf(idOf("colloque", "source"))}` },
      },
      { url: `${profiles}/ihe-designationType`, valueCodeableConcept: typeConcept(first.type) },
    ],
    identifier: [uniqueId(id), entryUuid(id)],
    status: "current",
    mode: "working",
    code: concept("https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes", "submissionset"),
    subject: patientReference(context),
    date: instant(context.nowMs),
    source: author,
    entry: documents.map((document) => ({
      item: { reference: `DocumentReference/${documentId(eventId, document.part)}` },
    })),
  };
}
