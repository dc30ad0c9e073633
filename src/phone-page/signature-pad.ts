import type { Stroke } from "../features/consent/signature.ts";
import { el, svg } from "./dom.ts";

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, Math.round(value)));
const pathOf = (stroke: Stroke): string =>
  stroke.map(([x, y], at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("") + (stroke.length === 1 ? "h1" : "");

/** A line to sign on with a finger, a pen or a mouse: points in a box of 1000 × 300. */
export function signaturePad(
  label: string,
  before: readonly Stroke[],
  changed: (strokes: readonly Stroke[]) => void,
) {
  let strokes = before;
  let drawing: [number, number][] | null = null;
  let finger: number | null = null;
  const ink = svg("path", { class: "ink" });
  const draw = (): void =>
    ink.setAttribute("d", [...strokes, ...(drawing === null ? [] : [drawing])].map(pathOf).join(""));
  const at = (event: PointerEvent): [number, number] => {
    const box = pad.getBoundingClientRect();
    return [
      clamp(((event.clientX - box.left) / box.width) * 1000, 1000),
      clamp(((event.clientY - box.top) / box.height) * 300, 300),
    ];
  };
  const follow = (event: Event): void => {
    if (!(event instanceof PointerEvent)) return;
    if (event.type === "pointerdown" && drawing === null && event.button === 0) {
      pad.setPointerCapture(event.pointerId);
      finger = event.pointerId;
      drawing = [at(event)];
    } else if (drawing === null || event.pointerId !== finger) return;
    else if (event.type === "pointermove") drawing.push(at(event));
    else {
      strokes = [...strokes, drawing];
      drawing = null;
      changed(strokes);
    }
    draw();
  };
  const pad: SVGSVGElement = svg(
    "svg",
    {
      class: "pad",
      viewBox: "0 0 1000 300",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
      pointerdown: follow,
      pointermove: follow,
      pointerup: follow,
      pointercancel: follow,
    },
    svg("path", { class: "line", d: "M0 230H1000" }),
    ink,
  );
  draw();
  return el("div", { class: "sheet" }, pad);
}
