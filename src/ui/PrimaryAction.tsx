import { type ButtonHTMLAttributes, useId } from "react";
import styles from "./actions.module.css";
import { knotPath } from "./thread/geometry.ts";

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> & {
  /** Work goes on: the thread draws, and `children` should say the verb in progress. Presses are ignored. */
  readonly busy?: boolean;
  /** Why it cannot be done yet, in words. It stays pressable: `onHeld` may lead to what lacks. */
  readonly heldBy?: string | null | undefined;
  readonly onHeld?: (() => void) | undefined;
  /** A final act (send, sign): 64 px. */
  readonly tall?: boolean;
};

const loopAt = 37;
const path = `M0 22L${knotPath("horizontal", loopAt, 22, 0.95).slice(1)}L64 22`;

/** The one royal, solid thing on a screen: the next action, into which the thread runs. */
export function PrimaryAction({
  busy = false,
  heldBy,
  onHeld,
  tall = false,
  children,
  onClick,
  type = "button",
  ...rest
}: Props) {
  const reasonId = useId();
  const held = heldBy != null && heldBy !== "";
  const classes = [styles.primary, tall && styles.tall, busy && styles.busy, held && styles.held]
    .filter(Boolean)
    .join(" ");
  return (
    <div className={styles.frame}>
      <button
        {...rest}
        type={held || busy ? "button" : type}
        className={classes}
        aria-disabled={held || busy || undefined}
        aria-busy={busy || undefined}
        aria-describedby={held ? reasonId : rest["aria-describedby"]}
        onClick={(event) => {
          if (busy) return;
          if (held) onHeld?.();
          else onClick?.(event);
        }}
      >
        <span className={styles.end} aria-hidden="true" />
        <svg className={styles.loop} viewBox="0 0 70 26" aria-hidden="true" focusable="false">
          <path d={path} pathLength={1} />
        </svg>
        <span>{children}</span>
      </button>
      {held && (
        <p id={reasonId} className={styles.reason}>
          {heldBy}
        </p>
      )}
    </div>
  );
}
