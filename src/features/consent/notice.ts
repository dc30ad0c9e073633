/** Languages in which the notice exists. */
export type NoticeLanguage = "fr" | "en";

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
export const noticeVersion = "2026-11.1";

/** A consent runs for the time of one episode of care, and never longer than the rule allows. */
export const consentMonths = 6;

/**
 * The information that is read before anything is decided: what is sent, who sees it, where it goes, how long, how to change
 * one's mind. @see CSP L1110-4, D1110-3-1, R1112-7 (twenty years); `docs/consent-rules.md`
 */
export function noticeText(language: NoticeLanguage, subject: NoticeSubject): string {
  return language === "fr" ? french(subject) : english(subject);
}

function french({ hospital, recipients, collector, ward }: NoticeSubject): string {
  const whose = ward === null ? "votre santé" : `la santé de votre enfant`;
  const record = ward === null ? "votre dossier" : "son dossier";
  const care = ward === null ? "vos soins n’en dépendent pas" : "ses soins n’en dépendent pas";
  const part = ward === null ? "la partie à soigner" : `la partie à soigner de ${ward}`;
  return [
    `Nous envoyons à ${recipients} une question sur ${whose} et, si vous le voulez, des photos de ${part}.`,
    `Seuls ces soignants et ceux qui vous suivent ici les verront.`,
    `L’Archiviste, un programme de l’hôpital (${hospital}), les lit pour les ranger dans ${record}, où elles restent au moins vingt ans.`,
    `Cet accord vaut six mois, pour cette demande seulement.`,
    `Vous pouvez dire non, ou changer d’avis à tout moment en le disant à ${collector} : ${care}, et les photos ne seront plus montrées.`,
  ].join(" ");
}

function english({ hospital, recipients, collector, ward }: NoticeSubject): string {
  const whose = ward === null ? "your health" : "your child’s health";
  const record = ward === null ? "your record" : "their record";
  const care = ward === null ? "your care does not depend on it" : "their care does not depend on it";
  const part = ward === null ? "the part that needs care" : `the part of ${ward} that needs care`;
  return [
    `We are sending ${recipients} a question about ${whose} and, if you wish, photos of ${part}.`,
    `Only these clinicians and those who look after you here will see them.`,
    `The archivist, a program of the hospital (${hospital}), reads them in order to file them in ${record}, where they stay for at least twenty years.`,
    `This agreement lasts six months, for this request only.`,
    `You may say no, or change your mind at any time by telling ${collector}: ${care}, and the photos will no longer be shown.`,
  ].join(" ");
}
