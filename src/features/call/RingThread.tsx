import styles from "./call.module.css";

/** The thread that rings: three loops, and its end still loose. */
export function RingThread() {
  return (
    <svg className={styles.ringThread} viewBox="0 0 390 64" aria-hidden="true" focusable="false">
      <path
        d="M0 54H82C96 54 116 38 116 26C116 18 110 12 100 12S84 18 84 26C84 38 104 54 118 54H176C190 54 210 36 210 23C210 14 204 8 194 8S178 14 178 23C178 36 198 54 212 54H270C286 54 312 34 312 20C312 10 304 4 294 4S276 10 276 20C276 34 300 54 304 54"
        pathLength={1}
      />
      <path className={styles.ringLoose} d="M312 54H390" />
    </svg>
  );
}
