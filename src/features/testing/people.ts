import type { Patient } from "#protocol/patient.ts";
import { patientSchema } from "#protocol/patient.ts";
import type { CareTeam, Clinician } from "#protocol/people.ts";

/** People of the demo hospital, for tests. None of them exists. */
const clinician = (
  localpart: string,
  family: string,
  given: string,
  rest: Pick<Clinician, "title" | "specialty" | "rpps"> & { teams?: string[] },
): Clinician => ({
  userId: `@${localpart}:valombre.example`,
  practitionerId: `practitioner-${localpart}`,
  practitionerRoleId: `role-${localpart}`,
  family,
  given,
  organization: "CHU de Valombre",
  teams: [],
  ...rest,
});

export const martin = clinician("martin", "Martin", "Hélène", {
  title: "Dr",
  specialty: "dermatology",
  rpps: "89900000001",
});
const haddad = clinician("haddad", "Haddad", "Nadia", {
  title: "Dr",
  specialty: "dermatology",
  rpps: "89900000002",
});
const kermarrec = clinician("kermarrec", "Kermarrec", "Yann", {
  title: "Dr",
  specialty: "ophthalmology",
  rpps: "89900000003",
});
export const faure = clinician("faure", "Faure", "Paul", {
  title: "Dr",
  specialty: "general-practice",
  rpps: "89900000004",
});
export const leroy = clinician("leroy", "Leroy", "Claire", {
  title: "Inf.",
  specialty: "nursing",
  rpps: "89900000005",
});
const aubry = clinician("aubry", "Aubry", "Karim", {
  title: "Dr",
  specialty: "surgery",
  rpps: "89900000006",
  teams: ["team-surgery"],
});
const benali = clinician("benali", "Benali", "Samia", {
  title: "Dr",
  specialty: "surgery",
  rpps: "89900000007",
  teams: ["team-surgery"],
});

export const clinicians: Clinician[] = [martin, haddad, kermarrec, faure, leroy, aubry, benali];
export const teams: CareTeam[] = [
  { id: "team-surgery", name: "Chirurgie de garde", specialty: "surgery", phone: "03 99 00 12 12" },
];

const patient = (fields: Partial<Patient> & Pick<Patient, "recordId" | "family" | "given">): Patient =>
  patientSchema.parse({ sex: "female", identity: "qualified", ...fields });

export const delattre = patient({
  recordId: "delattre",
  family: "DELATTRE",
  birthFamily: "MARCHAND",
  given: "Josiane",
  birthDate: "1959-03-14",
  birthPlace: "Arras",
  ins: { system: "urn:oid:1.2.250.1.213.1.4.10", value: "259036204100177" },
  hospitalNumber: "800123",
});
export const moreau57 = patient({
  recordId: "moreau-57",
  family: "MOREAU",
  given: "Jean-Pierre",
  sex: "male",
  birthDate: "1957-02-14",
  birthPlace: "Lille",
});
export const moreau59 = patient({
  recordId: "moreau-59",
  family: "MOREAU",
  given: "Jean-Pierre",
  sex: "male",
  birthDate: "1959-02-14",
  birthPlace: "Lens",
  identity: "provisional",
});
export const adam = patient({
  recordId: "adam",
  family: "BERNARD",
  given: "Adam",
  sex: "male",
  birthDate: "2022-05-02",
  birthPlace: "Douai",
});
