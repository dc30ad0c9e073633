import { useEffect, useRef } from "react";
import styles from "./call.module.css";
import { type CallModel, type Tile, tileKey } from "./call-model.ts";
import { useCallWords } from "./use-call-words.ts";

type Props = {
  readonly model: CallModel;
  readonly tile: Tile;
  /** The picture that counts: whole, never cut. */
  readonly large?: boolean;
};

/** Somebody's picture, or in words why there is none. What is not live is never passed off as live. */
export function TilePicture({ model, tile, large = false }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const words = useCallWords().picture(tile, large);
  const { identity, what } = tile;
  const shows = tile.picture !== "off" && tile.picture !== "refused" && !tile.alarm;
  useEffect(() => {
    if (!shows || video.current === null) return;
    return model.attach(identity, what, video.current);
  }, [model, identity, what, shows]);
  return (
    <div
      className={`${styles.picture} ${large ? styles.large : ""}`}
      data-standing={tile.alarm ? "refused" : tile.picture}
      data-tile={tileKey(tile)}
      data-speaking={tile.speaking ? "" : undefined}
    >
      {shows && <video ref={video} autoPlay playsInline muted aria-label={tile.name} />}
      {words !== null && (
        <p className={tile.alarm ? styles.alarm : styles.standing} role={tile.alarm ? "alert" : undefined}>
          {words}
        </p>
      )}
    </div>
  );
}
