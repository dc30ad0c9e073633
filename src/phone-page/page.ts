import type { PhoneLanguage } from "#protocol/patient-phone.ts";
import { button, el, svg } from "./dom.ts";
import type { Trouble } from "./server.ts";
import { languageOf, languages, type Words, wordsIn } from "./words/index.ts";

/** What is on the page now, drawn from its state; drawn again in another language, it is the same place. */
export type View = (words: Words, language: PhoneLanguage) => Node[];

export type Page = {
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
export const headline = (words: string): HTMLElement => el("h1", { tabindex: "-1" }, words);

export const loading: View = (words) => [el("p", { class: "lead", role: "status" }, words.loading)];

const letter =
  "M44 10.700A24 24 0 0 0 36 4.200C30 1.600 24.700 3 24 7.300M24 3A24 24 0 0 0 8 8.300C4 12.600 3 17.900 6.500 20.200M4 17A24 24 0 0 0 4 35C7 40.300 11.500 43.300 14.700 41M8 43.600A24 24 0 0 0 24 49.300C30 48.500 33.800 45.300 32.700 41.300M32 48.800A24 24 0 0 0 44 41.200";

/** The C that the thread makes, then the rest of the name. */
const logo = (): HTMLElement =>
  el(
    "span",
    { class: "logo", role: "img", "aria-label": "Colloque" },
    svg("svg", { viewBox: "0 0 46 52", "aria-hidden": "true" }, svg("path", { d: letter })),
    el("span", { "aria-hidden": "true" }, "olloque"),
  );
