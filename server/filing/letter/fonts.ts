import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sfntOf } from "./woff.ts";

/** The voices of a letter: what people wrote is in serif, what the application says is in sans. */
export type Face = "serif" | "serif-italic" | "serif-bold" | "sans" | "sans-bold";

const newsreader = (subset: string, style: string) =>
  `@fontsource/newsreader/files/newsreader-${subset}-${style}.woff`;
const atkinson = (subset: string, style: string) =>
  `@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-${subset}-${style}.woff`;
const naskh = (style: string) => `@fontsource/noto-naskh-arabic/files/noto-naskh-arabic-arabic-${style}.woff`;
const symbols = "@fontsource/noto-naskh-arabic/files/noto-naskh-arabic-math-400-normal.woff";

const serif = (style: string, arabic: string) => [
  newsreader("latin", style),
  newsreader("latin-ext", style),
  newsreader("vietnamese", style),
  naskh(arabic),
  symbols,
];
const sans = (style: string, arabic: string) => [
  atkinson("latin", style),
  atkinson("latin-ext", style),
  // Atkinson has no Vietnamese.
  newsreader("vietnamese", style),
  naskh(arabic),
  symbols,
];

/** For each face its font files, the first that has a character's glyph is used. */
export const fontFiles: Readonly<Record<Face, readonly string[]>> = {
  serif: serif("400-normal", "400-normal"),
  "serif-italic": serif("400-italic", "400-normal"),
  "serif-bold": serif("600-normal", "600-normal"),
  sans: sans("400-normal", "400-normal"),
  "sans-bold": sans("700-normal", "700-normal"),
};

const loaded = new Map<string, Buffer>();

/** The font of a file, read and unpacked once. */
export function fontBytes(file: string): Buffer {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const bytes = sfntOf(readFileSync(fileURLToPath(import.meta.resolve(file))));
  loaded.set(file, bytes);
  return bytes;
}
