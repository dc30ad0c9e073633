import type { Json } from "#protocol/canonical.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Clinician } from "#protocol/people.ts";
import { concept, nameOf, patientReference, personReference, systems } from "./codes.ts";
import type { PlanContext } from "./types.ts";

/** Author and source patient as a document or a submission set names them. */
type Named = {
  readonly author: Json;
  readonly sourcePatient: Json;
  readonly contained: { readonly contained?: Json };
};

/**
 * MHD Comprehensive, which the French profiles ask for: author and patient as they were when it was filed lie inside the document's entry.
 * UnContained: by reference, and the record's own people are who they are now.
 */
export function namesOf(context: PlanContext, author: string): Named {
  if (context.documents === "uncontained")
    return {
      author: personReference(context, author),
      sourcePatient: patientReference(context),
      contained: {},
    };
  const byPatient = author === "patient";
  return {
    author: { reference: byPatient ? "#patient" : "#author" },
    sourcePatient: { reference: "#patient" },
    contained: {
      contained: [containedPatient(context.patient), ...(byPatient ? [] : authorsOf(context, author))],
    },
  };
}

/** The same for a submission set, which has no source patient. */
export function sourceOf(context: PlanContext, author: string): Omit<Named, "sourcePatient"> {
  if (context.documents === "uncontained") return { author: personReference(context, author), contained: {} };
  return author === "patient"
    ? {
        author: { reference: "#patient" },
        contained: { contained: [containedPatient(context.patient)] },
      }
    : { author: { reference: "#author" }, contained: { contained: authorsOf(context, author) } };
}

const rpps = "urn:oid:1.2.250.1.71.4.2.1";
const frenchIdentifierTypes = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203";

function authorsOf(context: PlanContext, userId: string): Json[] {
  const person = context.clinician(userId);
  const practitioner: Json = {
    resourceType: "Practitioner",
    id: "author-person",
    identifier: [
      ...(person === undefined ? [] : [idNatPs(person)]),
      { system: systems.matrixUser, value: userId },
    ],
    name: [
      person === undefined
        ? { text: nameOf(person, userId) }
        : {
            text: nameOf(person, userId),
            family: person.family,
            given: [person.given],
            ...(person.title === "" ? {} : { prefix: [person.title] }),
          },
    ],
  };
  return [
    practitioner,
    {
      resourceType: "PractitionerRole",
      id: "author",
      practitioner: { reference: "#author-person" },
      ...(person === undefined
        ? {}
        : { organization: { display: person.organization }, specialty: [{ text: person.specialty }] }),
    },
  ];
}

/** The national identifier of professionals: a digit for its kind (8: RPPS) before the number itself (filing.md §B6). */
const idNatPs = ({ rpps: number }: Clinician): Json => ({
  type: concept(frenchIdentifierTypes, "IDNPS"),
  system: rpps,
  value: `8${number}`,
});

/** An INS says by its OID which kind it is. */
const insTypes: Readonly<Record<string, string>> = {
  "urn:oid:1.2.250.1.213.1.4.8": "INS-NIR",
  "urn:oid:1.2.250.1.213.1.4.9": "INS-NIA",
  "urn:oid:1.2.250.1.213.1.4.10": "INS-NIR-TEST",
  "urn:oid:1.2.250.1.213.1.4.11": "INS-NIR-DEMO",
};

/** The patient as the document knew them. An INS only when the identity is qualified, as French law has it. */
function containedPatient(patient: Patient): Json {
  const ins = patient.identity === "qualified" ? patient.ins : undefined;
  const insType = insTypes[ins?.system ?? ""];
  return {
    resourceType: "Patient",
    id: "patient",
    identifier: [
      ...(ins === undefined
        ? []
        : [
            {
              use: "official",
              ...(insType === undefined ? {} : { type: concept(frenchIdentifierTypes, insType) }),
              ...ins,
            },
          ]),
      {
        use: "usual",
        type: concept("http://terminology.hl7.org/CodeSystem/v2-0203", "PI", "Patient internal identifier"),
        value: patient.hospitalNumber ?? patient.recordId,
      },
    ],
    name: [
      { use: "official", family: patient.birthFamily ?? patient.family, given: [patient.given] },
      ...(patient.birthFamily === undefined || patient.birthFamily === patient.family
        ? []
        : [{ use: "usual", family: patient.family, given: [patient.given] }]),
    ],
    gender: patient.sex,
    ...(patient.birthDate === undefined ? {} : { birthDate: patient.birthDate }),
  };
}
