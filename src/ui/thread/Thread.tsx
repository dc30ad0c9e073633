import type { CSSProperties, ReactNode } from "react";
import { type Direction, type KnotState, loopHeight, type Piece, threadPieces } from "./geometry.ts";
import styles from "./Thread.module.css";

/** One knot as a screen gives it. `word` always stands beside the drawing; `detail` is the time or who. */
export type ThreadKnot = {
  readonly key: string;
  readonly state: KnotState;
  readonly word: string;
  readonly detail?: ReactNode;
  /** Opens the proof of this knot. Without it the knot is not a button. */
  readonly onOpen?: (() => void) | undefined;
};

const scales = {
  letter: { k: 1.1, stroke: 2.2 },
  photo: { k: 1.05, stroke: 2.1 },
  header: { k: 0.66, stroke: 2 },
  row: { k: 0.55, stroke: 1.7 },
  patient: { k: 1.25, stroke: 2.4 },
} as const;

export type ThreadSize = keyof typeof scales;

type Props = {
  readonly knots: readonly ThreadKnot[];
  readonly direction?: Direction;
  readonly size?: ThreadSize;
  /** Distance from knot to knot, in pixels. */
  readonly pitch?: number;
  /** Whether words are written beside the knots; if not they are only read aloud. */
  readonly words?: boolean;
  /** Names the whole for a screen reader: "Le fil de la photo". */
  readonly label: string;
  /** Lets the line come in from the paper's edge and leave by the other, rather than stop at the ends. */
  readonly bleed?: boolean;
};

/** The signature: one line that ties a knot each time a promise is kept. */
export function Thread({
  knots,
  direction = "horizontal",
  size = "photo",
  pitch,
  words = true,
  label,
  bleed = true,
}: Props) {
  const { k, stroke } = scales[size];
  const step = pitch ?? { letter: 90, photo: 80, header: 90, row: 26, patient: 96 }[size];
  const first = bleed ? step / 2 : 12 * k;
  const length = first * 2 + step * (knots.length - 1);
  const across = Math.ceil((loopHeight + 4) * k) + 6;
  const line = direction === "horizontal" ? across - 5 : 8;
  const positions = knots.map((_, index) => first + index * step);
  const pieces = threadPieces(
    direction,
    knots.map((knot) => knot.state),
    positions,
    length,
    line,
    k,
  );
  const horizontal = direction === "horizontal";
  // Each knot's words take one pitch, so that they stand beside their knot whatever the text's size.
  const layout: CSSProperties & Record<"--pitch" | "--first", string> = {
    "--pitch": `${step}px`,
    "--first": `${first - step / 2}px`,
  };
  const box = horizontal ? { width: length, height: across } : { width: across, height: length };
  return (
    <div className={`${styles.thread} ${horizontal ? styles.horizontal : styles.vertical}`}>
      <svg
        className={styles.line}
        {...box}
        viewBox={`0 0 ${box.width} ${box.height}`}
        aria-hidden="true"
        focusable="false"
      >
        {pieces.map((piece) => (
          <Drawn key={keyOf(piece)} piece={piece} direction={direction} line={line} k={k} stroke={stroke} />
        ))}
      </svg>
      <ol className={words ? styles.words : styles.unwritten} style={layout} aria-label={label}>
        {knots.map((knot) => (
          <li key={knot.key} className={styles.knot}>
            <KnotWords knot={knot} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function KnotWords({ knot }: { knot: ThreadKnot }) {
  const text = (
    <>
      <span className={knot.state === "to-come" ? styles.toCome : styles.word}>{knot.word}</span>
      {knot.detail !== undefined && <span className={styles.detail}>{knot.detail}</span>}
    </>
  );
  if (knot.onOpen === undefined) return text;
  return (
    <button type="button" className={styles.open} onClick={knot.onOpen}>
      {text}
    </button>
  );
}

const keyOf = (piece: Piece): string =>
  "d" in piece ? `${piece.kind}${piece.d}` : `${piece.kind}${piece.at}`;

type DrawnProps = { piece: Piece; direction: Direction; line: number; k: number; stroke: number };

function Drawn({ piece, direction, line, k, stroke }: DrawnProps) {
  const centre = (at: number) => (direction === "horizontal" ? { cx: at, cy: line } : { cx: line, cy: at });
  switch (piece.kind) {
    case "ink":
      return <path className={styles.ink} d={piece.d} strokeWidth={stroke} />;
    case "knot":
      return (
        <path className={`${styles.ink} ${styles.tie}`} d={piece.d} strokeWidth={stroke} pathLength={1} />
      );
    case "open-knot":
      return <path className={styles.failed} d={piece.d} strokeWidth={stroke} />;
    case "dotted":
      return <path className={styles.dotted} d={piece.d} strokeWidth={stroke} strokeDasharray="0.1 6" />;
    case "ghost":
      return <path className={styles.ghost} d={piece.d} strokeWidth={stroke} />;
    case "ring":
      return (
        <circle
          className={piece.next ? styles.next : styles.coming}
          {...centre(piece.at)}
          r={Math.max(3.2, 5.6 * k)}
          strokeWidth={piece.next ? 2.25 : 1.8}
        />
      );
    case "bar": {
      const half = 9 * k;
      const d =
        direction === "horizontal"
          ? `M${piece.at} ${line - half}V${line + half / 2}`
          : `M${line - half / 2} ${piece.at}H${line + half}`;
      return <path className={styles.bar} d={d} strokeWidth={stroke + 0.6} />;
    }
  }
}
