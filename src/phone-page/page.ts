import type { PhoneLanguage } from "#protocol/patient-phone.ts";
import { button, el, svg } from "./dom.ts";
import type { Trouble } from "./server.ts";
import { languageOf, languages, type Words, wordsIn } from "./words/index.ts";

/** What is on the page now, drawn from its state; drawn again in another language, it is the same place. */
export type View = (words: Words, language: PhoneLanguage) => Node[];

export type Page = {
  readonly root: HTMLElement;
  readonly language: () => PhoneLanguage;
  readonly words: () => Words;
  /** Goes to another view: the reader begins at its headline. */
  show(view: View): void;
  /** Draws the view anew, after something in it changed. */
  refresh(): void;
  /** The language that was used before, unless the reader has chosen one here. */
  prefer(language: PhoneLanguage): void;
  trouble(trouble: Trouble | "nowhere", again?: () => void): void;
};

export function createPage(root: HTMLElement): Page {
  let language = languageOf(navigator.languages);
  let chosen = false;
  let current: View = () => [];

  const draw = (): void => {
    const words = wordsIn[language];
    document.documentElement.lang = language;
    root.replaceChildren(head(words), el("main", {}, ...current(words, language)));
  };
  const head = (words: Words): HTMLElement =>
    el(
      "header",
      {},
      logo(),
      el(
        "div",
        { role: "group", "aria-label": words.language, class: "languages" },
        ...languages.map(([each, name]) =>
          el(
            "button",
            {
              type: "button",
              lang: each,
              "aria-pressed": String(each === language),
              click: () => {
                language = each;
                chosen = true;
                draw();
                root.querySelector<HTMLElement>(`.languages [lang="${each}"]`)?.focus();
              },
            },
            name,
          ),
        ),
      ),
    );

  const page: Page = {
    root,
    language: () => language,
    words: () => wordsIn[language],
    show(view) {
      current = view;
      draw();
      scrollTo(0, 0);
      root.querySelector<HTMLElement>("h1")?.focus();
    },
    refresh: draw,
    prefer(preferred) {
      if (!chosen) language = preferred;
    },
    trouble(trouble, again) {
      page.show((words) =>
        [
          headline(words.troubleTitle),
          el("p", { class: "lead" }, words.trouble[trouble]),
          again === undefined ? null : button("secondary", words.again, again),
        ].filter((node) => node !== null),
      );
    },
  };
  return page;
}

/** The sentence that a view begins with; a screen reader is taken to it. */
export const headline = (...words: readonly (string | Node)[]): HTMLElement =>
  el("h1", { tabindex: "-1" }, ...words);

export const loading: View = (words) => [el("p", { class: "lead", role: "status" }, words.loading)];

/** An arc open at the right, with a knot at each odd eighth of it: at this size a dot. */
const letter = ["M39.8 11.7A20 20 0 1 0 39.8 36.3", "M29.7 4.8h0M7.7 12.4h0M7.7 35.6h0M29.7 43.2h0"];

/** The C that the thread makes, then the rest of the name. */
const logo = (): HTMLElement =>
  el(
    "span",
    { class: "logo", role: "img", "aria-label": "Colloque" },
    svg("svg", { viewBox: "0 0 44 48", "aria-hidden": "true" }, ...letter.map((d) => svg("path", { d }))),
    el("span", { "aria-hidden": "true" }, "olloque"),
  );
