import type { Directory } from "#protocol/api.ts";
import { type Addressee, type Clinician, fullName, membersOf, shortName } from "#protocol/people.ts";

/** The translator of the namespace `request`. */
export type Say = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** An addressee in the three places where language bends it: "de | la dermatologie", "à la dermatologie". */
export type AddresseeWords = { readonly of: string; readonly name: string; readonly to: string };

const isDoctor = (person: Clinician): boolean => /^(Dr|Pr)\b/.test(person.title);

export function addresseeInWords(
  say: Say,
  addressee: Addressee,
  directory: Directory | null,
): AddresseeWords {
  switch (addressee.kind) {
    case "specialty":
      return {
        of: say("specialty.of"),
        name: say(`specialty.${addressee.specialty}`),
        to: say(`to.${addressee.specialty}`),
      };
    case "team": {
      const name = directory?.teams.find((each) => each.id === addressee.teamId)?.name ?? "";
      return {
        of: say("specialty.ofTeam"),
        name: say("specialty.team", { name }),
        to: say("to.team", { name }),
      };
    }
    case "person": {
      const person = directory?.clinicians.find((each) => each.userId === addressee.userId);
      if (person === undefined)
        return { of: say("specialty.of"), name: "…", to: say("to.person", { name: "…" }) };
      const doctor = isDoctor(person);
      return {
        of: say(doctor ? "specialty.ofPerson" : "specialty.ofNurse"),
        name: fullName(person),
        to: say(doctor ? "to.doctor" : "to.person", { name: shortName(person) }),
      };
    }
  }
}

/** Who stands behind an addressee, by short name. */
export const namesBehind = (addressee: Addressee, directory: Directory, me: string): string[] =>
  membersOf(addressee, directory.clinicians, me).map(shortName);

/** Who may be asked: physicians answer (CSP R6316-1), so pools without one are not offered. */
export function addresseesOf(directory: Directory, me: string) {
  const people = directory.clinicians.filter((each) => each.userId !== me && isDoctor(each));
  const specialties = [...new Set(people.map((each) => each.specialty))];
  const teams = directory.teams.filter((team) => people.some((each) => each.teams.includes(team.id)));
  return { people, specialties, teams };
}
