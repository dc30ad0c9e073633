/** How dates and hours are written: 24 November 2026 and 16:30 in both languages, never the American way. */
export const localeOf = (language: string): "fr-FR" | "en-GB" =>
  language.startsWith("fr") ? "fr-FR" : "en-GB";
