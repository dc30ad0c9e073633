export { CaptureScreen } from "./CaptureScreen.tsx";
export { ClipFilm } from "./ClipFilm.tsx";
export { createCamera } from "./camera.ts";
export { type CaptureDeps, type CaptureModel, createCaptureModel } from "./capture-model.ts";
export { JpegImage } from "./JpegImage.tsx";
export { createWorkshop } from "./workshop.ts";
