import { type RefObject, useLayoutEffect, useState } from "react";

type Places = { readonly places: readonly number[]; readonly length: number };

/**
 * Where the words of a vertical thread stand, so that each knot is drawn beside its own words however large the text or long the
 * detail. Null until it is measured.
 */
export function useWordPlaces(list: RefObject<HTMLElement | null>, on: boolean): Places | null {
  const [places, setPlaces] = useState<Places | null>(null);
  useLayoutEffect(() => {
    const element = list.current;
    if (!on || element === null) return;
    const measure = () => {
      const items = [...element.children].filter((child) => child instanceof HTMLElement);
      setPlaces({
        places: items.map((item) => item.offsetTop + item.offsetHeight / 2),
        length: element.offsetTop + element.offsetHeight,
      });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [list, on]);
  return on ? places : null;
}
