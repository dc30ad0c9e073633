import { useEffect, useRef } from "react";

/**
 * Arriving somewhere: the window's title says where, without a patient's name, and the keyboard starts at the place's heading.
 * The first place of all keeps the browser's own focus. A null title leaves both to somebody else.
 */
export function useArrival(place: string, title: string | null): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (title !== null) document.title = `${title} · Colloque`;
  }, [title]);
  useEffect(() => {
    const first = before.current === null;
    const moved = before.current !== place;
    before.current = place;
    if (first || !moved || title === null) return;
    return focusHeading();
  }, [place, title]);
}

/** A place may need some frames until its model is there and it is drawn. */
const mostFrames = 60;

function focusHeading(): () => void {
  let frames = 0;
  let frame = requestAnimationFrame(look);
  function look() {
    const place = document.querySelector("main, [role=main]");
    // A field that asked for the focus keeps it.
    if (place?.contains(document.activeElement)) return;
    const heading = place?.querySelector<HTMLElement>("h1") ?? null;
    if (heading !== null) heading.focus();
    else if (++frames < mostFrames) frame = requestAnimationFrame(look);
  }
  return () => cancelAnimationFrame(frame);
}
