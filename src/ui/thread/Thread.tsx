import { type CSSProperties, type ReactNode, useRef } from "react";
import { cornerPath, type Direction, type KnotState, loopHeight } from "./geometry.ts";
import styles from "./Thread.module.css";
import { ThreadDrawing } from "./ThreadDrawing.tsx";
import { useWordPlaces } from "./use-word-places.ts";

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
  letter: { k: 1.1, stroke: 2.2, pitch: 90 },
  photo: { k: 1.05, stroke: 2.1, pitch: 80 },
  header: { k: 0.66, stroke: 2, pitch: 90 },
  row: { k: 0.55, stroke: 1.7, pitch: 26 },
  patient: { k: 1.25, stroke: 2.4, pitch: 96 },
} as const;

export type ThreadSize = keyof typeof scales;

type Props = {
  readonly knots: readonly ThreadKnot[];
  readonly direction?: Direction;
  readonly size?: ThreadSize;
  /** Distance from knot to knot, in pixels; a vertical thread gives more where words need it. */
  readonly pitch?: number;
  /** Whether words are written beside the knots; if not they are only read aloud. */
  readonly words?: boolean;
  /** Names the whole for a screen reader: "Le fil de la photo". */
  readonly label: string;
  /** Lets the line come in from the paper's edge and leave by the other, rather than stop at the ends. */
  readonly bleed?: boolean;
  /** For a vertical thread: how far to its left the line comes in at the top, from a picture's corner or the paper's edge. */
  readonly entersFrom?: number;
};

/** Beyond any edge of the paper; what holds the thread clips it. */
const farAway = 4000;

/** The signature: one line that ties a knot each time a promise is kept. */
export function Thread(props: Props) {
  const { knots, direction = "horizontal", size = "photo", words = true, label, entersFrom } = props;
  const { bleed = true } = props;
  const horizontal = direction === "horizontal";
  const { k, stroke } = scales[size];
  const step = props.pitch ?? scales[size].pitch;
  const list = useRef<HTMLOListElement>(null);
  const measured = useWordPlaces(list, !horizontal && words);

  const first = bleed ? step / 2 : 12 * k;
  const length = measured?.length ?? first * 2 + step * (knots.length - 1);
  const positions = measured?.places ?? knots.map((_, index) => first + index * step);
  const across = Math.ceil((loopHeight + 4) * k) + 6;
  const line = horizontal ? across - (size === "header" ? 1 : 5) : 8;
  const enters = !horizontal && entersFrom !== undefined;
  const out = horizontal && bleed ? farAway : 0;
  const states = knots.map((knot) => knot.state);
  const start = enters ? Math.max(6, (positions[0] ?? 0) - 12 * k) : -out;
  const shape = { direction, states, positions, start, end: length + out, line, k };
  // Each knot's words take one pitch, so that they stand beside their knot.
  const layout: CSSProperties & Record<"--pitch" | "--first" | "--across", string> = {
    "--pitch": `${step}px`,
    "--first": `${first - step / 2}px`,
    "--across": `${across}px`,
  };
  const classes = [styles.thread, styles[direction], styles[size], words ? styles.written : styles.unwritten];
  return (
    <div className={classes.join(" ")} style={layout}>
      <ThreadDrawing
        shape={shape}
        stroke={stroke}
        wayIn={enters ? cornerPath(line, entersFrom + line, stroke, start) : undefined}
        width={horizontal ? length : across}
        height={horizontal ? across : length}
      />
      <ol ref={list} className={styles.words} aria-label={label === "" ? undefined : label}>
        {knots.map((knot, index) => (
          <li
            key={knot.key}
            className={styles.knot}
            style={words ? undefined : spot(horizontal, positions[index] ?? 0, line)}
          >
            <KnotWords knot={knot} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Where a knot without words is pressed: over its drawing. */
const spot = (horizontal: boolean, at: number, line: number): CSSProperties =>
  horizontal ? { left: at, top: line } : { left: line, top: at };

function KnotWords({ knot }: { knot: ThreadKnot }) {
  const text = (
    <>
      <span className={knot.state === "to-come" ? styles.toCome : styles.word}>{knot.word}</span>
      {knot.detail !== undefined && <span className={styles.detail}> {knot.detail}</span>}
    </>
  );
  if (knot.onOpen === undefined) return <span className={styles.said}>{text}</span>;
  return (
    <button type="button" className={styles.open} onClick={knot.onOpen}>
      <span className={styles.said}>{text}</span>
    </button>
  );
}
