import { el } from "./dom.ts";
import type { Factor } from "./factor.ts";
import type { Words } from "./words/index.ts";

/** One field for the second factor, shown as it is typed: a slip would shut the patient out. */
export function factorField(words: Words, factor: Factor, asking: boolean, typed: (text: string) => void) {
  const isCode = factor.kind === "code";
  const [label, help] = isCode
    ? [asking ? words.codeAsk : words.codeLabel, asking ? null : words.codeHelp]
    : [words.birthLabel, words.birthHelp];
  const input = el("input", {
    id: "factor",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: isCode ? "6" : "10",
    value: factor.text,
    ...(help !== null && { "aria-describedby": "factor-help" }),
  });
  input.addEventListener("input", () => typed(input.value));
  return [
    el("label", { for: "factor", class: "label" }, label),
    input,
    ...(help === null ? [] : [el("p", { id: "factor-help", class: "help" }, help)]),
  ];
}
