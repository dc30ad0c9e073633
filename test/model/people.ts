import { type Clinician, clinicianSchema, type Specialty } from "#protocol/people.ts";

/** Who plays in the histories. Everybody stands elsewhere towards a consent of Ana's or Carl's. */
export const userIdOf = (name: string): string => `@${name}:valombre.example`;

export const bot = userIdOf("archiviste");
export const ward = "ward";
export const onCall = "on-call";

const clinician = (name: string, specialty: Specialty, teams: readonly string[]): Clinician =>
  clinicianSchema.parse({
    userId: userIdOf(name),
    practitionerId: name,
    practitionerRoleId: `role-${name}`,
    family: name,
    given: "",
    title: "Dr",
    specialty,
    rpps: "89900000001",
    organization: "CHU de Valombre",
    teams,
  });

export const clinicians: readonly Clinician[] = [
  clinician("ana", "general-practice", [ward]),
  clinician("bea", "dermatology", [ward]),
  clinician("carl", "dermatology", ["elsewhere"]),
  clinician("dora", "surgery", [onCall]),
  clinician("eve", "ophthalmology", []),
];

/** Has an account and is in no directory. */
export const nobody = userIdOf("mallory");

export const everybody: readonly string[] = [...clinicians.map((each) => each.userId), nobody];
