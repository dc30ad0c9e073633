import { useState } from "react";
import { type Piece, ringRadius, type ThreadShape, threadPieces } from "./geometry.ts";
import styles from "./Thread.module.css";

type Props = {
  readonly shape: ThreadShape;
  readonly stroke: number;
  /** SVG path of the line's way in, drawn before it. */
  readonly wayIn?: string | undefined;
  readonly width: number;
  readonly height: number;
};

/** The thread itself. Knots that are tied while one looks are seen being tied; those that were already, stand. */
export function ThreadDrawing({ shape, stroke, wayIn, width, height }: Props) {
  const [before] = useState(() => new Set(shape.states.flatMap((state, i) => (state === "tied" ? [i] : []))));
  const inked = shape.states[0] === "tied" || shape.states[0] === "failed" || shape.states[0] === "withdrawn";
  return (
    <svg
      className={styles.line}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      focusable="false"
    >
      {wayIn !== undefined && (
        <path
          d={wayIn}
          className={inked ? styles.ink : styles.dotted}
          strokeWidth={stroke}
          {...(inked ? {} : dots)}
        />
      )}
      {threadPieces(shape).map((piece) => (
        <Drawn
          key={piece.key + piece.kind}
          piece={piece}
          shape={shape}
          stroke={stroke}
          fresh={piece.kind === "knot" && !before.has(piece.index)}
        />
      ))}
    </svg>
  );
}

const dots = { strokeDasharray: "0.1 6" } as const;

type DrawnProps = {
  readonly piece: Piece;
  readonly shape: ThreadShape;
  readonly stroke: number;
  readonly fresh: boolean;
};

function Drawn({ piece, shape: { direction, line, k }, stroke, fresh }: DrawnProps) {
  switch (piece.kind) {
    case "ink":
    case "ghost":
      return <path className={styles[piece.kind]} d={piece.d} strokeWidth={stroke} />;
    case "dotted":
      return <path className={styles.dotted} d={piece.d} strokeWidth={stroke} {...dots} />;
    case "knot":
      return fresh ? (
        <path className={`${styles.ink} ${styles.tie}`} d={piece.d} strokeWidth={stroke} pathLength={1} />
      ) : (
        <path className={styles.ink} d={piece.d} strokeWidth={stroke} />
      );
    case "open-knot":
      return (
        <>
          <path className={styles.ink} d={piece.d} strokeWidth={stroke} />
          <circle className={styles.disc} cx={piece.end[0]} cy={piece.end[1]} r={Math.max(3, stroke * 1.7)} />
        </>
      );
    case "next":
    case "coming": {
      const [cx, cy] = direction === "horizontal" ? [piece.at, line] : [line, piece.at];
      const width = piece.kind === "next" ? 2.25 : 1.8;
      return <circle className={styles[piece.kind]} cx={cx} cy={cy} r={ringRadius(k)} strokeWidth={width} />;
    }
    case "bar": {
      const half = Math.max(6, 9 * k);
      const d =
        direction === "horizontal"
          ? `M${piece.at} ${line - half}V${line + half / 2}`
          : `M${line - half / 2} ${piece.at}H${line + half}`;
      return <path className={styles.bar} d={d} strokeWidth={stroke + 0.6} />;
    }
  }
}
