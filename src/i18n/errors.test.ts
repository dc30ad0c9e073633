import { describe, expect, test } from "vitest";
import type { RefusalReason } from "#protocol/disclose.ts";
import { errorTable } from "#protocol/errors.ts";
import { errors as en } from "./en/errors.ts";
import { errors as fr } from "./fr/errors.ts";

/** The compiler keeps this list whole: a reason that is added to the gate is missing here until it is named. */
const reasons: Readonly<Record<RefusalReason, true>> = {
  "no-consent": true,
  "opinion-not-granted": true,
  "purpose-not-granted": true,
  "video-not-granted": true,
  "audience-not-covered": true,
  expired: true,
  "not-yet-valid": true,
  withdrawn: true,
  "status-unknown": true,
  "status-stale": true,
  "receipt-of-another-case": true,
  "receipt-of-another-patient": true,
  "receipt-of-another-consent": true,
  "taken-before-consent": true,
};
const onScreens = ["arriving", "wrong-password", "account-disabled", "wrong-key", "storage-full"];
const all = [...Object.keys(errorTable), ...Object.keys(reasons), ...onScreens];

describe.each([
  ["fr", fr],
  ["en", en],
])("errors in %s", (_language, texts) => {
  const known: Readonly<Record<string, string>> = texts;

  test("every code and every reason has its text", () => {
    expect(all.filter((code) => known[code] === undefined)).toEqual([]);
  });

  test("no text is left for a code that is gone", () => {
    expect(Object.keys(known).filter((code) => !all.includes(code))).toEqual([]);
  });

  test("each says what happened and what to do, in one or two sentences", () => {
    for (const text of Object.values(known)) expect(text).toMatch(/^[A-ZÀÉ].{20,}[.]$/s);
  });
});
