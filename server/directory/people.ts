import { userIdSchema } from "#protocol/ids.ts";
import { type CareTeam, type Clinician, clinicianSchema, type Specialty } from "#protocol/people.ts";
import type { CareTeamResource, Concept, Practitioner, PractitionerRole } from "./fhir.ts";

const rppsSystem = "urn:oid:1.2.250.1.71.4.2.1";
const matrixSystem = "https://matrix.org/user-id";

/** TRE_R38, the specialties of RPPS. */
const specialtyCodes: Readonly<Record<string, Specialty>> = {
  SM15: "dermatology",
  SM38: "ophthalmology",
  SM04: "surgery",
  SM05: "surgery",
  SM58: "surgery",
  SM26: "general-practice",
  SM53: "general-practice",
  SM54: "general-practice",
};
/** TRE_G15, professions, for those whose profession says it all. */
const professionCodes: Readonly<Record<string, Specialty>> = { "60": "nursing" };

/** The directory from the record's resources. Who lacks a Matrix account, an RPPS number or a known specialty is left out. */
export function toDirectory(
  practitioners: readonly Practitioner[],
  roles: readonly PractitionerRole[],
  teams: readonly CareTeamResource[],
): { clinicians: Clinician[]; teams: CareTeam[] } {
  const active = teams.filter((team) => team.status === "active");
  const people = roles
    .filter((role) => role.active)
    .flatMap((role) => {
      const person = practitioners.find(
        (each) => each.active && role.practitioner?.reference?.endsWith(`Practitioner/${each.id}`),
      );
      const clinician = person === undefined ? undefined : toClinician(person, role, active);
      return clinician === undefined ? [] : [clinician];
    });
  // Somebody with two roles is one person: the first counts, the teams of all.
  const byUser = new Map<string, Clinician>();
  for (const each of people) {
    const known = byUser.get(each.userId);
    byUser.set(
      each.userId,
      known === undefined ? each : { ...known, teams: [...new Set([...known.teams, ...each.teams])] },
    );
  }
  return { clinicians: [...byUser.values()].sort(byName), teams: active.flatMap(toTeam) };
}

const byName = (a: Clinician, b: Clinician) =>
  a.family.localeCompare(b.family, "fr") || a.given.localeCompare(b.given, "fr");

function toClinician(
  person: Practitioner,
  role: PractitionerRole,
  teams: readonly CareTeamResource[],
): Clinician | undefined {
  const userId = person.identifier.find((id) => id.system === matrixSystem)?.value;
  const national = person.identifier.find((id) => id.system === rppsSystem)?.value;
  const name = person.name.find((each) => each.use === "official") ?? person.name[0];
  const phone = phoneOf([...role.telecom, ...person.telecom]);
  const parsed = clinicianSchema.safeParse({
    userId: userIdSchema.safeParse(userId).data,
    practitionerId: person.id,
    practitionerRoleId: role.id,
    family: name?.family,
    given: name?.given.join(" "),
    title: name?.prefix.join(" ") ?? "",
    specialty: specialtyOf(role.specialty, role.code),
    // idNatPS is the type digit 8 and the RPPS number.
    rpps: national?.replace(/^8(?=\d{11}$)/, ""),
    organization: role.organization?.display ?? "",
    ...(phone === undefined ? {} : { phone }),
    teams: teams.filter((team) => isIn(team, person, role)).map((team) => team.id),
  });
  return parsed.success ? parsed.data : undefined;
}

const isIn = (team: CareTeamResource, person: Practitioner, role: PractitionerRole): boolean =>
  team.participant.some(({ member }) => {
    const given = member?.reference ?? "";
    return given.endsWith(`PractitionerRole/${role.id}`) || given.endsWith(`Practitioner/${person.id}`);
  });

function toTeam(team: CareTeamResource): CareTeam[] {
  const specialty = specialtyOf(team.category, []);
  if (specialty === undefined || team.name === undefined) return [];
  const phone = phoneOf(team.telecom);
  return [{ id: team.id, name: team.name, specialty, ...(phone === undefined ? {} : { phone }) }];
}

function specialtyOf(
  specialties: readonly Concept[],
  professions: readonly Concept[],
): Specialty | undefined {
  const first = (concepts: readonly Concept[], table: Readonly<Record<string, Specialty>>) =>
    concepts
      .flatMap((concept) => concept.coding)
      .map((coding) => table[coding.code ?? ""])
      .find((found) => found !== undefined);
  return first(specialties, specialtyCodes) ?? first(professions, professionCodes);
}

const phoneOf = (telecoms: readonly { system?: string | undefined; value?: string | undefined }[]) =>
  telecoms.find((each) => each.system === "phone")?.value;
