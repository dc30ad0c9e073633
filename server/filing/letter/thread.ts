import { ink, type Paper, page, styles } from "./paper.ts";

export type Knot = { readonly word: string; readonly time: string };

/** The thread in the margin of the first page: in from the edge, a knot for each promise kept, out towards the signature. */
export function drawThread(paper: Paper, knots: readonly Knot[], onePage: boolean, signatureY: number): void {
  const { doc } = paper;
  const x = page.thread;
  const top = 58;
  doc.switchToPage(0);
  doc.lineWidth(1.3).strokeColor(ink);
  doc.moveTo(0, top);
  doc.bezierCurveTo(x * 0.75, top, x, top + 6, x, top + 30);
  endThread(paper, onePage ? signatureY : undefined);
  knots.forEach((knot, index) => {
    const y = 205 + index * 108;
    doc.circle(x + 5.5, y, 5.5).stroke();
    const lines = [
      ...paper.lines([{ text: knot.word, style: styles.knot }], 60),
      ...paper.lines([{ text: knot.time, style: styles.knot }], 60),
    ];
    paper.draw(lines, x + 17, y - 11);
  });
  if (onePage) return;
  doc.switchToPage(doc.bufferedPageRange().count - 1);
  doc.lineWidth(1.3).strokeColor(ink).moveTo(x, 0);
  endThread(paper, signatureY);
}

function endThread(paper: Paper, signatureY: number | undefined): void {
  const { doc } = paper;
  const x = page.thread;
  if (signatureY === undefined) doc.lineTo(x, page.height).stroke();
  else
    doc
      .lineTo(x, signatureY - 34)
      .bezierCurveTo(x, signatureY - 6, x + 12, signatureY, page.left - 10, signatureY)
      .stroke();
}
