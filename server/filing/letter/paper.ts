import PDFDocument from "pdfkit";
import { createTypesetter, type Style } from "./typesetter.ts";

export const ink = "#1B2130";
export const ink2 = "#454A59";
export const rule = "#D8CDB8";
export const mat = "#777777";

/** Points. A4, the text's column, and the line on which the thread runs. */
export const page = {
  width: 595.28,
  height: 841.89,
  left: 111,
  right: 547,
  top: 51,
  bottom: 775,
  thread: 27,
};

export const styles = {
  label: { face: "sans", size: 8.5, leading: 13, color: ink2 },
  small: { face: "sans", size: 8.5, leading: 13, color: ink },
  strong: { face: "sans-bold", size: 9.5, leading: 14, color: ink },
  name: { face: "sans-bold", size: 11, leading: 15, color: ink },
  knot: { face: "sans", size: 7.5, leading: 11, color: ink },
  voice: { face: "serif", size: 11.5, leading: 16.5, color: ink },
  question: { face: "serif-italic", size: 11.5, leading: 16.5, color: ink },
  firm: { face: "serif-bold", size: 11.5, leading: 16.5, color: ink },
  title: { face: "serif", size: 20, leading: 26, color: ink },
  foot: { face: "sans", size: 7, leading: 10, color: ink2 },
} as const satisfies Record<string, Style>;

/**
 * A paper of the record: PDF 1.7 with its fonts inside and the marks of PDF/A-2b. Its dates come from outside, so that the same facts
 * give the same bytes. Metadata name nobody.
 */
export function createPaper(title: string, language: string, createdAtMs: number) {
  const doc = new PDFDocument({
    size: "A4",
    margin: 0,
    pdfVersion: "1.7",
    subset: "PDF/A-2b",
    lang: language,
    displayTitle: true,
    bufferPages: true,
    info: {
      Title: title,
      Producer: "Colloque",
      Creator: "Colloque",
      CreationDate: new Date(createdAtMs),
      ModDate: new Date(createdAtMs),
    },
  });
  const chunks: Uint8Array[] = [];
  const finished = new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    doc.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    doc.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    doc.on("error", reject);
  });
  const typesetter = createTypesetter(doc);
  return {
    doc,
    ...typesetter,
    /** Goes on to a new page and gives the height at which to write. */
    newPage: (): number => {
      doc.addPage();
      return page.top;
    },
    /** Numbers the pages and closes the paper. */
    finish(foot: (page: number, total: number) => string): Promise<Uint8Array<ArrayBuffer>> {
      const total = doc.bufferedPageRange().count;
      for (let index = 0; index < total; index += 1) {
        doc.switchToPage(index);
        const lines = typesetter.lines([{ text: foot(index + 1, total), style: styles.foot }], 430);
        typesetter.draw(lines, page.left, 808);
      }
      doc.end();
      return finished;
    },
  };
}
export type Paper = ReturnType<typeof createPaper>;
