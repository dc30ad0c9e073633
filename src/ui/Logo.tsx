import styles from "./Logo.module.css";
import { arcPath } from "./thread/geometry.ts";

/** The lettrine: a C that the thread makes, four loops turned inwards, then "olloque". */
export function Logo({ size = 40, label = "Colloque" }: { size?: number; label?: string }) {
  const classes = `${styles.logo} ${size < dotsUnder ? styles.small : ""}`;
  return (
    <span className={classes} style={{ fontSize: `${size}px` }} role="img" aria-label={label}>
      <Lettrine size={size} />
      <span aria-hidden="true" className={styles.rest}>
        olloque
      </span>
    </span>
  );
}

const dotsUnder = 40;
/** Degrees left open at the right, either side of the horizontal. */
const opening = 38;
/** At 1/8, 3/8, 5/8 and 7/8 of the arc. */
const knots = [1, 3, 5, 7].map((eighth) => opening + ((360 - 2 * opening) * eighth) / 8);

/** The C alone, for small places. Under 40 px the line is bolder and the loops become dots. */
export function Lettrine({ size }: { size: number }) {
  const small = size < dotsUnder;
  const radius = 0.47 * size;
  const stroke = (small ? 0.088 : 0.042) * size;
  const dot = 1.15 * stroke;
  const centre = radius + (small ? dot : stroke / 2);
  const width = centre + radius * cosine(opening) + stroke / 2;
  const height = 2 * centre;
  const d = arcPath({
    centre: [centre, centre],
    radius,
    from: opening,
    to: 360 - opening,
    knots: small ? [90, 180, 270] : knots,
    k: small ? 0 : 0.0118 * size,
  });
  return (
    <svg
      className={styles.c}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      focusable="false"
    >
      <path d={d} strokeWidth={stroke} className={styles.stroke} />
      {small &&
        knots.map((angle) => (
          <circle
            key={angle}
            cx={centre + radius * cosine(angle)}
            cy={centre - radius * cosine(angle - 90)}
            r={dot}
            className={styles.dot}
          />
        ))}
    </svg>
  );
}

const cosine = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);
