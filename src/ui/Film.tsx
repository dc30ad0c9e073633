import { useEffect, useRef } from "react";
import styles from "./Film.module.css";

type Props = {
  readonly url: string;
  readonly label: string;
  /** Its first picture is on screen. */
  readonly onShown?: () => void;
  /** This browser cannot play it. */
  readonly onFailed?: () => void;
  /** Begins by itself: somebody pressed "play" to see it. */
  readonly plays?: boolean;
};

/** A clip with the browser's own controls, keyboard among them, and no way to save it. It has no sound. */
export function Film({ url, label, onShown, onFailed, plays = false }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element !== null) return learnLength(element);
  }, []);
  return (
    <video
      ref={video}
      className={styles.film}
      src={url}
      aria-label={label}
      autoPlay={plays}
      controls
      controlsList="nodownload noremoteplayback"
      disablePictureInPicture
      disableRemotePlayback
      muted
      playsInline
      onLoadedData={onShown}
      onError={onFailed}
      onContextMenu={(event) => event.preventDefault()}
    />
  );
}

/** A recording does not say how long it is: a browser learns it by going to its end. */
function learnLength(element: HTMLVideoElement): () => void {
  const toEnd = () => {
    if (Number.isFinite(element.duration)) return;
    element.addEventListener("durationchange", toStart);
    element.currentTime = 1e7;
  };
  const toStart = () => {
    if (!Number.isFinite(element.duration)) return;
    element.removeEventListener("durationchange", toStart);
    element.currentTime = 0;
    // At its end it had stopped by itself.
    if (element.autoplay) void element.play().catch(() => undefined);
  };
  element.addEventListener("loadedmetadata", toEnd);
  return () => {
    element.removeEventListener("loadedmetadata", toEnd);
    element.removeEventListener("durationchange", toStart);
  };
}
