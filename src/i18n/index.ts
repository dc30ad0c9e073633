import { createInstance } from "i18next";
import { initReactI18next } from "react-i18next";
import { errors as errorsEn } from "./en/errors.ts";
import { session as sessionEn } from "./en/session.ts";
import { ui as uiEn } from "./en/ui.ts";
import { errors } from "./fr/errors.ts";
import { session } from "./fr/session.ts";
import { ui } from "./fr/ui.ts";

/** What the sign-in page says; the rest comes with the places (`places.ts`). */
const fr = { errors, session, ui };

/** The same keys with any text: a key that English lacks does not compile. */
export type Texts<T> = { readonly [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };

const en: Texts<typeof fr> = {
  errors: errorsEn,
  session: sessionEn,
  ui: uiEn,
};

export type Language = "fr" | "en";
export const languages: readonly Language[] = ["fr", "en"];

const choiceKey = "colloque.language";
const isLanguage = (value: unknown): value is Language => value === "fr" || value === "en";

/** The person's own choice, else the first of the browser's languages that we speak, else French. */
export function languageOf(chosen: string | null, browser: readonly string[]): Language {
  if (isLanguage(chosen)) return chosen;
  return browser.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? "fr";
}

/** French says "au Dr Martin" and "du Dr Martin" after "à" and "de", and "le Dr Martin" but "Claire Leroy" where a text has "[le]" before a name. */
export const contracted = (text: string): string =>
  text
    .replace(/(?<!\p{L})([àÀ])\s(?=Dr\s)/gu, (_, a: string) => (a === "À" ? "Au " : "au "))
    .replace(/(?<!\p{L})([dD])e\s(?=Dr\s)/gu, "$1u ")
    .replace(/\[(le)\](?=Dr\s)/giu, "$1 ")
    .replace(/\[le\]/giu, "");

const french = {
  type: "postProcessor",
  name: "french",
  process: (text: string, _key: unknown, _options: unknown, { language }: { language: string }) =>
    language === "fr" ? contracted(text) : text,
} as const;

/** Starts the texts; `<html lang>` follows the language. React escapes what is put in, so i18next must not do it twice. */
export function startTexts() {
  const texts = createInstance();
  texts.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  void texts
    .use(initReactI18next)
    .use(french)
    .init({
      postProcess: [french.name],
      lng: languageOf(localStorage.getItem(choiceKey), navigator.languages),
      fallbackLng: false,
      resources: { fr, en },
      ns: Object.keys(fr),
      defaultNS: "ui",
      interpolation: { escapeValue: false },
      returnNull: false,
      initAsync: false,
    });
  return texts;
}

/** Remembers the language on this device. */
export const rememberLanguage = (language: Language): void => localStorage.setItem(choiceKey, language);
