import { err, ok, type Result } from "#protocol/result.ts";
import { profileInJpeg, profileSpace } from "./icc.ts";
import { type FileRefusal, imageKindOf, profileInContainer } from "./image-kind.ts";
import { layoutOf } from "./jpeg-layout.ts";
import { judge, judgedSidePx, lumaOf, type Verdict } from "./sharpness.ts";
import { stripJpeg, stripRedrawn } from "./strip.ts";

/** A picture without anything but its pixels and their colours, upright, as JPEG Baseline. */
export type BarePicture = {
  readonly jpeg: Uint8Array<ArrayBuffer>;
  readonly widthPx: number;
  readonly heightPx: number;
};

export type PreparedPicture = BarePicture & { readonly sha256: string };

/** The small picture that goes ahead, ready first, and what the application thinks of it. */
export type Ahead = { readonly preview: PreparedPicture; readonly verdict: Verdict };

/** Long side of the preview: enough to answer many questions, small enough to arrive first. */
const previewSidePx = 1024;
const previewQuality = 0.8;
export const pictureQuality = 0.95;

/**
 * Makes a file or a camera's frame into what may be sent. `ahead` is called with the preview before the whole picture is ready.
 * Runs in a worker: it needs createImageBitmap, OffscreenCanvas and WebCrypto, and no page.
 */
export async function preparePicture(
  source: Blob | ImageBitmap,
  ahead: (ahead: Ahead) => void,
): Promise<Result<PreparedPicture, FileRefusal>> {
  try {
    return source instanceof Blob ? await fromFile(source, ahead) : await fromPixels(source, null, ahead);
  } catch (cause) {
    // createImageBitmap refuses what it cannot decode with this name; all else is a fault of ours.
    if (cause instanceof DOMException && cause.name === "InvalidStateError") return err("damaged");
    throw cause;
  }
}

async function fromFile(
  file: Blob,
  ahead: (ahead: Ahead) => void,
): Promise<Result<PreparedPicture, FileRefusal>> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const kind = imageKindOf(bytes);
  if (kind.kind === "refused") return err(kind.reason);
  if (kind.kind === "jpeg") {
    const stripped = stripJpeg(bytes);
    if (stripped.ok) return untouched(stripped.value, ahead);
    if (stripped.error !== "needs-redraw") return err("damaged");
  }
  const profile = await profileOf(bytes, kind.kind);
  const bitmap = await decode(new Blob([bytes]), profile).catch((cause: unknown) => {
    if (kind.kind === "heic") return null;
    throw cause;
  });
  return bitmap === null ? err("heic") : fromPixels(bitmap, profile, ahead);
}

/** The file's own pixels are kept bit for bit; only the preview is drawn. */
async function untouched(
  stripped: Extract<ReturnType<typeof stripJpeg>, { ok: true }>["value"],
  ahead: (ahead: Ahead) => void,
): Promise<Result<PreparedPicture, FileRefusal>> {
  const { jpeg, frame } = stripped;
  const hash = sha256Hex(jpeg);
  const profile = drawable(stripped.profile);
  const size = fitWithin(frame.widthPx, frame.heightPx, previewSidePx);
  const bitmap = await decode(new Blob([jpeg]), profile, size);
  const drawn = await draw(bitmap, size, previewQuality, profile);
  ahead({ preview: await hashed(drawn.picture), verdict: verdictOf(drawn.canvas) });
  bitmap.close();
  return ok({ jpeg, widthPx: frame.widthPx, heightPx: frame.heightPx, sha256: await hash });
}

/** Draws pixels anew: a turned or progressive JPEG, a PNG, a WebP, a camera's frame. */
async function fromPixels(
  bitmap: ImageBitmap,
  profile: Uint8Array<ArrayBuffer> | null,
  ahead: (ahead: Ahead) => void,
): Promise<Result<PreparedPicture, FileRefusal>> {
  const { width, height } = bitmap;
  // The small one is out, and may be on its way, before the whole one is begun: side by side, both would end late.
  const small = await draw(bitmap, fitWithin(width, height, previewSidePx), previewQuality, profile);
  ahead({ preview: await hashed(small.picture), verdict: verdictOf(small.canvas) });
  const whole = await draw(bitmap, { widthPx: width, heightPx: height }, pictureQuality, profile);
  bitmap.close();
  return ok(await hashed(whole.picture));
}

async function profileOf(bytes: Uint8Array, kind: "jpeg" | "png" | "webp" | "heic") {
  if (kind === "heic") return null;
  if (kind !== "jpeg") return drawable(await profileInContainer(bytes));
  const layout = layoutOf(bytes);
  return layout.ok ? drawable(profileInJpeg(bytes, layout.value)) : null;
}

/** A canvas holds red, green and blue: only a profile for these may be put back on what is drawn. */
const drawable = (profile: Uint8Array<ArrayBuffer> | null): Uint8Array<ArrayBuffer> | null =>
  profile !== null && profileSpace(profile) === "RGB" ? profile : null;

type Size = { readonly widthPx: number; readonly heightPx: number };

/** With a profile at hand pixels are decoded as they are and the profile is put back; without one they become sRGB. */
function decode(blob: Blob, profile: Uint8Array | null, size?: Size): Promise<ImageBitmap> {
  return createImageBitmap(blob, {
    imageOrientation: "from-image",
    colorSpaceConversion: profile === null ? "default" : "none",
    ...(size && { resizeWidth: size.widthPx, resizeHeight: size.heightPx, resizeQuality: "medium" }),
  });
}

async function draw(
  bitmap: ImageBitmap,
  { widthPx, heightPx }: Size,
  quality: number,
  profile: Uint8Array<ArrayBuffer> | null,
): Promise<{ canvas: OffscreenCanvas; picture: BarePicture }> {
  const canvas = new OffscreenCanvas(widthPx, heightPx);
  const context = contextOf(canvas);
  // Transparent parts of a PNG would turn black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, widthPx, heightPx);
  // Mipmaps: "high" takes several times as long and shows no more at a quarter of the size.
  context.imageSmoothingQuality = "medium";
  context.drawImage(bitmap, 0, 0, widthPx, heightPx);
  const encoded = await canvas.convertToBlob({ type: "image/jpeg", quality });
  const stripped = stripRedrawn(new Uint8Array(await encoded.arrayBuffer()), profile);
  if (!stripped.ok) throw new Error(`The browser's JPEG encoder wrote something else: ${stripped.error}`);
  return { canvas, picture: { jpeg: stripped.value.jpeg, widthPx, heightPx } };
}

function verdictOf(canvas: OffscreenCanvas): Verdict {
  const { widthPx, heightPx } = fitWithin(canvas.width, canvas.height, judgedSidePx);
  const small = new OffscreenCanvas(widthPx, heightPx);
  const context = contextOf(small, true);
  context.drawImage(canvas, 0, 0, widthPx, heightPx);
  return judge(lumaOf(context.getImageData(0, 0, widthPx, heightPx).data, widthPx, heightPx));
}

function contextOf(canvas: OffscreenCanvas, willReadFrequently = false): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently });
  if (context === null) throw new Error("No 2D context for an off-screen canvas");
  return context;
}

/** The size that keeps proportions and has no side longer than `side`. */
export function fitWithin(width: number, height: number, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height));
  return {
    widthPx: Math.max(1, Math.round(width * scale)),
    heightPx: Math.max(1, Math.round(height * scale)),
  };
}

const hashed = async (picture: BarePicture): Promise<PreparedPicture> => ({
  ...picture,
  sha256: await sha256Hex(picture.jpeg),
});

/** Lower-case hexadecimal SHA-256. */
async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
