import styles from "./ConsentThread.module.css";

/** The loop's own frame, vertical, its knot at 60 px. */
const tiedKnot =
  "M16 48C16 59 19 66.500 25 66.500C29 66.500 31.400 63.600 31.400 60C31.400 56.400 29 53.500 25 53.500C19 53.500 16 61 16 72";

/**
 * The thread as it comes in from the edge of the paper: tied when the patient agreed, a ring to tie when not; what follows is
 * dotted, since nothing more is promised yet. Words stand beside it.
 */
export function ConsentThread({ tied }: { tied: boolean }) {
  return (
    <div className={styles.thread} aria-hidden="true">
      <svg
        width="40"
        height="76"
        viewBox="0 0 40 76"
        aria-hidden="true"
        focusable="false"
        className={styles.line}
      >
        <path d={tied ? "M-24 4C4 4 16 12 16 48" : "M-24 4C4 4 16 8 16 20"} className={styles.ink} />
        {tied ? (
          <path d={tiedKnot} className={styles.knot} pathLength={1} />
        ) : (
          <circle cx="16" cy="28" r="6" className={styles.ring} />
        )}
        {!tied && <path d="M16 40V76" className={styles.dots} />}
      </svg>
      <div className={styles.rest} />
    </div>
  );
}
