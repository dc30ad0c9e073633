import { type CameraSession, createCamera } from "../../src/features/capture/camera.ts";
import workerUrl from "./encoder-worker.ts?worker&url";

/** The camera that both sides of the bench share: the product's own, at its best resolution. */
export async function openCamera(): Promise<CameraSession> {
  const opened = await createCamera(navigator.mediaDevices).open();
  if (!opened.ok) throw new Error(`The camera: ${opened.error}`);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.width = 320;
  opened.value.attach(video);
  document.body.append(video);
  await video.play();
  return opened.value;
}

/** The bare page's encoder: the browser's own in a worker, at the quality of the product, as the product has it. */
export function createEncoder(): (camera: CameraSession) => Promise<Blob> {
  const worker = new Worker(workerUrl, { type: "module" });
  return async (camera) => {
    const frame = await camera.shoot();
    if (frame instanceof Blob) return frame;
    const { promise, resolve } = Promise.withResolvers<Blob>();
    worker.addEventListener("message", ({ data }: MessageEvent<Blob>) => resolve(data), { once: true });
    worker.postMessage(frame, [frame]);
    return promise;
  };
}
