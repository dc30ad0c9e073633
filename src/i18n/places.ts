import { getI18n } from "react-i18next";
import { call as callEn } from "./en/call.ts";
import { capture as captureEn } from "./en/capture.ts";
import { cases as casesEn } from "./en/cases.ts";
import { consent as consentEn } from "./en/consent.ts";
import { desk as deskEn } from "./en/desk.ts";
import { opinion as opinionEn } from "./en/opinion.ts";
import { record as recordEn } from "./en/record.ts";
import { request as requestEn } from "./en/request.ts";
import { settings as settingsEn } from "./en/settings.ts";
import { call } from "./fr/call.ts";
import { capture } from "./fr/capture.ts";
import { cases } from "./fr/cases.ts";
import { consent } from "./fr/consent.ts";
import { desk } from "./fr/desk.ts";
import { opinion } from "./fr/opinion.ts";
import { record } from "./fr/record.ts";
import { request } from "./fr/request.ts";
import { settings } from "./fr/settings.ts";
import type { Texts } from "./index.ts";

const fr = { call, capture, cases, consent, desk, opinion, record, request, settings };

const en: Texts<typeof fr> = {
  call: callEn,
  capture: captureEn,
  cases: casesEn,
  consent: consentEn,
  desk: deskEn,
  opinion: opinionEn,
  record: recordEn,
  request: requestEn,
  settings: settingsEn,
};

/** Adds what is said after the sign-in. Called where the places are loaded, before anything of them is drawn. */
export function addPlaceTexts(): void {
  const texts = getI18n();
  for (const [language, all] of Object.entries({ fr, en }))
    for (const [namespace, words] of Object.entries(all)) texts.addResourceBundle(language, namespace, words);
}
