import styles from "./Logo.module.css";
import { knotPath } from "./thread/geometry.ts";

/** The lettrine: a C that the thread makes, four loops turned inwards, then "olloque". */
export function Logo({ size = 40, label = "Colloque" }: { size?: number; label?: string }) {
  return (
    <span className={styles.logo} style={{ fontSize: `${size}px` }} role="img" aria-label={label}>
      <Lettrine size={size} />
      <span aria-hidden="true" className={styles.rest}>
        olloque
      </span>
    </span>
  );
}

/** The C alone, for small places. Under 40 px the loops become dots. */
export function Lettrine({ size }: { size: number }) {
  const radius = 0.47 * size;
  const stroke = Math.max(1.2, 0.042 * size);
  const centre = radius + stroke * 2.2;
  const box = centre * 2;
  return (
    <svg
      className={styles.c}
      width={box * 0.86}
      height={box}
      viewBox={`0 0 ${box * 0.86} ${box}`}
      aria-hidden="true"
      focusable="false"
    >
      <path d={arc(centre, radius, opening, 360 - opening)} strokeWidth={stroke} className={styles.stroke} />
      {knotAngles.map((angle) =>
        size < 40 ? (
          <circle key={angle} {...dotAt(centre, radius, angle)} r={1.6 * stroke} className={styles.dot} />
        ) : (
          <g key={angle} transform={knotTransform(centre, radius, angle)}>
            <circle r={0.085 * size} cy={-0.085 * size} strokeWidth={stroke} className={styles.stroke} />
          </g>
        ),
      )}
    </svg>
  );
}

/** Degrees left open at the right, either side of the horizontal. */
const opening = 38;
/** At 1/8, 3/8, 5/8 and 7/8 of the arc. */
const knotAngles = [1, 3, 5, 7].map((eighth) => opening + ((360 - 2 * opening) * eighth) / 8);

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const at = (centre: number, radius: number, degrees: number): [number, number] => [
  centre + radius * Math.cos(radians(degrees)),
  centre - radius * Math.sin(radians(degrees)),
];

function arc(centre: number, radius: number, from: number, to: number): string {
  const [x0, y0] = at(centre, radius, from);
  const [x1, y1] = at(centre, radius, to);
  return `M${x0} ${y0}A${radius} ${radius} 0 1 0 ${x1} ${y1}`;
}

function dotAt(centre: number, radius: number, angle: number): { cx: number; cy: number } {
  const [cx, cy] = at(centre, radius, angle);
  return { cx, cy };
}

/** Puts a loop on the arc with its head towards the centre. */
function knotTransform(centre: number, radius: number, angle: number): string {
  const [x, y] = at(centre, radius, angle);
  return `translate(${x} ${y}) rotate(${270 - angle})`;
}

/** A straight loop for icons that need one. */
export const loopIcon = knotPath("horizontal", 12, 18, 0.9);
