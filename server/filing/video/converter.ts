import { spawnSync } from "node:child_process";
import { z } from "zod";
import { maxUploadBytes } from "#protocol/api.ts";
import type { ClipType } from "#protocol/events.ts";
import { runOn, ToolFailed } from "./sandboxed.ts";

/** A clip as DICOM takes it: MPEG-4 AVC/H.264 High Profile, Level 4.1 at most, in an MP4 container, without sound. */
export type Video = {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly framesPerSecond: number;
};

/** Throws `ClipUnreadable`. */
export type Converter = (clip: Uint8Array, type: ClipType) => Promise<Video>;

/** What was sent as a clip is none that can be decoded, or is far more than a clip. */
export class ClipUnreadable extends Error {
  override readonly name = "ClipUnreadable";
}

const framesPerSecond = 30;
/** A clip is 20 seconds; whatever its header says, no more than this is turned into anything. */
const maxSeconds = 60;
const timeoutMs = 180_000;

/** Debian's ffmpeg, a program of its own; undefined where it is not installed. */
export function findConverter(): Converter | undefined {
  const isThere = (command: string, flag: string) =>
    spawnSync(command, [flag], { stdio: "ignore" }).status === 0;
  if (!isThere("ffmpeg", "-version") || !isThere("ffprobe", "-version") || !isThere("prlimit", "--version"))
    return undefined;
  // One at a time: each keeps a core busy for some seconds.
  let last: Promise<unknown> = Promise.resolve();
  return (clip, type) => {
    const mine = last.then(() => convert(clip, type));
    last = mine.catch(() => undefined);
    return mine;
  };
}

const demuxers: Readonly<Record<ClipType, string>> = { "video/mp4": "mov", "video/webm": "matroska" };

/** Nothing but pipes, and nothing but what browsers record. */
const input = (type: ClipType): string[] => [
  ...["-protocol_whitelist", "pipe", "-codec_whitelist", "vp8,vp9,libvpx,libvpx-vp9,h264,hevc,av1,libdav1d"],
  ...["-max_pixels", "8847360", "-threads", "1", "-f", demuxers[type], "-i", "pipe:0"],
];

/** Level 4.1 holds 1920 × 1080, whichever way up. */
const fit =
  "scale=w='if(gte(iw,ih),min(iw,1920),min(iw,1080))':h='if(gte(iw,ih),min(ih,1080),min(ih,1920))'" +
  ":force_original_aspect_ratio=decrease:force_divisible_by=2";

const output = [
  ...["-map", "0:v:0", "-an", "-sn", "-dn", "-map_metadata", "-1", "-t", String(maxSeconds)],
  ...["-vf", `fps=${framesPerSecond},${fit},setsar=1,format=yuv420p`],
  ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-maxrate", "12M", "-bufsize", "24M"],
  ...["-profile:v", "high", "-level:v", "4.1", "-g", String(framesPerSecond), "-threads", "1"],
  // In pieces, each playable as it stands: what goes into a pipe cannot be gone back to.
  ...[
    "-movflags",
    "frag_keyframe+empty_moov+default_base_moof",
    "-fflags",
    "+bitexact",
    "-f",
    "mp4",
    "pipe:1",
  ],
];

async function convert(clip: Uint8Array, type: ClipType): Promise<Video> {
  try {
    const args = ["-nostdin", "-v", "error", ...input(type), ...output];
    const bytes = evenly(
      await runOn(clip, { command: "ffmpeg", args, timeoutMs, maxBytes: 2 * maxUploadBytes }),
    );
    return { bytes, framesPerSecond, ...(await probe(bytes)) };
  } catch (error) {
    if (error instanceof ToolFailed || error instanceof z.ZodError)
      throw new ClipUnreadable(error instanceof ToolFailed ? error.message : "it is not what DICOM takes");
    throw error;
  }
}

/** DICOM wants an even length (PS3.5 A.4): an empty box of MP4, of odd size, where there is none. */
const evenly = (mp4: Buffer): Buffer =>
  mp4.length % 2 === 0 ? mp4 : Buffer.concat([mp4, Buffer.from([0, 0, 0, 9, ...Buffer.from("free"), 0])]);

const probedSchema = z.object({
  streams: z.tuple([
    z.object({
      codec_name: z.literal("h264"),
      profile: z.literal("High"),
      level: z.int().max(41),
      pix_fmt: z.literal("yuv420p"),
      width: z.int().positive(),
      height: z.int().positive(),
      nb_read_packets: z.coerce.number().int().positive(),
    }),
  ]),
});

/** What came out, by its own bytes: DICOM says of a video what is in it, and must not be wrong. */
async function probe(video: Uint8Array) {
  const shown = "stream=codec_name,profile,level,pix_fmt,width,height,nb_read_packets";
  const args = ["-v", "error", "-protocol_whitelist", "pipe", "-count_packets", "-show_entries", shown];
  const told = await runOn(video, {
    command: "ffprobe",
    args: [...args, "-of", "json", "-f", "mp4", "-i", "pipe:0"],
    timeoutMs: 30_000,
    maxBytes: 65_536,
  });
  const [stream] = probedSchema.parse(JSON.parse(told.toString("utf8"))).streams;
  return { width: stream.width, height: stream.height, frames: stream.nb_read_packets };
}
