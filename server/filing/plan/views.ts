import type { View } from "#protocol/events.ts";

const viewNames: Readonly<Record<View, { fr: string; en: string }>> = {
  overview: { fr: "vue d’ensemble", en: "overview" },
  "close-up": { fr: "gros plan", en: "close-up" },
  profile: { fr: "profil", en: "profile" },
  dermoscopy: { fr: "dermoscopie", en: "dermoscopy" },
  fundus: { fr: "fond d’œil", en: "fundus" },
  other: { fr: "autre vue", en: "other view" },
};

/** How a photo was taken, in words. */
export const viewInWords = (view: View, language: "fr" | "en"): string => viewNames[view][language];
