import type { PhoneLanguage } from "#protocol/patient-phone.ts";
import { en } from "./en.ts";
import { fr, type Words } from "./fr.ts";
import { frSimple } from "./fr-simple.ts";

export type { Words } from "./fr.ts";

export const wordsIn: Readonly<Record<PhoneLanguage, Words>> = { fr, "fr-simple": frSimple, en };

/** Each language in its own words, one tap away. */
export const languages: readonly (readonly [PhoneLanguage, string])[] = [
  ["fr", "Français"],
  ["fr-simple", "Facile"],
  ["en", "English"],
];

export const isLanguage = (value: unknown): value is PhoneLanguage =>
  languages.some(([language]) => language === value);

/** The first of the browser's languages that the page speaks, else French. */
export const languageOf = (browser: readonly string[]): PhoneLanguage =>
  browser.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? "fr";

/** Puts values into a sentence: `{n}`. */
export const fill = (sentence: string, values: Readonly<Record<string, string | number>>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));

/** A moment as people say it: "24 novembre 2026 à 11:52". */
export const momentIn = (language: PhoneLanguage, iso: string): string =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : "fr-FR", {
    dateStyle: "long",
    timeStyle: "short",
  }).format(new Date(iso));

export const dayIn = (language: PhoneLanguage, iso: string): string =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : "fr-FR", { dateStyle: "long" }).format(new Date(iso));
