import { describe, expect, test } from "vitest";
import { consentIdSchema } from "#protocol/ids.ts";
import type { Offer } from "#protocol/patient-phone.ts";
import { copyFragment, placeOf } from "./address.ts";
import { lackOf, newDraft } from "./answer.ts";
import { readFactor } from "./factor.ts";
import { deriveFrom, random, seal, unseal } from "./seal.ts";
import { fill, languageOf, languages, momentIn, wordsIn } from "./words/index.ts";

const each = (text: string) => ({ fr: text, "fr-simple": text, en: text });
const ask = (purpose: Offer["asks"][number]["purpose"], care: boolean) => ({
  purpose,
  care,
  label: each(purpose),
  detail: each(""),
});
const whole: Offer = {
  v: 1,
  linkId: "A".repeat(22),
  consentId: consentIdSchema.parse("7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f"),
  initials: "J. D.",
  hospital: "CHU de Valombre",
  asker: "Inf. Leroy",
  forSomebodyElse: false,
  notice: { version: "1", text: each("Information") },
  asks: [ask("opinion", true), ask("care-named", true), ask("teaching", false)],
};
const signed: [number, number][][] = [Array.from({ length: 40 }, (_, at) => [at * 20, 150 + (at % 2) * 30])];
const now = Date.parse("2026-11-24T10:00:00Z");

describe("the address", () => {
  test("says what it opens, and nothing when a letter is missing", () => {
    const [id, key] = [random(16), random(32)];
    expect(placeOf(`#o.${id}.${key}`)).toEqual({ kind: "offer", linkId: id, key });
    expect(placeOf(copyFragment(id, key))).toEqual({ kind: "copy", copyId: id, key });
    for (const wrong of ["", "#", `#o.${id}.${key.slice(1)}`, `#x.${id}.${key}`, `#o.${id}.${key}&x`])
      expect(placeOf(wrong)).toEqual({ kind: "nowhere" });
  });
});

describe("the answers", () => {
  test("care stands at yes and counts with the signature alone, everything else is no until somebody says yes", () => {
    const draft = newDraft(whole, "fr");
    expect(draft.decisions).toEqual([true, true, false]);
    expect(lackOf(whole, draft)).toBe("sign");
    draft.decisions[1] = false;
    expect(lackOf(whole, draft)).toBe("sign");
    draft.strokes = signed;
    expect(lackOf(whole, draft)).toBeNull();
  });

  test("a no to everything needs no signature; a yes needs one that can be recognised", () => {
    const draft = newDraft(whole, "fr");
    draft.decisions.fill(false);
    expect(lackOf(whole, draft)).toBeNull();
    draft.decisions.fill(true, 0, 2);
    draft.strokes = [
      [
        [10, 10],
        [12, 11],
      ],
    ];
    expect(lackOf(whole, draft)).toBe("sign-larger");
    draft.strokes = signed;
    expect(lackOf(whole, draft)).toBeNull();
  });

  test("pictures serve the opinion", () => {
    const draft = { ...newDraft(whole, "fr"), strokes: signed };
    draft.decisions.splice(0, 2, false, true);
    expect(lackOf(whole, draft)).toBe("pictures-need-opinion");
  });

  test("who cannot draw writes the name", () => {
    const draft = { ...newDraft(whole, "fr"), written: " J" };
    expect(lackOf(whole, draft)).toBe("write-name");
    expect(lackOf(whole, { ...draft, written: "Josiane Delattre" })).toBeNull();
  });
});

describe("the second factor", () => {
  test("a code has six digits and is not the first that one would try", () => {
    expect(readFactor({ kind: "code", text: "407 193" }, now)).toEqual({ digits: "407193" });
    expect(readFactor({ kind: "code", text: "40719" }, now)).toEqual({ lack: "code" });
    for (const easy of ["000000", "123456", "987654"])
      expect(readFactor({ kind: "code", text: easy }, now)).toEqual({ lack: "code-easy" });
  });

  test("a day of birth is a day, and not to come", () => {
    expect(readFactor({ kind: "birth-date", text: "14/03/1959" }, now)).toEqual({ digits: "14031959" });
    for (const wrong of ["31/02/1959", "14/03/59", "25/11/2026", "00/01/1950"])
      expect(readFactor({ kind: "birth-date", text: wrong }, now)).toEqual({ lack: "birth-date" });
  });

  test("proof and key are the same for the same link and factor alone", async () => {
    const [id, key] = [random(16), random(32)];
    const first = await deriveFrom("407193", id, key);
    expect(await deriveFrom("407193", id, key)).toEqual(first);
    expect((await deriveFrom("407194", id, key)).proof).not.toBe(first.proof);
    expect((await deriveFrom("407193", id, random(32))).proof).not.toBe(first.proof);
    expect(first.key).not.toBe(first.proof);
  });
});

describe("what is sealed", () => {
  test("opens with its key in its place, and with nothing else", async () => {
    const key = random(32);
    const sealed = await seal("J. D.", key, "colloque/cover/a");
    expect(await unseal(sealed, key, "colloque/cover/a")).toBe("J. D.");
    await expect(unseal(sealed, random(32), "colloque/cover/a")).rejects.toThrow();
    await expect(unseal(sealed, key, "colloque/cover/b")).rejects.toThrow();
    const changed = `${sealed.slice(0, 30)}${sealed[30] === "A" ? "B" : "A"}${sealed.slice(31)}`;
    await expect(unseal(changed, key, "colloque/cover/a")).rejects.toThrow();
  });
});

describe("the words", () => {
  test("put the same values into each language's sentences", () => {
    const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const [language] of languages)
      for (const [key, text] of Object.entries(wordsIn[language]))
        if (typeof text === "string" && key !== "asker") {
          const french: unknown = Reflect.get(wordsIn.fr, key);
          expect(places(text), `${language} ${key}`).toEqual(places(String(french)));
        }
    expect(fill("{n} fois, le {when}", { n: 2, when: "lundi" })).toBe("2 fois, le lundi");
  });

  test("French keeps its marks with their words", () => {
    for (const language of ["fr", "fr-simple"] as const)
      expect(JSON.stringify(wordsIn[language])).not.toMatch(/[a-zà-ÿ] [?!;»]|[a-zà-ÿ] :(?!")/);
  });

  test("begin in the reader's language", () => {
    expect(languageOf(["de-DE", "en-GB"])).toBe("en");
    expect(languageOf(["fr-CA"])).toBe("fr");
    expect(languageOf([])).toBe("fr");
    expect(momentIn("en", "2026-11-24T10:00:00Z")).toContain("November 2026");
  });
});
