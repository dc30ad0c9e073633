import { missingCase } from "#protocol/result.ts";

/** Languages in which the notice exists (BCP 47): `fr-simple` is easy French, in short sentences with everyday words. */
export const noticeLanguages = ["fr", "fr-simple", "en"] as const;
export type NoticeLanguage = (typeof noticeLanguages)[number];

/** The language of the words around the notice. */
export const baseOf = (language: NoticeLanguage): "fr" | "en" => (language === "en" ? "en" : "fr");

/** What the notice names: the words change with these, and with nothing else. */
export type NoticeSubject = {
  readonly hospital: string;
  /** Who will see it, in words of the notice's language, names included: "la dermatologie (Dr Martin et Dr Haddad)". */
  readonly recipients: string;
  /** The clinician who asks: "Inf. Claire Leroy". */
  readonly collector: string;
  /** First name of the patient, when somebody else decides for them. */
  readonly ward: string | null;
};

/** Raised with every change of the words below: a consent names the version and the hash of the text that was read. */
export const noticeVersion = "2026-11.4";

/** A consent runs for the time of one episode of care, and never longer than the rule allows. */
export const consentMonths = 6;

/**
 * The information that is read before anything is decided: what is sent, who sees it, where it goes, how long, how to change
 * one's mind. @see CSP L1110-4, D1110-3-1, R1112-7 (twenty years); `docs/consent-rules.md`
 */
export function noticeText(language: NoticeLanguage, subject: NoticeSubject): string {
  switch (language) {
    case "fr":
      return french(subject);
    case "fr-simple":
      return easyFrench(subject);
    case "en":
      return english(subject);
    default:
      return missingCase(language);
  }
}

function french({ hospital, recipients, collector, ward }: NoticeSubject): string {
  const [what, part, record, care] =
    ward === null
      ? ["votre santé", "la partie à soigner", "votre dossier", "vos soins"]
      : [
          "la santé de votre enfant",
          `la partie à soigner ${/^[aeiouyhàâéèêëîïôœù]/i.test(ward) ? "d’" : "de "}${ward}`,
          "son dossier",
          "ses soins",
        ];
  return [
    `Nous montrons ${to(recipients)} une question sur ${what} et, si vous le voulez, des photos ou une courte vidéo sans le son de ${part}.`,
    `Les soignants d’ici les voient aussi.`,
    `L’Archiviste, un programme de l’hôpital, les lit pour les ranger dans ${record} (${hospital}), au moins vingt ans.`,
    `Votre accord vaut six mois. Vous pouvez refuser, ou changer d’avis à tout moment\u00a0: dites-le ${to(collector)}, les images ne seront plus montrées, et ${care} n’en souffriront pas.`,
  ].join(" ");
}

/** One idea in a sentence, the verb first, no word that a ten-year-old would have to ask about. */
function easyFrench({ hospital, recipients, collector, ward }: NoticeSubject): string {
  const [whose, part, kept, treated] =
    ward === null
      ? ["votre santé", "l’endroit à soigner", "votre dossier", "On vous soigne"]
      : ["la santé de votre enfant", "l’endroit à soigner", "son dossier", "On soigne votre enfant"];
  return [
    `Nous voulons poser une question sur ${whose} ${to(recipients)}.`,
    `Nous voulons aussi montrer des photos de ${part}, ou un petit film sans le son.`,
    `Les soignants d’ici voient les images.`,
    `Un programme de l’hôpital, l’Archiviste, range les images dans ${kept} (${hospital}). Elles y restent au moins vingt ans.`,
    `Vous pouvez dire oui. Vous pouvez dire non. Votre oui dure six mois.`,
    `Vous pouvez changer d’avis\u00a0: dites-le ${to(collector)}. Nous ne montrons plus les images. ${treated} pareil.`,
  ].join(" ");
}

/** "au Dr Martin", "aux soins infirmiers", "à la dermatologie". */
function to(whom: string): string {
  if (/^Dr\s/.test(whom)) return `au ${whom}`;
  return whom.startsWith("les ") ? `aux ${whom.slice(4)}` : `à ${whom}`;
}

function english({ hospital, recipients, collector, ward }: NoticeSubject): string {
  const [what, part, record, care] =
    ward === null
      ? ["your health", "the part that needs care", "your record", "your care"]
      : ["your child’s health", `the part of ${ward} that needs care`, "their record", "their care"];
  return [
    `We are showing ${recipients} a question about ${what} and, if you wish, photos of ${part} or a short video without sound.`,
    `Those who look after you here see them too.`,
    `The archivist, a program of the hospital, reads them in order to file them in ${record} (${hospital}), for at least twenty years.`,
    `Your agreement lasts six months. You may refuse, or change your mind at any time: tell ${collector}, the pictures will no longer be shown, and ${care} will not suffer.`,
  ].join(" ");
}
