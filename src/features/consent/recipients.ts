import { type Addressee, type Clinician, fullName, membersOf, type Specialty } from "#protocol/people.ts";

const pools: Record<"fr" | "en", Record<Specialty, string>> = {
  fr: {
    dermatology: "la dermatologie",
    ophthalmology: "l’ophtalmologie",
    surgery: "la chirurgie",
    "general-practice": "la médecine générale",
    nursing: "les soins infirmiers",
  },
  en: {
    dermatology: "dermatology",
    ophthalmology: "ophthalmology",
    surgery: "surgery",
    "general-practice": "general practice",
    nursing: "nursing",
  },
};

const team = { fr: (name: string) => `l’équipe ${name}`, en: (name: string) => `the team ${name}` };

/** Names in a sentence: more than this many are counted instead. */
const namedAtMost = 4;

/** Who will see it, by name: the patient agrees to people, not to a service's label. */
export function recipientsInWords(
  recipients: readonly Addressee[],
  clinicians: readonly Clinician[],
  teams: ReadonlyMap<string, string>,
  collector: string,
  language: "fr" | "en",
): string {
  const list = new Intl.ListFormat(language, { type: "conjunction" });
  const each = recipients.map((recipient) => {
    const people = membersOf(recipient, clinicians, collector).map(titled);
    if (recipient.kind === "person") return people[0] ?? recipient.userId;
    const pool =
      recipient.kind === "specialty"
        ? pools[language][recipient.specialty]
        : team[language](teams.get(recipient.teamId) ?? recipient.teamId);
    if (people.length === 0) return pool;
    return people.length > namedAtMost ? `${pool} (${people.length})` : `${pool} (${list.format(people)})`;
  });
  return list.format(each);
}

/** A title is never left alone at the end of a line. */
const titled = (person: Clinician): string =>
  fullName(person).replace(" ", person.title === "" ? " " : "\u00a0");
