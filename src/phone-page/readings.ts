import type { CopyAnswer, Offer, PhoneLanguage } from "#protocol/patient-phone.ts";
import type { Factor } from "./factor.ts";
import { isLanguage } from "./words/index.ts";

/**
 * What was unsealed came from the clinician's browser, or from this page itself: the key proves it. What is looked at here is only that
 * it is of the version that this page can show.
 */
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

export const isOffer = (value: unknown): value is Offer =>
  isRecord(value) &&
  value.v === 1 &&
  typeof value.initials === "string" &&
  isRecord(value.notice) &&
  isRecord(value.notice.text) &&
  Array.isArray(value.asks) &&
  value.asks.every((each) => isRecord(each) && isRecord(each.label) && isRecord(each.detail));

export type Cover = {
  readonly initials: string;
  readonly factor: Factor["kind"];
  readonly language: PhoneLanguage;
};

export const isCover = (value: unknown): value is Cover =>
  isRecord(value) &&
  typeof value.initials === "string" &&
  (value.factor === "code" || value.factor === "birth-date") &&
  isLanguage(value.language);

/** What the patient agreed to, as the patient's copy keeps it. */
export type Kept = {
  readonly offer: Offer;
  readonly decisions: readonly { readonly granted: boolean }[];
  readonly language: PhoneLanguage;
  readonly answeredAt: string;
};

export const isKept = (value: unknown): value is Kept =>
  isRecord(value) &&
  isOffer(value.offer) &&
  Array.isArray(value.decisions) &&
  isLanguage(value.language) &&
  typeof value.answeredAt === "string";

export const isCopyAnswer = (value: unknown): value is CopyAnswer =>
  isRecord(value) &&
  (value.open === false
    ? typeof value.triesLeft === "number"
    : value.open === true && typeof value.sealed === "string" && Array.isArray(value.accesses));
