import { err, ok, type Result } from "#protocol/result.ts";
import { beginFilm, type Film, recordableType } from "./film.ts";
import { fitWithin } from "./prepare-picture.ts";
import { judgedSidePx, type Luma, lumaOf } from "./sharpness.ts";

/** Why there is no camera. Each is a key of the texts that people read. */
export type CameraFault = "denied" | "absent" | "busy";

/** A film that is being recorded, and its first frame. */
export type BegunFilm = { readonly film: Film; readonly first: ImageBitmap };

/** An open camera. Nothing of it is kept when it is closed. */
export type CameraSession = {
  /** True when the lamp of the telephone can be lit. */
  readonly torch: boolean;
  /** Shows what the camera sees in this element, which the still is taken from where nothing better exists. */
  attach(video: HTMLVideoElement): void;
  setTorch(on: boolean): Promise<void>;
  /** The picture of this moment, at the best resolution that the device gives. */
  shoot(): Promise<Blob | ImageBitmap>;
  /** True where this browser can record what the camera sees. */
  readonly films: boolean;
  /** Begins to film, without sound, and gives the first frame; null where it cannot after all. */
  film(): Promise<BegunFilm | null>;
  /** What the camera sees now, small, to be judged; null before the first frame. */
  look(): Luma | null;
  close(): void;
};

export type Camera = { open(): Promise<Result<CameraSession, CameraFault>> };

/** Longest wait for a still of the camera's own; after it the frame on screen is taken. */
const stillPatienceMs = 4_000;

/** What a clip is filmed with; archives take 1920 × 1080 at most. */
const filmed: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};

/** The camera at the back of the device, at its highest resolution, without sound. */
export function createCamera(media: Pick<MediaDevices, "getUserMedia"> | undefined): Camera {
  return {
    async open() {
      if (media?.getUserMedia === undefined) return err("absent");
      try {
        const stream = await media.getUserMedia({
          audio: false,
          video: {
            facingMode: { ideal: "environment" },
            width: { ideal: 4096 },
            height: { ideal: 3072 },
          },
        });
        const track = stream.getVideoTracks()[0];
        return track === undefined ? err("absent") : ok(createSession(stream, track));
      } catch (cause) {
        return err(faultOf(cause));
      }
    },
  };
}

function faultOf(cause: unknown): CameraFault {
  if (!(cause instanceof DOMException)) throw cause;
  if (cause.name === "NotAllowedError" || cause.name === "SecurityError") return "denied";
  return cause.name === "NotReadableError" || cause.name === "AbortError" ? "busy" : "absent";
}

function createSession(stream: MediaStream, track: MediaStreamTrack): CameraSession {
  let video: HTMLVideoElement | null = null;
  const eye = document.createElement("canvas");
  return {
    torch: "torch" in track.getCapabilities(),
    attach(element) {
      video = element;
      element.srcObject = stream;
    },
    async setTorch(on) {
      // `torch` is of the Image Capture specification, which the compiler's DOM types leave out.
      const lamp: MediaTrackConstraintSet & { torch: boolean } = { torch: on };
      await track.applyConstraints({ advanced: [lamp] });
    },
    films: recordableType() !== null,
    async film() {
      // More would be cut down for the archive, and is slow to send. A camera that has no such size films as it is.
      const { width = 4096, height = 3072 } = track.getSettings();
      await track.applyConstraints(filmed).catch(() => undefined);
      const film = beginFilm(stream, () => performance.now());
      if (film === null) return null;
      void film.done.then(() => track.applyConstraints({ width, height }).catch(() => undefined));
      return { film, first: await frameOf(video) };
    },
    async shoot() {
      return (await ownStill(track)) ?? (await frameOf(video));
    },
    look() {
      if (video === null || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
      const size = fitWithin(video.videoWidth, video.videoHeight, judgedSidePx);
      [eye.width, eye.height] = [size.widthPx, size.heightPx];
      const context = eye.getContext("2d", { willReadFrequently: true });
      if (context === null) return null;
      context.drawImage(video, 0, 0, size.widthPx, size.heightPx);
      return lumaOf(
        context.getImageData(0, 0, size.widthPx, size.heightPx).data,
        size.widthPx,
        size.heightPx,
      );
    },
    close() {
      for (const each of stream.getTracks()) each.stop();
      if (video !== null) video.srcObject = null;
    },
  };
}

/** Parts of the Image Capture specification that we use. */
type StillCapture = {
  takePhoto(settings?: { imageWidth: number; imageHeight: number }): Promise<Blob>;
  getPhotoCapabilities(): Promise<{ imageWidth?: { max: number }; imageHeight?: { max: number } }>;
};

function stillCapture(track: MediaStreamTrack): StillCapture | null {
  const maker: unknown = Reflect.get(globalThis, "ImageCapture");
  if (typeof maker !== "function") return null;
  const made: unknown = Reflect.construct(maker, [track]);
  return isStillCapture(made) ? made : null;
}

const isStillCapture = (made: unknown): made is StillCapture =>
  typeof made === "object" && made !== null && "takePhoto" in made && "getPhotoCapabilities" in made;

/**
 * A still of the camera's own, where it is larger than the running picture: a sensor of 12 megapixels behind a video of 2.
 * Otherwise null: the frame on screen is as good, and is what the person saw when they pressed.
 */
async function ownStill(track: MediaStreamTrack): Promise<Blob | null> {
  try {
    const capture = stillCapture(track);
    if (capture === null) return null;
    const { imageWidth, imageHeight } = await capture.getPhotoCapabilities();
    const { width = 0, height = 0 } = track.getSettings();
    const [wide, high] = [imageWidth?.max ?? 0, imageHeight?.max ?? 0];
    if (wide * high < 1.2 * width * height) return null;
    return await Promise.race([
      capture.takePhoto({ imageWidth: wide, imageHeight: high }),
      new Promise<null>((resolve) => setTimeout(() => resolve(null), stillPatienceMs)),
    ]);
  } catch {
    // Many devices announce stills and refuse to take them.
    return null;
  }
}

async function frameOf(video: HTMLVideoElement | null): Promise<ImageBitmap> {
  if (video === null) throw new Error("The camera is not on screen");
  // Whoever presses before the first picture is there gets that one: until then the browser has nothing to give, whatever `readyState` says.
  return createImageBitmap(video).catch(async () => {
    await new Promise((there) => video.requestVideoFrameCallback(there));
    return createImageBitmap(video);
  });
}
