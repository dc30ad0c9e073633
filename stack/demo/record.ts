import { createHash } from "node:crypto";
import { hospital, secureMailOf, userIdOf } from "./hospital.ts";
import { type DemoPatient, insOf, patients } from "./patients.ts";
import { type Clinician, clinicians, professions, specialties } from "./people.ts";

const frCore = "https://hl7.fr/ig/fhir/core";
const nos = (table: string, oid: string) => `https://mos.esante.gouv.fr/NOS/${table}/FHIR/${oid}`;
const specialtySystem = nos("TRE_R38-SpecialiteOrdinale", "TRE-R38-SpecialiteOrdinale");
const professionSystem = nos("TRE_G15-ProfessionSante", "TRE-G15-ProfessionSante");
const communeSystem = nos("TRE_R13-CommuneOM", "TRE-R13-CommuneOM");
const localNumberSystem = "https://valombre.example/ipp";

/** A FHIR resource as it is sent; the record itself checks its form. */
interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

/** Everything that the demo hospital's record holds at its first start, as one transaction that may be repeated. */
export function demoRecord() {
  const resources = [
    organization(),
    ...clinicians.flatMap((person) => [practitioner(person), practitionerRole(person)]),
    ...usualDoctor(),
    surgicalTeam(),
    ...patients.map(toPatient),
  ];
  return {
    resourceType: "Bundle",
    type: "transaction",
    entry: resources.map((resource) => ({
      resource,
      request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
    })),
  };
}

function organization(): Resource {
  return {
    resourceType: "Organization",
    id: idOf("Organization", "valombre"),
    active: true,
    name: hospital.name,
    identifier: [{ system: "https://valombre.example/organization", value: "valombre" }],
    address: [{ text: hospital.address, city: "Valombre", postalCode: "59990", country: "FRA" }],
    telecom: [{ system: "phone", value: "03 53 01 40 00" }],
  };
}

function practitioner(person: Clinician): Resource {
  return {
    resourceType: "Practitioner",
    id: idOf("Practitioner", person.account),
    active: true,
    identifier: [
      {
        use: "official",
        type: { coding: [{ system: `${frCore}/CodeSystem/fr-core-cs-v2-0203`, code: "IDNPS" }] },
        system: "urn:oid:1.2.250.1.71.4.2.1",
        value: `8${person.rpps}`,
      },
      { use: "secondary", system: "https://matrix.org/user-id", value: userIdOf(person.account) },
    ],
    name: [
      {
        use: "official",
        family: person.family,
        given: [person.given],
        ...(person.title === "" ? {} : { prefix: [person.title] }),
      },
    ],
    gender: person.gender,
  };
}

function practitionerRole(person: Clinician): Resource {
  const profession = professions[person.profession];
  const specialty = person.specialty === undefined ? undefined : specialties[person.specialty];
  return {
    resourceType: "PractitionerRole",
    id: idOf("PractitionerRole", person.account),
    active: true,
    practitioner: { reference: `Practitioner/${idOf("Practitioner", person.account)}` },
    organization: { reference: `Organization/${idOf("Organization", "valombre")}`, display: hospital.name },
    code: [{ coding: [{ system: professionSystem, ...profession }], text: profession.display }],
    ...(specialty === undefined
      ? {}
      : { specialty: [{ coding: [{ system: specialtySystem, ...specialty }] }] }),
    telecom: [
      { system: "phone", value: person.phone, use: "work" },
      { system: "email", value: secureMailOf(person.account), use: "work" },
    ],
  };
}

/** A doctor in town, who works here with nobody but gets letters. */
function usualDoctor(): Resource[] {
  return [
    {
      resourceType: "Practitioner",
      id: idOf("Practitioner", "lambert"),
      active: true,
      identifier: [{ system: "urn:oid:1.2.250.1.71.4.2.1", value: "899000070001" }],
      name: [{ use: "official", family: "Lambert", given: ["Louise"], prefix: ["Dr"] }],
    },
    {
      resourceType: "PractitionerRole",
      id: idOf("PractitionerRole", "lambert"),
      active: true,
      practitioner: { reference: `Practitioner/${idOf("Practitioner", "lambert")}` },
      telecom: [{ system: "email", value: secureMailOf("louise.lambert"), use: "work" }],
    },
  ];
}

function surgicalTeam(): Resource {
  const members = clinicians.filter((person) => person.onCallForSurgery === true);
  return {
    resourceType: "CareTeam",
    id: idOf("CareTeam", "chirurgie-de-garde"),
    status: "active",
    name: "Chirurgie de garde",
    category: [{ coding: [{ system: specialtySystem, ...specialties.surgery }] }],
    managingOrganization: [{ reference: `Organization/${idOf("Organization", "valombre")}` }],
    telecom: [{ system: "phone", value: hospital.urgentPhones.surgery }],
    participant: members.map((person) => ({
      member: { reference: `PractitionerRole/${idOf("PractitionerRole", person.account)}` },
      role: [{ coding: [{ system: specialtySystem, ...specialties.surgery }] }],
    })),
  };
}

function toPatient(patient: DemoPatient): Resource {
  const ins = insOf(patient);
  return {
    resourceType: "Patient",
    id: idOf("Patient", patient.key),
    active: true,
    extension: [reliability(ins === undefined ? "PROV" : "VALI"), ...birthPlace(patient)],
    identifier: [
      ...(ins === undefined ? [] : [insIdentifier(ins)]),
      {
        use: "usual",
        type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "PI" }] },
        system: localNumberSystem,
        value: patient.hospitalNumber,
      },
    ],
    name: [
      {
        use: "official",
        family: patient.birthFamily,
        given: [patient.given],
        extension: [
          {
            url: `${frCore}/StructureDefinition/fr-core-patient-birth-list-given-name`,
            valueString: patient.given,
          },
        ],
      },
      { use: "usual", family: patient.usedFamily ?? patient.birthFamily, given: [patient.given] },
    ],
    gender: patient.sex,
    birthDate: patient.birthDate,
    managingOrganization: { reference: `Organization/${idOf("Organization", "valombre")}` },
    ...(patient.usualDoctor === undefined
      ? {}
      : {
          generalPractitioner: [
            { reference: `PractitionerRole/${idOf("PractitionerRole", patient.usualDoctor)}` },
          ],
        }),
  };
}

const insIdentifier = (value: string) => ({
  use: "official",
  type: { coding: [{ system: `${frCore}/CodeSystem/fr-core-cs-v2-0203`, code: "INS-NIR-DEMO" }] },
  system: "urn:oid:1.2.250.1.213.1.4.11",
  value,
});

/** How far the identity was checked; an INS may be carried only by a validated one. */
const reliability = (code: "VALI" | "PROV") => ({
  url: `${frCore}/StructureDefinition/fr-core-identity-reliability`,
  extension: [
    {
      url: "identityStatus",
      valueCoding: { system: `${frCore}/CodeSystem/fr-core-cs-v2-0445`, code },
    },
  ],
});

function birthPlace(patient: DemoPatient) {
  if (patient.birthPlace === undefined) return [];
  const { city, insee } = patient.birthPlace;
  const code = {
    url: `${frCore}/StructureDefinition/fr-core-address-insee-code`,
    valueCoding: { system: communeSystem, code: insee },
  };
  return [
    {
      url: "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
      valueAddress: { city, extension: [code] },
    },
  ];
}

/** The same id in every installation, so that seeding twice changes nothing: a uuidv5 of the entry's name. */
export function idOf(type: string, key: string): string {
  const namespace = Buffer.from("0f4d2b8e6a3c4f0e9d717c1b5a2e8d34", "hex");
  const hash = createHash("sha1").update(namespace).update(`${type}/${key}`).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
