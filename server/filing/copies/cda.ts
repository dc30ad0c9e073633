import type { Clinician, Specialty } from "#protocol/people.ts";
import { oidOf } from "../ids.ts";
import { documentTypes } from "../plan/codes.ts";
import type { LetterCopy, Recipient } from "./letter-copy.ts";
import { element, type Xml, xmlDocument } from "./xml.ts";

/**
 * The letter of an opinion as CDA R2 level 1: the header of CI-SIS "Structuration minimale" and TLM-CR 2022.01, the PDF as it was filed
 * as its body. What MSSanté and DMP take.
 */
export function letterAsCda(letter: LetterCopy, recipient: Recipient): Uint8Array<ArrayBuffer> {
  const { hospital, author } = letter;
  const signedAt = { value: timestamp(letter.signedAtMs, letter.timeZone) };
  const performed = assigned("assignedEntity", author, letter);
  return xmlDocument(
    element(
      "ClinicalDocument",
      { xmlns: "urn:hl7-org:v3" },
      element("realmCode", { code: "FR" }),
      element("typeId", { root: "2.16.840.1.113883.1.3", extension: "POCD_HD000040" }),
      element("templateId", { root: "2.16.840.1.113883.2.8.2.1" }),
      element("templateId", { root: "1.2.250.1.213.1.1.1.1" }),
      element("templateId", { root: templates.notStructured }),
      element("id", { root: oidOf(letter.documentId) }),
      element("code", {
        code: documentTypes.opinion.code,
        displayName: documentTypes.opinion.display,
        codeSystem: oids.loinc,
        codeSystemName: "LOINC",
      }),
      element("title", {}, letter.title),
      element("effectiveTime", signedAt),
      element("confidentialityCode", {
        code: "N",
        displayName: "Normal",
        codeSystem: oids.confidentiality,
        codeSystemName: "Confidentiality",
      }),
      element("languageCode", { code: letter.language }),
      element("setId", { root: oidOf(letter.documentId) }),
      element("versionNumber", { value: "1" }),
      patientOf(letter),
      element("author", {}, element("time", signedAt), assigned("assignedAuthor", author, letter)),
      element(
        "custodian",
        {},
        element(
          "assignedCustodian",
          {},
          element(
            "representedCustodianOrganization",
            {},
            organizationId(hospital.finess),
            element("name", {}, hospital.name),
            element("telecom", unknown),
            addressOf(hospital.address),
          ),
        ),
      ),
      element(
        "informationRecipient",
        { typeCode: "PRCP" },
        element(
          "intendedRecipient",
          {},
          professionalId(recipient.rpps),
          element("addr", unknown),
          element("telecom", { value: `mailto:${recipient.secureMail}`, use: "WP" }),
          element("informationRecipient", {}, nameOf(recipient)),
        ),
      ),
      element(
        "legalAuthenticator",
        {},
        element("time", signedAt),
        element("signatureCode", { code: "S" }),
        performed,
      ),
      element(
        "documentationOf",
        {},
        element(
          "serviceEvent",
          { classCode: "ACT" },
          element("code", {
            code: "TE2",
            displayName: "Acte de télé-expertise",
            codeSystem: "1.2.250.1.215.200.3.3",
            codeSystemName: "NGAP",
          }),
          element("effectiveTime", {}, element("low", signedAt)),
          element("performer", { typeCode: "PRF" }, performed),
        ),
      ),
      element(
        "componentOf",
        {},
        element(
          "encompassingEncounter",
          {},
          element("code", { code: "VR", displayName: "Virtuelle", codeSystem: "2.16.840.1.113883.5.4" }),
          element("effectiveTime", {}, element("low", signedAt)),
          element(
            "location",
            {},
            element(
              "healthCareFacility",
              {},
              organizationId(hospital.finess),
              element("code", {
                code: facility.code,
                displayName: facility.name,
                codeSystem: facility.system,
                codeSystemName: "healthCareFacilityTypeCode",
              }),
              element("location", {}, element("name", {}, hospital.name), addressOf(hospital.address)),
            ),
          ),
        ),
      ),
      element(
        "component",
        {},
        element(
          "nonXMLBody",
          {},
          element(
            "text",
            { mediaType: "application/pdf", representation: "B64" },
            Buffer.from(letter.pdf).toString("base64"),
          ),
        ),
      ),
    ),
  );
}

export const oids = {
  loinc: "2.16.840.1.113883.6.1",
  confidentiality: "2.16.840.1.113883.5.25",
  professional: "1.2.250.1.71.4.2.1",
  structure: "1.2.250.1.71.4.2.2",
  specialty: "1.2.250.1.213.1.1.4.5",
} as const;
export const templates = { notStructured: "1.3.6.1.4.1.19376.1.2.20" } as const;
export const facility = {
  code: "SA01",
  name: "Etablissement public de santé",
  system: "1.2.250.1.71.4.2.4",
} as const;
export const practice = {
  code: "ETABLISSEMENT",
  name: "Établissement de santé",
  system: "1.2.250.1.213.1.1.4.9",
} as const;

/** TRE_R38 and TRE_G15: specialty and profession of an author (JDV authorSpecialty). */
export const specialties: Readonly<Record<Specialty, { readonly code: string; readonly name: string }>> = {
  dermatology: { code: "G15_10/SM15", name: "Médecin - Dermatologie et vénéréologie (SM)" },
  ophthalmology: { code: "G15_10/SM38", name: "Médecin - Ophtalmologie (SM)" },
  surgery: { code: "G15_10/SM04", name: "Médecin - Chirurgie générale (SM)" },
  "general-practice": { code: "G15_10/SM26", name: "Médecin - Qualifié en Médecine Générale (SM)" },
  nursing: { code: "G15_60", name: "Infirmier" },
};

/** What the CDA asks for and nobody told us. */
const unknown = { nullFlavor: "UNK" } as const;

/** The national identifier of a professional: a digit for its kind (8: RPPS) before the number (filing.md §B6). */
export const idNatPs = (rpps: string): string => `8${rpps}`;
/** That of a structure: 1 for FINESS. */
export const idNatStruct = (finess: string): string => `1${finess}`;

const professionalId = (rpps: string | undefined): Xml =>
  rpps === undefined
    ? element("id", unknown)
    : element("id", { root: oids.professional, extension: idNatPs(rpps) });

const organizationId = (finess: string | undefined): Xml =>
  finess === undefined
    ? element("id", unknown)
    : element("id", { root: oids.structure, extension: idNatStruct(finess) });

const addressOf = (text: string): Xml =>
  text === "" ? element("addr", unknown) : element("addr", {}, element("streetAddressLine", {}, text));

const nameOf = (person: { readonly title: string; readonly given: string; readonly family: string }): Xml =>
  element(
    "name",
    {},
    person.title === "" ? undefined : element("prefix", {}, person.title),
    element("given", {}, person.given),
    element("family", {}, person.family),
  );

function assigned(as: "assignedAuthor" | "assignedEntity", person: Clinician, { hospital }: LetterCopy): Xml {
  const specialty = specialties[person.specialty];
  return element(
    as,
    {},
    professionalId(person.rpps),
    element("code", { code: specialty.code, displayName: specialty.name, codeSystem: oids.specialty }),
    element("addr", unknown),
    person.phone === undefined
      ? element("telecom", unknown)
      : element("telecom", { value: `tel:${person.phone.replace(/[^+\d]/g, "")}`, use: "WP" }),
    element("assignedPerson", {}, nameOf(person)),
    element(
      "representedOrganization",
      {},
      organizationId(hospital.finess),
      element("name", {}, hospital.name),
      element("standardIndustryClassCode", {
        code: practice.code,
        displayName: practice.name,
        codeSystem: practice.system,
        codeSystemName: "practiceSettingCode",
      }),
    ),
  );
}

const genders: Readonly<Record<string, { readonly code: string; readonly name: string }>> = {
  female: { code: "F", name: "Féminin" },
  male: { code: "M", name: "Masculin" },
};

function patientOf({ patient }: LetterCopy): Xml {
  const ins = patient.identity === "qualified" ? patient.ins : undefined;
  const gender = genders[patient.sex];
  const birthName = patient.birthFamily ?? patient.family;
  return element(
    "recordTarget",
    {},
    element(
      "patientRole",
      {},
      ins === undefined
        ? undefined
        : element("id", { root: ins.system.replace(/^urn:oid:/, ""), extension: ins.value }),
      element("id", { root: localPatients, extension: patient.hospitalNumber ?? patient.recordId }),
      element("addr", unknown),
      element("telecom", unknown),
      element(
        "patient",
        { classCode: "PSN" },
        element(
          "name",
          {},
          element("family", { qualifier: "BR" }, birthName),
          element("given", {}, patient.given),
          element("given", { qualifier: "BR" }, patient.given.split(" ")[0]),
          element("family", { qualifier: "CL" }, patient.family),
          element("given", { qualifier: "CL" }, patient.given.split(" ")[0]),
        ),
        gender === undefined
          ? element("administrativeGenderCode", unknown)
          : element("administrativeGenderCode", {
              code: gender.code,
              displayName: gender.name,
              codeSystem: "2.16.840.1.113883.5.1",
            }),
        element(
          "birthTime",
          patient.birthDate === undefined ? unknown : { value: patient.birthDate.replaceAll("-", "") },
        ),
      ),
    ),
  );
}

/** Where the hospital's own patient numbers are counted. An OID of ours, from the same namespace as the documents' ids. */
export const localPatients = oidOf("0f6f3c0e-6a0c-5d2e-9a39-6c5a5e2b7c11");

/** HL7 TS with the offset of the hospital's clock: 20261122101400+0100. */
export function timestamp(ms: number, timeZone: string): string {
  const parts = new Map<string, string>(
    new Intl.DateTimeFormat("en-GB", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "longOffset",
    })
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const offset = (parts.get("timeZoneName") ?? "").replace("GMT", "").replace(":", "") || "+0000";
  return `${["year", "month", "day", "hour", "minute", "second"].map((part) => parts.get(part) ?? "").join("")}${offset}`;
}

/** The same in UTC, as XDS has it. */
export const utcTimestamp = (ms: number): string => timestamp(ms, "UTC").slice(0, 14);
