import { type ClipFacts, clipTypeSchema, maxClipSeconds } from "#protocol/events.ts";
import { err, ok, type Result } from "#protocol/result.ts";

/** A clip as the device recorded it. It has no sound: none is asked of the device. */
export type RecordedClip = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
  readonly facts: ClipFacts;
};

/** A film that is being recorded. */
export type Film = {
  stop(): void;
  readonly done: Promise<Result<RecordedClip, "failed">>;
};

/** H.264 first: every telephone plays it; then what the others record. */
const wished = [
  "video/mp4;codecs=avc1.42E01F",
  "video/mp4;codecs=avc1",
  "video/webm;codecs=vp8",
  "video/webm",
  "video/mp4",
];

/** Twenty seconds of it are ten megabytes. */
const bitsPerSecond = 4_000_000;

/** What this browser records; null where it records nothing. */
export const recordableType = (): string | null =>
  typeof MediaRecorder === "undefined"
    ? null
    : (wished.find((type) => MediaRecorder.isTypeSupported(type)) ?? null);

/** Begins to record what the camera sees. Null where this browser cannot. */
export function beginFilm(stream: MediaStream, nowMs: () => number): Film | null {
  const mimeType = recordableType();
  if (mimeType === null) return null;
  const recorder = new MediaRecorder(new MediaStream(stream.getVideoTracks()), {
    mimeType,
    videoBitsPerSecond: bitsPerSecond,
  });
  const pieces: Blob[] = [];
  const done = new Promise<Result<Blob, "failed">>((resolve) => {
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => resolve(ok(new Blob(pieces))));
    recorder.addEventListener("error", () => resolve(err("failed")));
  });
  recorder.start();
  const beganMs = nowMs();
  let endedMs: number | null = null;
  return {
    stop() {
      endedMs ??= nowMs();
      if (recorder.state !== "inactive") recorder.stop();
    },
    done: done.then(async (made) => {
      const type = clipTypeSchema.safeParse(recorder.mimeType.split(";")[0]);
      if (!made.ok || made.value.size === 0 || !type.success) return err("failed");
      const bytes = new Uint8Array(await made.value.arrayBuffer());
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      // A page that was put to sleep meanwhile stops late.
      const ranMs = Math.round(Math.min((endedMs ?? nowMs()) - beganMs, maxClipSeconds * 1000));
      return ok({ bytes, sha256, facts: { type: type.data, durationMs: Math.max(1, ranMs) } });
    }),
  };
}
