import type { Urgency } from "#protocol/events.ts";
import styles from "./marks.module.css";

const shapes: Readonly<Record<Urgency, string>> = {
  now: "M7 1.500H13L18.500 7V13L13 18.500H7L1.500 13V7Z",
  today: "M10 2 19 18H1Z",
  "48h": "M10 2A8 8 0 1 1 10 18 8 8 0 1 1 10 2Z",
  "7d": "M10 3.500A6.500 6.500 0 1 1 10 16.500 6.500 6.500 0 1 1 10 3.500Z",
};

/** Octagon, triangle, disc, ring: urgency never rests on its hue. The word stands beside it: give `word`, or write it yourself. */
export function UrgencyMark({ urgency, word }: { urgency: Urgency; word?: string }) {
  const shape = (
    <svg
      className={styles.shape}
      width={20}
      height={20}
      viewBox="0 0 20 20"
      aria-hidden="true"
      focusable="false"
    >
      <path d={shapes[urgency]} className={styles[`u${urgency}`]} />
    </svg>
  );
  if (word === undefined) return shape;
  return (
    <span className={styles.urgency}>
      {shape}
      <strong className={styles.word}>{word}</strong>
    </span>
  );
}

/** A radiographer's mark on the picture's mat: the patient's own side, a letter in a square. */
export function SideMark({ letter, label }: { letter: string; label: string }) {
  return (
    <abbr className={styles.side} title={label}>
      {letter}
    </abbr>
  );
}
