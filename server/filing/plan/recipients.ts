import type { Json } from "#protocol/canonical.ts";
import { type Consent, grants } from "#protocol/consent.ts";
import type { Addressee, Specialty } from "#protocol/people.ts";
import { idOf } from "../ids.ts";
import { concept, personReference, systems } from "./codes.ts";
import type { ConsentGroup } from "./references.ts";
import type { PlanContext, Resource } from "./types.ts";

/**
 * Whom a care consent lets in, as the record can say it: the same people as `mayDisclose` does, which a test compares. A use beyond care
 * names nobody, which PCF reads as everybody (for that purpose).
 */
export function actorsOf(context: PlanContext, consent: Consent, group: ConsentGroup): Json[] {
  // A clip goes as far as a photo does.
  if (group !== "opinion" && group !== "pictures" && group !== "video") return [];
  const role = concept(systems.participation, "IRCP", "information recipient");
  const references = new Map<string, Json>([
    [consent.collectedBy, personReference(context, consent.collectedBy)],
  ]);
  if (group === "opinion" || grants(consent, "care-team") || grants(consent, "care-outside-team"))
    for (const team of teamsOfCollector(context, consent)) references.set(team, teamReference(context, team));
  for (const recipient of consent.recipients) {
    if (recipient.kind === "person")
      references.set(recipient.userId, personReference(context, recipient.userId));
    else if (mayPool(consent, group))
      references.set(JSON.stringify(recipient), poolReference(context, recipient));
  }
  return [...references.values()].map((reference) => ({ role, reference }));
}

/** A pool that the patient was told of is beyond the team: it takes their yes (CSP L1110-4 III). */
const mayPool = (consent: Consent, group: "opinion" | "pictures" | "video"): boolean =>
  consent.method !== "non-opposition" && (group === "opinion" || grants(consent, "care-outside-team"));

const teamsOfCollector = (context: PlanContext, consent: Consent): readonly string[] =>
  context.clinician(consent.collectedBy)?.teams ?? [];

const teamReference = (context: PlanContext, id: string): Json => ({
  reference: `CareTeam/${id}`,
  display: context.team(id)?.name ?? "",
});

const poolReference = (context: PlanContext, pool: Exclude<Addressee, { kind: "person" }>): Json =>
  pool.kind === "team"
    ? teamReference(context, pool.teamId)
    : { reference: `Group/${specialtyGroupId(pool.specialty)}` };

const specialtyGroupId = (specialty: Specialty): string => idOf("colloque", `Group ${specialty}`);

/** A specialty is no CareTeam: those who answer for it are a Group by what they have in common. */
export const poolsOf = (consent: Consent): Resource[] =>
  consent.recipients.flatMap((recipient) =>
    recipient.kind !== "specialty"
      ? []
      : [
          {
            resourceType: "Group",
            id: specialtyGroupId(recipient.specialty),
            active: true,
            type: "practitioner",
            actual: false,
            name: `Colloque: ${recipient.specialty}`,
            characteristic: [
              {
                code: { text: "specialty" },
                valueCodeableConcept: { text: recipient.specialty },
                exclude: false,
              },
            ],
          },
        ],
  );
