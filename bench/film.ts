import { writeFile } from "node:fs/promises";

/** What a telephone's camera gives. */
export const frame = { widthPx: 4032, heightPx: 3024 } as const;

/**
 * Writes the film that Chromium's fake camera shows: one frame of skin-like detail at the size of a telephone's still, which encodes to
 * about two megabytes. Raw (YUV4MPEG2, 4:2:0) and one frame a second, so that the camera itself costs nearly nothing.
 */
export async function writeFilm(path: string): Promise<void> {
  const { widthPx, heightPx } = frame;
  const luma = Buffer.alloc(widthPx * heightPx);
  const coarse = noise(97, 1);
  const middle = noise(13, 2);
  const fine = noise(2, 3);
  for (let y = 0, at = 0; y < heightPx; y += 1)
    for (let x = 0; x < widthPx; x += 1, at += 1)
      luma[at] = 120 + 40 * coarse(x, y) + 24 * middle(x, y) + grain * fine(x, y);
  const chroma = (base: number, seed: number) => {
    const tint = noise(61, seed);
    const plane = Buffer.alloc((widthPx * heightPx) / 4);
    for (let y = 0, at = 0; y < heightPx / 2; y += 1)
      for (let x = 0; x < widthPx / 2; x += 1, at += 1) plane[at] = base + 12 * tint(x, y);
    return plane;
  };
  const header = `YUV4MPEG2 W${widthPx} H${heightPx} F1:1 Ip A1:1 C420\nFRAME\n`;
  await writeFile(path, Buffer.concat([Buffer.from(header), luma, chroma(108, 4), chroma(150, 5)]));
}

/** How rough the finest detail is: chosen for the size of the JPEG. */
const grain = 2;

/** Smooth random hills between -1 and 1, `step` pixels apart; the same at each call. */
function noise(step: number, seed: number): (x: number, y: number) => number {
  const side = 512;
  const hills = Float32Array.from({ length: side * side }, (_, at) => {
    const mixed = Math.imul((at + seed * 0x9e3779b1) ^ 0x85ebca6b, 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2_147_483_648 - 1;
  });
  const hill = (x: number, y: number) => hills[(y % side) * side + (x % side)] ?? 0;
  return (x, y) => {
    const [column, row] = [Math.floor(x / step), Math.floor(y / step)];
    const [across, down] = [x / step - column, y / step - row];
    const top = hill(column, row) * (1 - across) + hill(column + 1, row) * across;
    const bottom = hill(column, row + 1) * (1 - across) + hill(column + 1, row + 1) * across;
    return top * (1 - down) + bottom * down;
  };
}
