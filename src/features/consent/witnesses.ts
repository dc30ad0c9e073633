import type { Clinician } from "#protocol/people.ts";
import type { ConsentDeps } from "./consent-state.ts";

export const offeredWitnesses = 3;

/** Colleagues who may well stand beside: of the same team, then of the same house; never those who are asked. */
export function likelyWitnesses(deps: ConsentDeps, collector: Clinician | undefined): string[] {
  if (collector === undefined) return [];
  const asked = new Set(
    deps.subject.recipients.flatMap((each) => (each.kind === "person" ? [each.userId] : [])),
  );
  const near = (person: Clinician): number => {
    if (person.teams.some((team) => collector.teams.includes(team))) return 0;
    const bedside = person.specialty === "nursing" || person.specialty === "general-practice";
    return person.specialty === collector.specialty || bedside ? 1 : 2;
  };
  return deps.clinicians
    .filter((person) => person.userId !== collector.userId && !asked.has(person.userId))
    .filter((person) => person.organization === collector.organization && near(person) < 2)
    .sort((a, b) => near(a) - near(b))
    .slice(0, offeredWitnesses)
    .map((person) => [person.title, person.given, person.family].filter((part) => part !== "").join(" "));
}
