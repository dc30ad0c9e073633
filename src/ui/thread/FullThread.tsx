import { useLayoutEffect, useRef, useState } from "react";
import { Thread, type ThreadKnot, type ThreadSize } from "./Thread.tsx";

type Props = {
  readonly knots: readonly ThreadKnot[];
  readonly size: ThreadSize;
  readonly label: string;
  readonly words?: boolean;
};

/** A thread that runs from edge to edge of what holds it, however wide that is. */
export function FullThread({ knots, ...rest }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={holder}>{width > 0 && <Thread knots={knots} pitch={width / knots.length} {...rest} />}</div>
  );
}
