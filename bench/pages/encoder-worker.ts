import { pictureQuality } from "../../src/features/capture/prepare-picture.ts";

/** Writes a frame as JPEG, away from the page's thread, where Chromium encodes at once instead of when it is idle. */
self.addEventListener("message", async ({ data: frame }: MessageEvent<ImageBitmap>) => {
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  canvas.getContext("2d")?.drawImage(frame, 0, 0);
  frame.close();
  self.postMessage(await canvas.convertToBlob({ type: "image/jpeg", quality: pictureQuality }));
});
