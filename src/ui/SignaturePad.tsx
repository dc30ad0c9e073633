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
  const live = useRef<SVGPathElement>(null);

  const at = (event: PointerEvent<SVGSVGElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [
      clamp(((event.clientX - box.left) / box.width) * 1000, 1000),
      clamp(((event.clientY - box.top) / box.height) * 300, 300),
    ];
  };
  const end = () => {
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
          event.currentTarget.setPointerCapture(event.pointerId);
          drawing.current = [at(event)];
        }}
        onPointerMove={(event) => {
          if (drawing.current === null) return;
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

const pathOf = (stroke: Stroke): string =>
  stroke.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
