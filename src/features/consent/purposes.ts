import type { Purpose } from "#protocol/consent.ts";
import { purposesNeededFor } from "#protocol/disclose.ts";
import type { Addressee, Clinician } from "#protocol/people.ts";
import { membersOf } from "#protocol/people.ts";

/** How far a picture goes for care: each its own decision. */
const carePurposes = ["care-named", "care-team", "care-outside-team"] as const satisfies readonly Purpose[];
export type CarePurpose = (typeof carePurposes)[number];
export const isCare = (purpose: Purpose): purpose is CarePurpose =>
  carePurposes.some((each) => each === purpose);

/** Beside how far pictures go: being filmed at all, asked for of everybody, and needed for nothing. */
export const filming = "video" satisfies Purpose;

/** Uses beyond care: never needed for it, and asked for one by one. */
export const otherUses = ["teaching", "research", "publication"] as const satisfies readonly Purpose[];
export type OtherUse = (typeof otherUses)[number];

/** What these recipients need for pictures, and whom each decision lets see them. */
export function careAskedFor(
  recipients: readonly Addressee[],
  clinicians: readonly Clinician[],
  collector: string,
): { readonly purpose: CarePurpose; readonly people: readonly Clinician[] }[] {
  const asked = new Map<CarePurpose, Map<string, Clinician>>();
  for (const recipient of recipients) {
    const purpose = purposesNeededFor([recipient], clinicians, collector).find(isCare);
    if (purpose === undefined) continue;
    const people = asked.get(purpose) ?? new Map<string, Clinician>();
    for (const person of membersOf(recipient, clinicians, collector)) people.set(person.userId, person);
    asked.set(purpose, people);
  }
  return [...asked].map(([purpose, people]) => ({ purpose, people: [...people.values()] }));
}
