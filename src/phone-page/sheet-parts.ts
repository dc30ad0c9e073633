import type { Offer, PhoneLanguage } from "#protocol/patient-phone.ts";
import type { Draft } from "./answer.ts";
import { button, el } from "./dom.ts";
import { factorField } from "./factor-field.ts";
import { signaturePad } from "./signature-pad.ts";
import type { Words } from "./words/index.ts";

/** The parts of the sheet, each keeping what is said in the draft and drawing only itself anew. */

/** Each purpose is a switch of its own, with both of its words to see. */
export function questions(
  offer: Offer,
  draft: Draft,
  words: Words,
  language: PhoneLanguage,
  changed: () => void,
): HTMLElement {
  const choice = (at: number, granted: boolean) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: `ask-${at}`,
        checked: draft.decisions[at] === granted,
        change: () => {
          draft.decisions[at] = granted;
          changed();
        },
      }),
      el("span", {}, granted ? words.yes : words.no),
    );
  return el(
    "section",
    { id: "decide", "aria-label": words.decisions },
    ...offer.asks.map((each, at) =>
      el(
        "fieldset",
        {},
        el("legend", {}, each.label[language]),
        each.detail[language] === "" ? null : el("p", { class: "help" }, each.detail[language]),
        el("div", { class: "switch" }, choice(at, false), choice(at, true)),
      ),
    ),
  );
}

/** A drawn signature; who cannot draw writes the name. */
export function signatureBlock(draft: Draft, words: Words): HTMLElement {
  const place = el("section", { id: "sign", "aria-labelledby": "sign-title" });
  const draw = (): void => {
    const { written } = draft;
    const toggle = (next: string | null) => () => {
      draft.written = next;
      draw();
      place.querySelector<HTMLElement>("input, button")?.focus();
    };
    const title = el("h2", { id: "sign-title" }, words.signature);
    if (written === null) {
      const clear = () => {
        draft.strokes = [];
        draw();
      };
      place.replaceChildren(
        el("div", { class: "pair" }, title, button("link", words.clear, clear)),
        signaturePad(words.signHere, draft.strokes, (strokes) => {
          draft.strokes = strokes;
        }),
        button("link", words.cannotDraw, toggle("")),
      );
      return;
    }
    const input = el("input", { id: "written", autocomplete: "name", maxlength: "200", value: written });
    input.addEventListener("input", () => {
      draft.written = input.value;
    });
    place.replaceChildren(
      title,
      el("label", { for: "written", class: "label" }, words.writtenName),
      input,
      button("link", words.draw, toggle(null)),
    );
  };
  draw();
  return place;
}

/** What will open the patient's page: a code that is chosen now, or the day of birth. */
export function factorBlock(draft: Draft, words: Words): HTMLElement {
  const field = el("div");
  const draw = (): void =>
    field.replaceChildren(
      ...factorField(words, draft.factor, false, (text) => {
        draft.factor = { ...draft.factor, text };
      }),
    );
  const choice = (kind: Draft["factor"]["kind"]) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "factor-kind",
        checked: draft.factor.kind === kind,
        change: () => {
          draft.factor = { kind, text: "" };
          draw();
        },
      }),
      el("span", {}, words[kind]),
    );
  draw();
  return el(
    "section",
    { id: "later" },
    el("h2", {}, words.later),
    el(
      "fieldset",
      { class: "plain" },
      el("legend", { class: "help" }, words.laterText),
      el("div", { class: "switch wide" }, choice("code"), choice("birth-date")),
    ),
    field,
  );
}
