import type { Certainty } from "#protocol/events.ts";
import type { Specialty } from "#protocol/people.ts";

/** The words of the papers that are filed. French is the language of the record; English is for hospitals that work in it. */
export const texts = {
  fr: {
    locale: "fr-FR",
    title: "Avis de télé-expertise",
    discussionTitle: "Échange de télé-expertise",
    givenAt: (time: string) => `Avis rendu à ${time}`,
    placeAndDate: (place: string, date: string) => (place === "" ? `Le ${date}` : `${place}, le ${date}`),
    concerning: "Concerne",
    to: "À",
    bornAs: (name: string, sex: string) => `, ${sex === "male" ? "né" : "née"} ${name}`,
    years: (age: number) => (age <= 1 ? `${age} an` : `${age} ans`),
    sex: { female: "femme", male: "homme", other: "sexe autre", unknown: "sexe non renseigné" },
    bornOn: (date: string, place: string | undefined, sex: string) =>
      `${sex === "male" ? "né" : "née"} le ${date}${place === undefined ? "" : ` à ${place}`}`,
    identity: { qualified: "qualifiée", provisional: "identité provisoire" },
    hospitalNumber: (value: string) => `IPP ${value}`,
    demo: "(démo)",
    greeting: (specialty: Specialty | undefined) =>
      specialty === "nursing" || specialty === undefined
        ? "Madame, Monsieur,"
        : "Chère consœur, cher confrère,",
    asked: "Vous m’avez demandé\u00a0: ",
    open: "«\u00a0",
    close: "\u00a0»",
    answer: " Voici mon avis.",
    amended: { completed: "Avis complété", corrected: "Avis rectifié" },
    replaces: (date: string, time: string, reason: string) =>
      `Cette lettre remplace celle du ${date} à ${time}. Raison : ${reason}`,
    findings: "Je vois",
    assessment: "Je pense",
    plan: "À faire maintenant",
    ifWorse: "Si ça s’aggrave",
    see: (sex: string) => (sex === "female" ? "La voir" : sex === "male" ? "Le voir" : "En consultation"),
    seeNo: "Pas de consultation nécessaire à ce stade.",
    seeYes: (when: string) => `Oui, ${when}`,
    limits: "Limites",
    certainty: {
      possible: "possible",
      probable: "probable",
      "very-probable": "très probable",
      certain: "certain",
    } satisfies Record<Certainty, string>,
    knots: { consented: "consentie", encrypted: "chiffrée", accepted: "acceptée", filed: "versée" },
    photosConsented: (count: number, date: string, time: string) =>
      `${count === 1 ? "Photo consentie" : "Photos consenties"} le ${date} à ${time}, pour ses soins.`,
    morePhotos: (count: number) =>
      count === 1 ? "Une autre photo est au dossier." : `${count} autres photos sont au dossier.`,
    signed: (time: string) => `Signé à ${time} par`,
    specialty: {
      dermatology: "dermatologie",
      ophthalmology: "ophtalmologie",
      surgery: "chirurgie",
      "general-practice": "médecine générale",
      nursing: "soins infirmiers",
    } satisfies Record<Specialty, string>,
    replaced:
      "Des caractères que nos polices ne possèdent pas sont écrits «\u00a0?\u00a0»\u00a0; le texte exact est au dossier.",
    page: (page: number, total: number) => `page ${page} sur ${total}`,
    request: "Demande",
    responses: {
      accepted: "Demande acceptée.",
      declined: "Demande déclinée",
      "more-asked": "Précision demandée",
    },
    moreClips: (count: number) =>
      count === 1 ? "Une vidéo est au dossier." : `${count} vidéos sont au dossier.`,
    photo: "Photo",
    clip: "Vidéo",
    colon: "\u00a0: ",
  },
  en: {
    locale: "en-GB",
    title: "Remote expert opinion",
    discussionTitle: "Discussion of a request for an opinion",
    givenAt: (time: string) => `Opinion given at ${time}`,
    placeAndDate: (place: string, date: string) => (place === "" ? date : `${place}, ${date}`),
    concerning: "Concerning",
    to: "To",
    bornAs: (name: string, _sex: string) => `, born ${name}`,
    years: (age: number) => (age === 1 ? "1 year" : `${age} years`),
    sex: { female: "woman", male: "man", other: "other sex", unknown: "sex not recorded" },
    bornOn: (date: string, place: string | undefined, _sex: string) =>
      `born ${date}${place === undefined ? "" : ` in ${place}`}`,
    identity: { qualified: "verified", provisional: "provisional identity" },
    hospitalNumber: (value: string) => `Hospital number ${value}`,
    demo: "(demo)",
    greeting: (_specialty: Specialty | undefined) => "Dear colleague,",
    asked: "You asked me: ",
    open: "“",
    close: "”",
    answer: " Here is my opinion.",
    amended: { completed: "Opinion completed", corrected: "Opinion corrected" },
    replaces: (date: string, time: string, reason: string) =>
      `This letter takes the place of the one of ${date}, ${time}. Reason: ${reason}`,
    findings: "I see",
    assessment: "I think",
    plan: "To do now",
    ifWorse: "If it gets worse",
    see: (_sex: string) => "In person",
    seeNo: "No consultation needed at this stage.",
    seeYes: (when: string) => `Yes, ${when}`,
    limits: "Limits",
    certainty: {
      possible: "possible",
      probable: "probable",
      "very-probable": "very probable",
      certain: "certain",
    } satisfies Record<Certainty, string>,
    knots: { consented: "consented", encrypted: "encrypted", accepted: "accepted", filed: "filed" },
    photosConsented: (count: number, date: string, time: string) =>
      `${count === 1 ? "Photo" : "Photos"} consented to on ${date} at ${time}, for the patient’s care.`,
    morePhotos: (count: number) =>
      count === 1 ? "One more photo is in the record." : `${count} more photos are in the record.`,
    signed: (time: string) => `Signed at ${time} by`,
    specialty: {
      dermatology: "dermatology",
      ophthalmology: "ophthalmology",
      surgery: "surgery",
      "general-practice": "general practice",
      nursing: "nursing",
    } satisfies Record<Specialty, string>,
    replaced: "Characters that our fonts lack are written “?”; the exact text is in the record.",
    page: (page: number, total: number) => `page ${page} of ${total}`,
    request: "Request",
    responses: { accepted: "Request accepted.", declined: "Request declined", "more-asked": "More asked" },
    moreClips: (count: number) =>
      count === 1 ? "A video is in the record." : `${count} videos are in the record.`,
    photo: "Photo",
    clip: "Video",
    colon: ": ",
  },
} as const;

export type Texts = (typeof texts)["fr"] | (typeof texts)["en"];
