import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { TextAction } from "../../ui/index.ts";
import styles from "./photo-viewer.module.css";
import { useWords } from "./use-words.ts";
import {
  contained,
  fitted,
  moved,
  moveOfKey,
  type Size,
  whole,
  type Zoom,
  zoomAt,
  zoomStep,
} from "./zoom.ts";

type StageProps = {
  readonly url: string;
  readonly alt: string;
  readonly picture: Size;
  readonly onFullScreen: () => void;
};

/** The picture on its mat: pinch, wheel, drag, double press and keys. */
export function PhotoStage({ url, alt, picture, onFullScreen }: StageProps) {
  const { t } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLImageElement>(null);
  const [zoom, setZoom] = useState<Zoom>(whole);
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const room = (): Size => ({
    width: frame.current?.clientWidth ?? 1,
    height: frame.current?.clientHeight ?? 1,
  });
  const change = (to: (zoom: Zoom) => Zoom) => setZoom((now) => contained(to(now), picture, room()));

  // The frame has no size before the dialog around it opens, and another one when the telephone is turned: laid out anew each time.
  const [, setFrameSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setFrameSize(sizeOf(element)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // React may not set `style` under our policy's eyes as text; properties through the object model are allowed.
  useEffect(() => {
    const element = image.current;
    if (element === null) return;
    const size = fitted(picture, room());
    element.style.inlineSize = `${size.width}px`;
    element.style.blockSize = `${size.height}px`;
    element.style.transform = `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})`;
  });

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    // React listens to wheels passively; this one must keep the page still.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const at = fromMiddle(element, event.clientX, event.clientY);
      setZoom((now) => contained(zoomAt(now, Math.exp(-event.deltaY / 400), at), picture, sizeOf(element)));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [picture]);

  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const before = fingers.current.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    fingers.current.set(event.pointerId, now);
    if (other === undefined) return change((zoom) => moved(zoom, now.x - before.x, now.y - before.y));
    const spread = distance(now, other) / Math.max(1, distance(before, other));
    const middle = fromMiddle(event.currentTarget, (now.x + other.x) / 2, (now.y + other.y) / 2);
    change((zoom) => zoomAt(moved(zoom, (now.x - before.x) / 2, (now.y - before.y) / 2), spread, middle));
  };

  const press = (event: KeyboardEvent) => {
    const action = moveOfKey(event.key);
    if (action === undefined) return;
    event.preventDefault();
    change(action);
  };

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields */}
      <div
        ref={frame}
        className={styles.stage}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved and zoomed with keys, as its description says
        tabIndex={0}
        role="group"
        aria-label={t("viewer.help")}
        data-zoomed={zoom.scale > 1 ? "" : undefined}
        onKeyDown={press}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        }}
        onPointerMove={drag}
        onPointerUp={(event) => fingers.current.delete(event.pointerId)}
        onPointerCancel={(event) => fingers.current.delete(event.pointerId)}
        onDoubleClick={(event) => {
          const at = fromMiddle(event.currentTarget, event.clientX, event.clientY);
          change((zoom) => (zoom.scale > 1 ? whole : zoomAt(zoom, 3, at)));
        }}
      >
        <img ref={image} src={url} alt={alt} draggable={false} />
      </div>
      <div className={styles.bar}>
        <TextAction icon="zoom-in" onClick={() => change((zoom) => zoomAt(zoom, zoomStep, { x: 0, y: 0 }))}>
          {t("viewer.zoomIn")}
        </TextAction>
        <TextAction
          icon="zoom-out"
          onClick={() => change((zoom) => zoomAt(zoom, 1 / zoomStep, { x: 0, y: 0 }))}
        >
          {t("viewer.zoomOut")}
        </TextAction>
        <TextAction onClick={() => setZoom(whole)}>{t("viewer.fit")}</TextAction>
        <TextAction onClick={onFullScreen}>{t("viewer.fullScreen")}</TextAction>
      </div>
    </>
  );
}

type Point = { readonly x: number; readonly y: number };
const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
const sizeOf = (element: HTMLElement): Size => ({ width: element.clientWidth, height: element.clientHeight });

function fromMiddle(element: HTMLElement, clientX: number, clientY: number): Point {
  const box = element.getBoundingClientRect();
  return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
}
