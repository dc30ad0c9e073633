/** What the camera says of a picture, in one word. */
export type Verdict = "sharp" | "blurred" | "dark";

/** Brightness of a picture, one byte for each pixel, row by row. */
export type Luma = { readonly pixels: Uint8Array; readonly widthPx: number; readonly heightPx: number };

/** Long side of the copy that is judged: enough to see blur, small enough to judge in a few milliseconds. */
export const judgedSidePx = 512;

/** Under this mean brightness (0 to 255) a colour can no longer be told. */
const darkMean = 38;
/**
 * Variance of the Laplacian, in the sharpest of the picture's nine fields: skin around a lesion is smooth, so a mean over the
 * whole picture would call every close-up blurred. Real photographs give 71 (a retina) to 4000 here, the same blurred by two
 * pixels at this size 4 to 18.
 */
const blurredBelow = 30;

/** Judges a picture by the variance of its Laplacian (Pech-Pacheco et al. 2000) and its mean brightness. */
export function judge(luma: Luma): Verdict {
  if (mean(luma.pixels) < darkMean) return "dark";
  return sharpnessOf(luma) < blurredBelow ? "blurred" : "sharp";
}

/** Variance of the Laplacian of the sharpest ninth of the picture. */
function sharpnessOf({ pixels, widthPx, heightPx }: Luma): number {
  let best = 0;
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      const left = Math.max(1, Math.floor((column * widthPx) / 3));
      const right = Math.min(widthPx - 1, Math.floor(((column + 1) * widthPx) / 3));
      const top = Math.max(1, Math.floor((row * heightPx) / 3));
      const bottom = Math.min(heightPx - 1, Math.floor(((row + 1) * heightPx) / 3));
      best = Math.max(best, variance(pixels, widthPx, left, right, top, bottom));
    }
  }
  return best;
}

function variance(
  pixels: Uint8Array,
  width: number,
  left: number,
  right: number,
  top: number,
  bottom: number,
): number {
  let [sum, squares, count] = [0, 0, 0];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const at = y * width + x;
      const value =
        4 * (pixels[at] ?? 0) -
        (pixels[at - 1] ?? 0) -
        (pixels[at + 1] ?? 0) -
        (pixels[at - width] ?? 0) -
        (pixels[at + width] ?? 0);
      sum += value;
      squares += value * value;
      count += 1;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

function mean(pixels: Uint8Array): number {
  let sum = 0;
  for (const value of pixels) sum += value;
  return pixels.length === 0 ? 0 : sum / pixels.length;
}

/** Brightness (Rec. 709) of RGBA pixels as a canvas gives them. */
export function lumaOf(rgba: Uint8ClampedArray, widthPx: number, heightPx: number): Luma {
  const pixels = new Uint8Array(widthPx * heightPx);
  for (let i = 0; i < pixels.length; i += 1) {
    const at = 4 * i;
    pixels[i] = 0.2126 * (rgba[at] ?? 0) + 0.7152 * (rgba[at + 1] ?? 0) + 0.0722 * (rgba[at + 2] ?? 0);
  }
  return { pixels, widthPx, heightPx };
}
