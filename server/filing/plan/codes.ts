import { type BodySite, lateralitySnomed, regionOf, siteInWords } from "#protocol/body-sites.ts";
import type { Json } from "#protocol/canonical.ts";
import { type Clinician, fullName } from "#protocol/people.ts";
import { saidIn } from "../anew.ts";
import { idOf, oidOf } from "../ids.ts";
import type { HospitalFacts, PlanContext } from "./types.ts";

export const systems = {
  participationMode: "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode",
  loinc: "http://loinc.org",
  snomed: "http://snomed.info/sct",
  dicom: "http://dicom.nema.org/resources/ontology/DCM",
  uri: "urn:ietf:rfc:3986",
  matrixEvent: "https://matrix.org/event",
  matrixUser: "https://matrix.org/user-id",
  actReason: "http://terminology.hl7.org/CodeSystem/v3-ActReason",
  actCode: "http://terminology.hl7.org/CodeSystem/v3-ActCode",
  participation: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
  confidentiality: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
  documentClass: "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument",
} as const;

/** The French document types of JDV_J07, which DMP and XDS know (filing.md §B6), and the class that each belongs to (JDV_J06). */
export const documentTypes = {
  request: { code: "75496-0", display: "Demande d’acte de télémédecine", classCode: "10" },
  opinion: { code: "85208-7", display: "CR de télémédecine", classCode: "10" },
  photo: {
    code: "52040-3",
    display: "Document encapsulant une image d’illustration non DICOM",
    classCode: "31",
  },
  consent: { code: "59284-0", display: "Attestation de consentement", classCode: "52" },
  // The list has no type for an exchange between professionals; what they said over the whole episode comes nearest.
  discussion: { code: "34133-9", display: "Synthèse d’épisode de soins", classCode: "11" },
} as const;
export type DocumentKind = keyof typeof documentTypes;

const classNames: Readonly<Record<string, string>> = {
  "10": "Compte rendu",
  "11": "Synthèse",
  "31": "Imagerie médicale",
  "52": "Certificat, déclaration",
};

export const concept = (system: string, code: string, display?: string) => ({
  coding: [{ system, code, ...(display === undefined ? {} : { display }) }],
});

export const typeConcept = (kind: DocumentKind) =>
  concept(systems.loinc, documentTypes[kind].code, documentTypes[kind].display);

export const classConcept = (kind: DocumentKind) => {
  const code = documentTypes[kind].classCode;
  return concept(systems.documentClass, code, classNames[code]);
};

export const instant = (ms: number): string => new Date(ms).toISOString();

/** A place on the body as one concept: SNOMED region, side as a second coding (R4 has no place for a qualifier), words for people. */
export function siteConcept(site: BodySite, language: "fr" | "en"): Json {
  const region = regionOf(site.region);
  const side = lateralitySnomed[site.laterality];
  return {
    coding: [
      { system: systems.snomed, code: region.snomed, display: region.en },
      ...(side === undefined ? [] : [{ system: systems.snomed, code: side, display: sideNames[side] ?? "" }]),
    ],
    text: siteInWords(site, language),
  };
}

const sideNames: Readonly<Record<string, string>> = {
  "7771000": "Left",
  "24028007": "Right",
  "51440002": "Right and left",
};

export const patientReference = (context: Pick<PlanContext, "patient">) => ({
  reference: `Patient/${context.patient.recordId}`,
});

/** Who did something. A professional: the PractitionerRole where the directory knows one, else the Matrix user id, so that nobody is made up. */
export function personReference(context: Pick<PlanContext, "patient" | "clinician">, userId: string) {
  // Who withdraws may be the patient.
  if (userId === "patient") return patientReference(context);
  const person = context.clinician(userId);
  return person === undefined
    ? { identifier: { system: systems.matrixUser, value: userId } }
    : { reference: `PractitionerRole/${person.practitionerRoleId}`, display: fullName(person) };
}

export const nameOf = (person: Clinician | undefined, userId: string): string =>
  person === undefined ? userId : fullName(person);

export const organizationReference = (hospital: HospitalFacts) => ({
  ...(hospital.organizationId === undefined ? {} : { reference: `Organization/${hospital.organizationId}` }),
  display: hospital.name,
});

/** The bot as a device of the record. */
export const archivistId = idOf("colloque", "archivist");
export const archivistReference = { reference: `Device/${archivistId}`, display: "Colloque, l’Archiviste" };

/** The ids of one case, all from the event of its request. */
export type CaseIds = {
  readonly serviceRequest: string;
  readonly task: string;
  readonly study: string;
  readonly imagingStudy: string;
};
export const caseIds = (requestEventId: string): CaseIds => ({
  serviceRequest: idOf(requestEventId, "ServiceRequest"),
  task: idOf(requestEventId, "Task"),
  study: oidOf(idOf(requestEventId, "study")),
  imagingStudy: idOf(requestEventId, "ImagingStudy"),
});

/** The request of a case that has one; filing waits for it before anything else. */
export function requestOf(context: PlanContext) {
  if (context.state.request === null) throw new Error("A case without a request is not planned");
  return context.state.request;
}

/** The event that something comes from, whatever it is filed under. */
export const matrixIdentifier = (filingId: string) => ({
  system: systems.matrixEvent,
  value: saidIn(filingId).eventId,
});
