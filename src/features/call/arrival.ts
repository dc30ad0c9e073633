import { type RefObject, useEffect, useRef } from "react";

/** Takes the focus when it comes, so that a keyboard and a screen reader are there. */
export function useArrivalFocus<T extends HTMLElement>(): RefObject<T | null> {
  const heading = useRef<T>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return heading;
}
