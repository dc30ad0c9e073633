import { createInstance } from "i18next";
import { capture as captureEn } from "../../src/i18n/en/capture.ts";
import { cases as casesEn } from "../../src/i18n/en/cases.ts";
import { consent as consentEn } from "../../src/i18n/en/consent.ts";
import { opinion as opinionEn } from "../../src/i18n/en/opinion.ts";
import { record as recordEn } from "../../src/i18n/en/record.ts";
import { request as requestEn } from "../../src/i18n/en/request.ts";
import { session as sessionEn } from "../../src/i18n/en/session.ts";
import { settings as settingsEn } from "../../src/i18n/en/settings.ts";
import { ui as uiEn } from "../../src/i18n/en/ui.ts";
import { capture } from "../../src/i18n/fr/capture.ts";
import { cases } from "../../src/i18n/fr/cases.ts";
import { consent } from "../../src/i18n/fr/consent.ts";
import { opinion } from "../../src/i18n/fr/opinion.ts";
import { record } from "../../src/i18n/fr/record.ts";
import { request } from "../../src/i18n/fr/request.ts";
import { session } from "../../src/i18n/fr/session.ts";
import { settings } from "../../src/i18n/fr/settings.ts";
import { ui } from "../../src/i18n/fr/ui.ts";

export type Language = "fr" | "en";

/** The words on the screens, for the tests that walk through them in both languages: `say("request:send", { to })`. */
export function wordsIn(
  language: Language,
): (key: string, values?: Record<string, string | number>) => string {
  const texts = createInstance();
  void texts.init({
    lng: language,
    fallbackLng: false,
    resources: {
      fr: { capture, cases, consent, opinion, record, request, session, settings, ui },
      en: {
        capture: captureEn,
        cases: casesEn,
        consent: consentEn,
        opinion: opinionEn,
        record: recordEn,
        request: requestEn,
        session: sessionEn,
        settings: settingsEn,
        ui: uiEn,
      },
    },
    interpolation: { escapeValue: false },
    initAsync: false,
    parseMissingKeyHandler: (key) => {
      throw new Error(`There are no words for ${key}`);
    },
  });
  return (key, values = {}) => texts.t(key, values);
}
