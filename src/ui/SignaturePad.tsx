import { type PointerEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { TextAction } from "./actions.tsx";
import styles from "./SignaturePad.module.css";

/** Points in a box of 1000 × 300, integers, whatever the size on screen. */
export type Stroke = readonly (readonly [x: number, y: number])[];

type Props = {
  readonly label: string;
  readonly strokes: readonly Stroke[];
  readonly onChange: (strokes: readonly Stroke[]) => void;
};

const clamp = (value: number, max: number): number => Math.min(max, Math.max(0, Math.round(value)));

/** A line to sign on, with a finger, a pen or a mouse. Who cannot draw has the oral route. */
export function SignaturePad({ label, strokes, onChange }: Props) {
  const { t } = useTranslation("ui");
  const drawing = useRef<[number, number][] | null>(null);
  const pointer = useRef<number | null>(null);
  const live = useRef<SVGPathElement>(null);

  const at = (event: PointerEvent<SVGSVGElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [
      clamp(((event.clientX - box.left) / box.width) * 1000, 1000),
      clamp(((event.clientY - box.top) / box.height) * 300, 300),
    ];
  };
  const end = (event: PointerEvent) => {
    if (event.pointerId !== pointer.current) return;
    const stroke = drawing.current;
    drawing.current = null;
    live.current?.setAttribute("d", "");
    if (stroke !== null) onChange([...strokes, stroke]);
  };

  return (
    <div className={styles.pad}>
      <div className={styles.head}>
        <span>{label}</span>
        <TextAction tone="link" onClick={() => onChange([])}>
          {t("signature.clear")}
        </TextAction>
      </div>
      <svg
        className={styles.paper}
        viewBox="0 0 1000 300"
        preserveAspectRatio="none"
        role="img"
        aria-label={t("signature.label")}
        onPointerDown={(event) => {
          if (drawing.current !== null || event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          pointer.current = event.pointerId;
          drawing.current = [at(event)];
          live.current?.setAttribute("d", pathOf(drawing.current));
        }}
        onPointerMove={(event) => {
          if (drawing.current === null || event.pointerId !== pointer.current) return;
          drawing.current.push(at(event));
          live.current?.setAttribute("d", pathOf(drawing.current));
        }}
        onPointerUp={end}
        onPointerCancel={end}
      >
        <line x1="0" y1="230" x2="1000" y2="230" className={styles.baseline} />
        {strokes.map((stroke, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: strokes are only ever added at the end or all removed
          <path key={index} d={pathOf(stroke)} className={styles.stroke} />
        ))}
        <path ref={live} className={styles.stroke} />
      </svg>
    </div>
  );
}

/** A smooth line through the middles of the points; one point alone is a dot. */
function pathOf(stroke: Stroke): string {
  const [start] = stroke;
  if (start === undefined) return "";
  const curves = stroke.slice(1).map(([x, y], index) => {
    const [fromX, fromY] = stroke[index] ?? start;
    return `Q${fromX} ${fromY} ${(fromX + x) / 2} ${(fromY + y) / 2}`;
  });
  const [endX, endY] = stroke.at(-1) ?? start;
  return `M${start[0]} ${start[1]}${curves.join("")}L${endX} ${endY}`;
}
