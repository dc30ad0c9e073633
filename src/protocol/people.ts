import { z } from "zod";
import { userIdSchema } from "./ids.ts";
import { missingCase } from "./result.ts";

/** Specialties of the demo hospital; the code is the French TRE_R38 specialty of RPPS (SM..), or a profession's. */
export const specialtySchema = z.enum([
  "dermatology",
  "ophthalmology",
  "surgery",
  "general-practice",
  "nursing",
]);
export type Specialty = z.infer<typeof specialtySchema>;

/** A professional as the directory gives it, from FHIR Practitioner and PractitionerRole. */
export const clinicianSchema = z.object({
  userId: userIdSchema,
  practitionerId: z.string().max(64),
  practitionerRoleId: z.string().max(64),
  family: z.string().max(200),
  given: z.string().max(200),
  /** As written before the name: "Dr", "Inf.", or empty. */
  title: z.string().max(40),
  specialty: specialtySchema,
  /** RPPS-shaped national identifier, 11 digits. */
  rpps: z.string().regex(/^\d{11}$/),
  organization: z.string().max(200),
  phone: z.string().max(40).optional(),
  /** Ids of the CareTeams that the person belongs to. */
  teams: z.array(z.string().max(64)),
});
export type Clinician = z.infer<typeof clinicianSchema>;

export const careTeamSchema = z.object({
  id: z.string().max(64),
  name: z.string().max(200),
  specialty: specialtySchema,
  phone: z.string().max(40).optional(),
});
export type CareTeam = z.infer<typeof careTeamSchema>;

/** Whom a request is addressed to. A specialty or a team is a pool: a wider disclosure than a named colleague. */
export const addresseeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("person"), userId: userIdSchema }),
  z.object({ kind: z.literal("specialty"), specialty: specialtySchema }),
  z.object({ kind: z.literal("team"), teamId: z.string().max(64) }),
]);
export type Addressee = z.infer<typeof addresseeSchema>;

/** The clinicians whom an addressee stands for, the requester left out. */
export function membersOf(
  addressee: Addressee,
  clinicians: readonly Clinician[],
  requester: string,
): Clinician[] {
  return clinicians.filter((person) => person.userId !== requester && isMeant(addressee, person));
}

function isMeant(addressee: Addressee, person: Clinician): boolean {
  switch (addressee.kind) {
    case "person":
      return person.userId === addressee.userId;
    case "specialty":
      return person.specialty === addressee.specialty;
    case "team":
      return person.teams.includes(addressee.teamId);
    default:
      return missingCase(addressee);
  }
}

/** How a person is written on screen and on paper: "Dr Hélène Martin". */
export const fullName = (person: Pick<Clinician, "title" | "given" | "family">): string =>
  [person.title, person.given, person.family].filter((part) => part !== "").join(" ");

/** Short form for lists: "Dr Martin". */
export const shortName = (person: Pick<Clinician, "title" | "given" | "family">): string =>
  person.title === "" ? `${person.given} ${person.family}` : `${person.title} ${person.family}`;
