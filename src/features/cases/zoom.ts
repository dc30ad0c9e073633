/** How a picture lies in the viewer: its scale against "all of it seen", and how far its middle is moved, in pixels. */
export type Zoom = { readonly scale: number; readonly x: number; readonly y: number };
export type Size = { readonly width: number; readonly height: number };

export const whole: Zoom = { scale: 1, x: 0, y: 0 };
const maxScale = 12;

/** The size at which the whole picture is seen in the frame; a small picture is not blown up. */
export function fitted(picture: Size, frame: Size): Size {
  const ratio = Math.min(frame.width / picture.width, frame.height / picture.height, 1);
  return { width: picture.width * ratio, height: picture.height * ratio };
}

/** Zooms around a point (from the frame's middle), so that what is under the finger stays there. */
export function zoomAt(zoom: Zoom, factor: number, at: { readonly x: number; readonly y: number }): Zoom {
  const scale = Math.min(maxScale, Math.max(1, zoom.scale * factor));
  const ratio = scale / zoom.scale;
  return { scale, x: at.x - (at.x - zoom.x) * ratio, y: at.y - (at.y - zoom.y) * ratio };
}

/** Keeps the picture in sight: it moves only as far as it overflows the frame. */
export function contained(zoom: Zoom, picture: Size, frame: Size): Zoom {
  const shown = fitted(picture, frame);
  const limit = (length: number, room: number) => Math.max(0, (length * zoom.scale - room) / 2);
  const clamp = (value: number, most: number) => Math.min(most, Math.max(-most, value));
  return {
    scale: zoom.scale,
    x: clamp(zoom.x, limit(shown.width, frame.width)),
    y: clamp(zoom.y, limit(shown.height, frame.height)),
  };
}

export const moved = (zoom: Zoom, dx: number, dy: number): Zoom => ({
  ...zoom,
  x: zoom.x + dx,
  y: zoom.y + dy,
});

/** Pixels that one press of an arrow moves the picture, and the factor of one press of + or −. */
const stepPx = 60;
export const zoomStep = 1.5;
const middle = { x: 0, y: 0 };

const moves: ReadonlyMap<string, (zoom: Zoom) => Zoom> = new Map([
  ["+", (zoom: Zoom) => zoomAt(zoom, zoomStep, middle)],
  ["=", (zoom: Zoom) => zoomAt(zoom, zoomStep, middle)],
  ["-", (zoom: Zoom) => zoomAt(zoom, 1 / zoomStep, middle)],
  ["0", () => whole],
  ["ArrowLeft", (zoom: Zoom) => moved(zoom, stepPx, 0)],
  ["ArrowRight", (zoom: Zoom) => moved(zoom, -stepPx, 0)],
  ["ArrowUp", (zoom: Zoom) => moved(zoom, 0, stepPx)],
  ["ArrowDown", (zoom: Zoom) => moved(zoom, 0, -stepPx)],
]);

/** What a key does to the picture; undefined for a key that does nothing. */
export const moveOfKey = (key: string): ((zoom: Zoom) => Zoom) | undefined => moves.get(key);
