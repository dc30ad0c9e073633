import { siteInWords } from "#protocol/body-sites.ts";
import type { Consent } from "#protocol/consent.ts";
import type { Informed, Opinion, Photo, Request, Response } from "#protocol/events.ts";
import type { IdentityCorrection } from "#protocol/identity.ts";
import type { Amendment } from "#protocol/opinion.ts";
import type { QuestionAmendment } from "#protocol/question.ts";
import { missingCase } from "#protocol/result.ts";

export type Language = "fr" | "en";

/** The readable `body` of each event, so that a case opened in another Matrix client stays readable. Encrypted like the rest. */
export const inWords = {
  request: (request: Request): string => request.question,

  consent(consent: Consent, language: Language): string {
    const how = methodWords[language][consent.method];
    return language === "fr" ? `Consentement du patient : ${how}` : `Patient’s consent: ${how}`;
  },

  glass(reason: string, language: Language): string {
    return language === "fr" ? `Accès d’urgence : ${reason}` : `Emergency access: ${reason}`;
  },

  informed(informed: Pick<Informed, "whom">, language: Language): string {
    const whom = whomWords[language][informed.whom];
    return language === "fr" ? `${whom} de l’accès d’urgence` : `${whom} of the emergency access`;
  },

  photo(photo: Pick<Photo, "site" | "view" | "clip">, language: Language): string {
    const site = siteInWords(photo.site, language);
    const place = `${site.charAt(0).toLocaleLowerCase(language)}${site.slice(1)}`;
    const view = viewWords[language][photo.view];
    const what = photo.clip === undefined ? "Photo" : language === "fr" ? "Vidéo" : "Video";
    return language === "fr" ? `${what} : ${place}, ${view}` : `${what}: ${place}, ${view}`;
  },

  response(response: Response, language: Language): string {
    switch (response.kind) {
      case "accepted":
        return language === "fr" ? "Demande acceptée" : "Request accepted";
      case "declined":
        return language === "fr"
          ? `Demande déclinée : ${response.reason}`
          : `Request declined: ${response.reason}`;
      case "more-asked":
        return response.question;
      default:
        return missingCase(response);
    }
  },

  opinion(opinion: Omit<Opinion, "author" | "signedAt">, language: Language): string {
    const fr = language === "fr";
    const certainty = certaintyWords[language][opinion.certainty];
    const colon = fr ? " : " : ": ";
    const part = (name: string, text: string): string[] => (text === "" ? [] : [`${name}${colon}${text}`]);
    const seeInPerson = opinion.inPerson.needed ? opinion.inPerson.when : fr ? "non" : "no";
    return [
      fr ? "Avis" : "Opinion",
      ...part(fr ? "Ce que je vois" : "What I see", opinion.findings),
      ...part(fr ? "Ce que j’en pense" : "What I think", `${opinion.assessment} (${certainty})`),
      ...part(fr ? "Ce qu’il faut faire" : "What to do", opinion.plan),
      ...part(fr ? "Si cela s’aggrave" : "If it gets worse", opinion.ifWorse),
      ...part(fr ? "À voir en consultation" : "To be seen in person", seeInPerson),
      ...part(fr ? "Limites de cet avis" : "Limits of this opinion", opinion.limits),
    ].join("\n");
  },

  misfiled(reason: string, language: Language): string {
    return language === "fr"
      ? `Ce cas n’est pas du bon patient : ${reason}`
      : `This case is of the wrong patient: ${reason}`;
  },

  identity({ patient }: Pick<IdentityCorrection, "patient">, language: Language): string {
    const who = [patient.given, patient.family, patient.birthDate].filter((part) => part !== undefined);
    return language === "fr"
      ? `Identité corrigée : ${who.join(" ")}`
      : `Identity corrected: ${who.join(" ")}`;
  },

  question({ how, reason, question }: QuestionAmendment, language: Language): string {
    if (language === "fr")
      return `${how === "corrected" ? "Question rectifiée" : "Question complétée"} : ${reason}\n${question}`;
    return `${how === "corrected" ? "Question corrected" : "Question completed"}: ${reason}\n${question}`;
  },

  amendment({ how, reason, opinion }: Amendment, language: Language): string {
    const said = inWords.opinion(opinion, language);
    if (language === "fr")
      return `${how === "corrected" ? "Avis rectifié" : "Avis complété"} : ${reason}\n${said}`;
    return `${how === "corrected" ? "Opinion corrected" : "Opinion completed"}: ${reason}\n${said}`;
  },
} as const;

const methodWords: Readonly<Record<Language, Readonly<Record<Consent["method"], string>>>> = {
  fr: {
    "signed-on-screen": "signé",
    "patient-phone": "donné sur son téléphone",
    "oral-witnessed": "oral, devant témoin",
    "non-opposition": "informé, ne s’oppose pas",
    emergency: "urgence, personne n’a pu être interrogé",
  },
  en: {
    "signed-on-screen": "signed",
    "patient-phone": "given on their own phone",
    "oral-witnessed": "oral, witnessed",
    "non-opposition": "informed, no objection",
    emergency: "emergency, nobody could be asked",
  },
};

const whomWords: Readonly<Record<Language, Readonly<Record<Informed["whom"], string>>>> = {
  fr: {
    patient: "Le patient a été informé",
    family: "La famille a été informée",
    guardian: "Le tuteur a été informé",
  },
  en: {
    patient: "The patient was told",
    family: "The family was told",
    guardian: "The guardian was told",
  },
};

const viewWords: Readonly<Record<Language, Readonly<Record<Photo["view"], string>>>> = {
  fr: {
    overview: "vue d’ensemble",
    "close-up": "gros plan",
    profile: "profil",
    dermoscopy: "dermoscopie",
    fundus: "fond d’œil",
    other: "autre vue",
  },
  en: {
    overview: "overview",
    "close-up": "close-up",
    profile: "profile",
    dermoscopy: "dermoscopy",
    fundus: "fundus",
    other: "other view",
  },
};

const certaintyWords: Readonly<Record<Language, Readonly<Record<Opinion["certainty"], string>>>> = {
  fr: { possible: "possible", probable: "probable", "very-probable": "très probable", certain: "certain" },
  en: { possible: "possible", probable: "probable", "very-probable": "very probable", certain: "certain" },
};
