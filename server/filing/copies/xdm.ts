import { createHash } from "node:crypto";
import { strToU8, zipSync } from "fflate";
import { idOf, oidOf } from "../ids.ts";
import { documentTypes } from "../plan/codes.ts";
import {
  facility,
  idNatPs,
  idNatStruct,
  letterAsCda,
  localPatients,
  oids,
  practice,
  specialties,
  utcTimestamp,
} from "./cda.ts";
import type { LetterCopy, Recipient } from "./letter-copy.ts";
import { element, escaped, type Xml, xmlDocument } from "./xml.ts";

/**
 * An IHE XDM package (ITI-32) as MSSanté takes it, IHE_XDM.ZIP: one submission set with one CDA document and its XDS metadata. The same
 * letter to the same person, asked for at the same time, is the same package, byte for byte.
 */
export function xdmPackage(
  letter: LetterCopy,
  recipient: Recipient,
  sentAtMs: number,
): Uint8Array<ArrayBuffer> {
  const document = letterAsCda(letter, recipient);
  const mtime = new Date(1980, 0, 1);
  const files = {
    "README.TXT": strToU8(readme(letter)),
    "INDEX.HTM": strToU8(index(letter)),
    "IHE_XDM/SUBSET01/METADATA.XML": metadata(letter, recipient, document, sentAtMs),
    "IHE_XDM/SUBSET01/DOC0001.XML": document,
  };
  return Uint8Array.from(zipSync(files, { level: 6, mtime }));
}

const readme = ({ hospital }: LetterCopy): string =>
  [
    `${hospital.name}`,
    "",
    "Ce paquet IHE XDM contient un compte rendu de télé-expertise (CDA R2 niveau 1) et ses métadonnées.",
    "Ouvrez INDEX.HTM avec un navigateur, ou importez le paquet dans votre logiciel.",
    "",
    "Produit par Colloque.",
    "",
  ].join("\r\n");

/** ITI-32 asks for a page that anybody can open. */
const index = ({ hospital, title }: LetterCopy): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML Basic 1.1//EN" "http://www.w3.org/TR/xhtml-basic/xhtml-basic11.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="fr">
<head><title>${escaped(title)}</title></head>
<body>
<h1>${escaped(hospital.name)}</h1>
<ul><li><a href="IHE_XDM/SUBSET01/DOC0001.XML">${escaped(title)}</a></li></ul>
<p><a href="README.TXT">README.TXT</a></p>
</body>
</html>
`;

const documentObject = "Document01";
const submissionSet = "SubmissionSet01";

/** XDS metadata (ITI TF-3 §4): the identifiers of its classification schemes and external identifiers. */
const schemes = {
  document: {
    author: "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d",
    classCode: "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a",
    confidentiality: "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f",
    event: "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4",
    format: "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d",
    facility: "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1",
    practice: "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead",
    type: "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983",
    patientId: "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
    uniqueId: "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab",
  },
  set: {
    isOne: "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd",
    author: "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d",
    contentType: "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500",
    patientId: "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
    sourceId: "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832",
    uniqueId: "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8",
  },
} as const;

function metadata(
  letter: LetterCopy,
  recipient: Recipient,
  document: Uint8Array,
  sentAtMs: number,
): Uint8Array<ArrayBuffer> {
  const sourceId = oidOf(idOf("colloque", "source"));
  return xmlDocument(
    element(
      "lcm:SubmitObjectsRequest",
      {
        "xmlns:lcm": "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
        xmlns: "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
      },
      element(
        "RegistryObjectList",
        {},
        documentEntry(letter, document),
        element(
          "RegistryPackage",
          { id: submissionSet },
          slot("submissionTime", utcTimestamp(sentAtMs)),
          slot("intendedRecipient", intended(recipient)),
          named(letter.title),
          classification(submissionSet, schemes.set.author, "", authorSlots(letter)),
          coded(
            submissionSet,
            schemes.set.contentType,
            documentTypes.opinion.code,
            oids.loinc,
            documentTypes.opinion.display,
          ),
          identifier(
            submissionSet,
            schemes.set.uniqueId,
            oidOf(idOf(letter.documentId, `copy ${recipient.secureMail}`)),
            "XDSSubmissionSet.uniqueId",
          ),
          identifier(submissionSet, schemes.set.sourceId, sourceId, "XDSSubmissionSet.sourceId"),
          identifier(submissionSet, schemes.set.patientId, patientId(letter), "XDSSubmissionSet.patientId"),
        ),
        element("Classification", {
          id: "SubmissionSet01_isOne",
          classifiedObject: submissionSet,
          classificationNode: schemes.set.isOne,
        }),
        element(
          "Association",
          {
            id: "Association01",
            associationType: "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember",
            sourceObject: submissionSet,
            targetObject: documentObject,
          },
          slot("SubmissionSetStatus", "Original"),
        ),
      ),
    ),
  );
}

function documentEntry(letter: LetterCopy, document: Uint8Array): Xml {
  const of = schemes.document;
  const { opinion } = documentTypes;
  return element(
    "ExtrinsicObject",
    {
      id: documentObject,
      objectType: "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1",
      mimeType: "text/xml",
    },
    slot("creationTime", utcTimestamp(letter.signedAtMs)),
    slot("hash", createHash("sha1").update(document).digest("hex")),
    slot("languageCode", letter.language),
    slot("legalAuthenticator", xcn(letter.author)),
    slot("serviceStartTime", utcTimestamp(letter.signedAtMs)),
    slot("size", String(document.length)),
    slot("sourcePatientId", localPatientId(letter)),
    slot("sourcePatientInfo", ...patientInfo(letter)),
    slot("URI", "DOC0001.XML"),
    named(letter.title),
    classification(documentObject, of.author, "", authorSlots(letter)),
    coded(documentObject, of.classCode, opinion.classCode, "1.2.250.1.213.1.1.4.1", "Compte rendu"),
    coded(documentObject, of.confidentiality, "N", oids.confidentiality, "Normal"),
    coded(documentObject, of.event, "TE2", "1.2.250.1.215.200.3.3", "Acte de télé-expertise"),
    coded(
      documentObject,
      of.format,
      "urn:ihe:iti:xds-sd:pdf:2008",
      "1.3.6.1.4.1.19376.1.2.3",
      "Document à corps non structuré en Pdf/A-1",
    ),
    coded(documentObject, of.facility, facility.code, facility.system, facility.name),
    coded(documentObject, of.practice, practice.code, practice.system, practice.name),
    coded(documentObject, of.type, opinion.code, oids.loinc, opinion.display),
    identifier(documentObject, of.patientId, patientId(letter), "XDSDocumentEntry.patientId"),
    identifier(documentObject, of.uniqueId, oidOf(letter.documentId), "XDSDocumentEntry.uniqueId"),
  );
}

const slot = (name: string, ...values: readonly string[]): Xml =>
  element(
    "Slot",
    { name },
    element(
      "ValueList",
      {},
      values.map((value) => element("Value", {}, value)),
    ),
  );

const named = (text: string): Xml =>
  element("Name", {}, element("LocalizedString", { "xml:lang": "FR", charset: "UTF8", value: text }));

const classification = (object: string, scheme: string, code: string, children: readonly Xml[]): Xml =>
  element(
    "Classification",
    {
      id: `${object}_${scheme.slice("urn:uuid:".length, "urn:uuid:".length + 8)}`,
      classificationScheme: scheme,
      classifiedObject: object,
      nodeRepresentation: code,
    },
    children,
  );

const coded = (object: string, scheme: string, code: string, system: string, name: string): Xml =>
  classification(object, scheme, code, [slot("codingScheme", system), named(name)]);

const identifier = (object: string, scheme: string, value: string, name: string): Xml =>
  element(
    "ExternalIdentifier",
    {
      id: `${object}_${scheme.slice("urn:uuid:".length, "urn:uuid:".length + 8)}`,
      registryObject: object,
      identificationScheme: scheme,
      value,
    },
    named(name),
  );

/** HL7 v2 separators in what people are called would shift its parts. */
const part = (text: string): string => text.replace(/[\^&~|\\\r\n]/g, " ");

/** XCN: number^family^given^^^^^^&assigning authority&ISO^D^^^IDNPS */
const xcn = (person: {
  readonly rpps?: string | undefined;
  readonly family: string;
  readonly given: string;
}) =>
  `${person.rpps === undefined ? "" : idNatPs(person.rpps)}^${part(person.family)}^${part(person.given)}^^^^^^&${oids.professional}&ISO^D^^^IDNPS`;

const intended = (recipient: Recipient): string =>
  `|${xcn(recipient)}|^^Internet^${part(recipient.secureMail)}`;

function authorSlots({ author, hospital }: LetterCopy): Xml[] {
  const specialty = specialties[author.specialty];
  const structure =
    hospital.finess === undefined
      ? part(hospital.name)
      : `${part(hospital.name)}^^^^^&${oids.structure}&ISO^IDNST^^^${idNatStruct(hospital.finess)}`;
  return [
    slot("authorPerson", xcn(author)),
    slot("authorSpecialty", `${specialty.code}^${part(specialty.name)}^${oids.specialty}`),
    slot("authorInstitution", structure),
  ];
}

/** CX: the INS where the identity is qualified, as MSSanté and DMP ask, else the hospital's own number. */
function patientId(letter: LetterCopy): string {
  const { identity, ins } = letter.patient;
  return identity === "qualified" && ins !== undefined
    ? `${part(ins.value)}^^^&${ins.system.replace(/^urn:oid:/, "")}&ISO^NH`
    : localPatientId(letter);
}

const localPatientId = ({ patient }: LetterCopy): string =>
  `${part(patient.hospitalNumber ?? patient.recordId)}^^^&${localPatients}&ISO^PI`;

const sexes: Readonly<Record<string, string>> = { female: "F", male: "M" };

function patientInfo({ patient }: LetterCopy): string[] {
  return [
    `PID-5|${part(patient.birthFamily ?? patient.family)}^${part(patient.given)}^^^^^L`,
    ...(patient.birthFamily === undefined || patient.birthFamily === patient.family
      ? []
      : [`PID-5|${part(patient.family)}^${part(patient.given)}^^^^^D`]),
    ...(patient.birthDate === undefined ? [] : [`PID-7|${patient.birthDate.replaceAll("-", "")}`]),
    `PID-8|${sexes[patient.sex] ?? "U"}`,
  ];
}
