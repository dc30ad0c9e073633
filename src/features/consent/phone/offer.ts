import type { Purpose } from "#protocol/consent.ts";
import type { Offer, PhoneLanguage } from "#protocol/patient-phone.ts";
import { type NoticeSubject, noticeText, noticeVersion } from "../notice.ts";

type EachLanguage = Readonly<Record<PhoneLanguage, string>>;

/** One purpose that the patient is asked about. */
export type Asked = {
  readonly purpose: Purpose;
  readonly project?: string;
  /** Who would see the pictures by this decision, where that is not everybody who is asked. */
  readonly seenBy?: Readonly<Record<"fr" | "en", string>>;
};

/** What the sheet knows when a link is opened. */
export type OfferSubject = {
  readonly consentId: Offer["consentId"];
  readonly initials: string;
  readonly hospital: string;
  readonly asker: string;
  /** First name of the patient, when somebody else decides. */
  readonly ward: string | null;
  readonly forSomebodyElse: boolean;
  /** Who will see it, in words. */
  readonly recipients: Readonly<Record<"fr" | "en", string>>;
  readonly asked: readonly Asked[];
};

const care: ReadonlySet<Purpose> = new Set(["opinion", "care-named", "care-team", "care-outside-team"]);

/** Everything that the phone shows, in each of its languages: the notice of this sheet, and a question for each purpose. */
export function offerOf(linkId: string, subject: OfferSubject): Offer {
  const noticeIn = (language: "fr" | "en"): NoticeSubject => ({
    hospital: subject.hospital,
    recipients: subject.recipients[language],
    collector: subject.asker,
    ward: subject.ward,
  });
  return {
    v: 1,
    linkId,
    consentId: subject.consentId,
    initials: subject.initials,
    hospital: subject.hospital,
    asker: subject.asker,
    forSomebodyElse: subject.forSomebodyElse,
    notice: {
      version: noticeVersion,
      text: {
        fr: noticeText("fr", noticeIn("fr")),
        "fr-simple": noticeText("fr-simple", noticeIn("fr")),
        en: noticeText("en", noticeIn("en")),
      },
    },
    asks: subject.asked.map(({ purpose, project, seenBy }) => ({
      purpose,
      ...(project !== undefined && { project }),
      care: care.has(purpose),
      label: labels(purpose, subject.ward),
      detail: details(purpose, { ...subject, recipients: seenBy ?? subject.recipients }, project ?? ""),
    })),
  };
}

function labels(purpose: Purpose, ward: string | null): EachLanguage {
  switch (purpose) {
    case "opinion":
      return {
        fr: "L’avis d’un autre soignant",
        "fr-simple": "Un autre soignant donne son avis",
        en: "Another clinician’s opinion",
      };
    case "video":
      return {
        fr: "Une courte vidéo, sans le son",
        "fr-simple": "Un petit film, sans le son",
        en: "A short video, without sound",
      };
    case "teaching":
      return { fr: "Pour enseigner", "fr-simple": "Pour apprendre aux soignants", en: "For teaching" };
    case "research":
      return { fr: "Pour une recherche", "fr-simple": "Pour la recherche", en: "For research" };
    case "publication":
      return {
        fr: "Pour une publication",
        "fr-simple": "Pour un livre ou un journal de médecine",
        en: "For publication",
      };
    default:
      return ward === null
        ? {
            fr: "Des photos, pour me soigner",
            "fr-simple": "Des photos, pour me soigner",
            en: "Photos, for my care",
          }
        : {
            fr: `Des photos, pour soigner ${ward}`,
            "fr-simple": `Des photos, pour soigner ${ward}`,
            en: `Photos, for the care of ${ward}`,
          };
  }
}

function details(purpose: Purpose, subject: OfferSubject, project: string): EachLanguage {
  const { hospital, recipients } = subject;
  switch (purpose) {
    case "opinion":
      return {
        fr: `Demandé à\u00a0: ${recipients.fr}.`,
        "fr-simple": `Nous demandons à\u00a0: ${recipients.fr}.`,
        en: `Asked of: ${recipients.en}.`,
      };
    case "video":
      return {
        fr: "Vingt secondes au plus, vue par les mêmes personnes que les photos.",
        "fr-simple":
          "Le film dure vingt secondes, pas plus. Ceux qui voient les photos voient aussi le film.",
        en: "Twenty seconds at most, seen by the same people as the photos.",
      };
    case "teaching":
      return {
        fr: `Les photos, sans votre nom, montrées à des soignants du ${hospital}.`,
        "fr-simple": "On montre les photos à des soignants qui apprennent. On ne dit pas votre nom.",
        en: `The photos, without your name, shown to clinicians of ${hospital}.`,
      };
    case "research":
      return {
        fr: `Cette étude seulement\u00a0: ${project}.`,
        "fr-simple": `Seulement pour\u00a0: ${project}.`,
        en: `This study only: ${project}.`,
      };
    case "publication":
      return {
        fr: "Les photos, sans votre nom, que chacun peut voir.",
        "fr-simple": "Tout le monde peut voir les photos. On ne dit pas votre nom.",
        en: "The photos, without your name, for anybody to see.",
      };
    default:
      return {
        fr: `Vues par\u00a0: ${recipients.fr}.`,
        "fr-simple": `Ces personnes voient les photos\u00a0: ${recipients.fr}.`,
        en: `Seen by: ${recipients.en}.`,
      };
  }
}
