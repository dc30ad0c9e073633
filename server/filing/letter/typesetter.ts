import { type Face, fontBytes, fontFiles } from "./fonts.ts";

/** Text of one look. */
export type Style = {
  readonly face: Face;
  readonly size: number;
  readonly leading: number;
  readonly color: string;
};
export type Piece = { readonly text: string; readonly style: Style };

/** Characters of one font, or a place where a line may break. */
type Run = { readonly font: string; readonly text: string; readonly style: Style; readonly width: number };
type Word = { readonly runs: readonly Run[]; readonly width: number; readonly rightToLeft: boolean };
type Atom =
  | { readonly kind: "word"; readonly word: Word }
  | { readonly kind: "space"; readonly run: Run }
  | { readonly kind: "break" };
export type Line = { readonly runs: readonly Run[]; readonly width: number; readonly leading: number };

const rightToLeftLetter = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;
/** Marks that steer direction or join letters have no glyph of their own and need none here. */
const invisible = /[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]/gu;

/**
 * Sets text on a page with a font for every character that one of ours has, and right-to-left words in their order inside a
 * left-to-right line (the letters of a word are shaped and turned by the font engine). pdfkit alone would leave out, without a word, the
 * characters that one font lacks.
 */
export function createTypesetter(doc: PDFKit.PDFDocument) {
  const registered = new Set<string>();
  let replaced = false;

  const use = (file: string): void => {
    if (!registered.has(file)) {
      doc.registerFont(file, fontBytes(file));
      registered.add(file);
    }
    doc.font(file);
  };

  const fontFor = (character: string, face: Face): string | undefined =>
    fontFiles[face].find((file) => {
      use(file);
      return hasGlyph(doc, character);
    });

  const known = new Map<string, string | undefined>();
  const fontOf = (character: string, face: Face): string | undefined => {
    const key = `${face} ${character}`;
    if (!known.has(key)) known.set(key, fontFor(character, face));
    return known.get(key);
  };

  const measured = (font: string, text: string, style: Style): Run => {
    use(font);
    return { font, text, style, width: doc.fontSize(style.size).widthOfString(text) };
  };

  function runsOf(text: string, style: Style): Run[] {
    const runs: { font: string; text: string }[] = [];
    for (const { segment } of graphemes.segment(text)) {
      let shown = segment;
      let font = fontOf([...segment][0] ?? "", style.face);
      if (font === undefined) {
        replaced = true;
        shown = "?";
        font = fontFiles[style.face][0] ?? "";
      }
      const last = runs.at(-1);
      if (last !== undefined && last.font === font) last.text += shown;
      else runs.push({ font, text: shown });
    }
    return runs.map((run) => measured(run.font, run.text, style));
  }

  const wordOf = (text: string, style: Style): Word => {
    const runs = runsOf(text, style);
    return { runs, width: widthOf(runs), rightToLeft: rightToLeftLetter.test(text) };
  };

  function atomsOf(pieces: readonly Piece[], width: number): Atom[] {
    const atoms: Atom[] = [];
    for (const { text, style } of pieces) {
      const clean = text.normalize("NFC").replace(/\r\n?/g, "\n").replace(/\t/g, " ").replace(invisible, "");
      for (const part of clean.split(/( +|\n)/)) {
        if (part === "") continue;
        if (part === "\n") atoms.push({ kind: "break" });
        else if (part.startsWith(" "))
          atoms.push({ kind: "space", run: measured(fontFiles[style.face][0] ?? "", " ", style) });
        else
          for (const word of cutToFit(wordOf(part, style), part, style, width))
            atoms.push({ kind: "word", word });
      }
    }
    return atoms;
  }

  /** A word longer than the line is cut where it must be. */
  function cutToFit(word: Word, text: string, style: Style, width: number): Word[] {
    if (word.width <= width) return [word];
    const letters = [...graphemes.segment(text)].map((each) => each.segment);
    const fits = Math.max(1, Math.floor((letters.length * width) / word.width) - 1);
    const words: Word[] = [];
    for (let at = 0; at < letters.length; at += fits)
      words.push(wordOf(letters.slice(at, at + fits).join(""), style));
    return words;
  }

  /** Breaks text into lines of at most `width` points. */
  function lines(pieces: readonly Piece[], width: number): Line[] {
    const done: Line[] = [];
    let current: Atom[] = [];
    let used = 0;
    const fallback = Math.max(...pieces.map((piece) => piece.style.leading));
    const close = () => {
      done.push(lineOf(current, fallback));
      current = [];
      used = 0;
    };
    const atoms = atomsOf(pieces, width);
    for (let at = 0; at < atoms.length; at += 1) {
      const atom = atoms[at];
      if (atom === undefined) break;
      if (atom.kind === "break") close();
      else if (atom.kind === "space") {
        if (current.length > 0) current.push(atom);
        used += current.length > 0 ? atom.run.width : 0;
      } else {
        // Words that follow each other without a space stay together, unless they fill a line by themselves.
        const glued = gluedWidth(atoms, at);
        const startsGroup = atoms[at - 1]?.kind !== "word";
        const needed = startsGroup && glued <= width ? glued : atom.word.width;
        if (current.length > 0 && used + needed > width) close();
        current.push(atom);
        used += atom.word.width;
      }
    }
    if (current.length > 0) close();
    return done;
  }

  /** Draws lines from `y` downwards and gives the y below them. */
  function draw(
    set: readonly Line[],
    x: number,
    y: number,
    options: { align?: "left" | "right"; width?: number } = {},
  ): number {
    let top = y;
    for (const line of set) {
      let at = options.align === "right" ? x + (options.width ?? 0) - line.width : x;
      for (const run of line.runs) {
        use(run.font);
        doc.fontSize(run.style.size).fillColor(run.style.color);
        doc.text(run.text, at, top + line.leading * 0.74, { lineBreak: false, baseline: "alphabetic" });
        at += run.width;
      }
      top += line.leading;
    }
    return top;
  }

  return {
    lines,
    draw,
    height: (set: readonly Line[]): number => set.reduce((sum, line) => sum + line.leading, 0),
    /** Whether a character had to be written as a question mark because none of our fonts has it. */
    hasReplaced: () => replaced,
  };
}
export type Typesetter = ReturnType<typeof createTypesetter>;

const graphemes = new Intl.Segmenter("fr", { granularity: "grapheme" });

const widthOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.width, 0);

function gluedWidth(atoms: readonly Atom[], from: number): number {
  let width = 0;
  for (const atom of atoms.slice(from)) {
    if (atom.kind !== "word") break;
    width += atom.word.width;
  }
  return width;
}

/** One line in the order in which it is seen: neighbouring right-to-left words change places (UAX #9, rule L2, one level). */
function lineOf(atoms: readonly Atom[], fallback: number): Line {
  let end = atoms.length;
  while (end > 0 && atoms[end - 1]?.kind === "space") end -= 1;
  const seen: Atom[] = [];
  let turned: Atom[] = [];
  const flush = () => {
    // Spaces after the last turned word stay where they were.
    let last = turned.length;
    while (last > 0 && turned[last - 1]?.kind === "space") last -= 1;
    seen.push(...turned.slice(0, last).reverse(), ...turned.slice(last));
    turned = [];
  };
  for (const atom of atoms.slice(0, end)) {
    if (atom.kind === "word" && atom.word.rightToLeft) turned.push(atom);
    else if (atom.kind === "space" && turned.length > 0) turned.push(atom);
    else {
      flush();
      seen.push(atom);
    }
  }
  flush();
  const runs = seen.flatMap((atom) =>
    atom.kind === "word" ? atom.word.runs : atom.kind === "space" ? [atom.run] : [],
  );
  const leading = runs.length === 0 ? fallback : Math.max(...runs.map((run) => run.style.leading));
  return { runs, width: widthOf(runs), leading };
}

/** Whether the font in use has a glyph for this character. pdfkit does not say, the font engine inside it does. */
function hasGlyph(doc: PDFKit.PDFDocument, character: string): boolean {
  const engine: unknown = inside(inside(doc, "_font"), "font");
  const ask: unknown = inside(engine, "hasGlyphForCodePoint");
  if (typeof ask !== "function") throw new Error("pdfkit no longer shows its font engine");
  return ask.call(engine, character.codePointAt(0)) === true;
}

const inside = (value: unknown, member: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, member) : undefined;
