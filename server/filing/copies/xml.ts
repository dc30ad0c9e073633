/** A piece of XML that is well formed. Only `element` makes one, so that no text of a person is ever taken for markup. */
export type Xml = { readonly xml: string };

type Child = Xml | string | undefined;

/** An element; strings are text. An attribute or a child that is undefined is left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly (Child | readonly Child[])[]
): Xml {
  const given = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escaped(value)}"`]))
    .join("");
  const inside = children
    .flat()
    .map((child) => (child === undefined ? "" : typeof child === "string" ? escaped(child) : child.xml))
    .join("");
  return { xml: inside === "" ? `<${name}${given}/>` : `<${name}${given}>${inside}</${name}>` };
}

/** A whole document. */
export const xmlDocument = (root: Xml): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n${root.xml}\n`);

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** XML 1.0 has no place for most control characters, for lone surrogates and for two others: they become the replacement character. */
const unwritable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

export const escaped = (text: string): string =>
  text.replace(unwritable, "\u{FFFD}").replace(/[&<>"\n\r\t]/g, (character) => entities[character] ?? "");
