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
    // One frame later the new place is drawn; a field that asked for the focus keeps it.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement !== null && document.activeElement !== document.body) return;
      document.querySelector<HTMLElement>("main h1, h1")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [place, title]);
}
