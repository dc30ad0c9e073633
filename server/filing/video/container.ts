import type { ClipType } from "#protocol/events.ts";

/**
 * What a clip is by its first bytes: WebM (an EBML header of DocType "webm") or MP4 ("ftyp"). Undefined for anything else. What is inside is
 * ffmpeg's to say, which is told which of the two to read and tries no other.
 */
export function clipTypeOf(bytes: Uint8Array): ClipType | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  if (start.toString("latin1", 4, 8) === "ftyp") return "video/mp4";
  const isEbml = start.length > 4 && start.readUInt32BE(0) === 0x1a45dfa3;
  return isEbml && start.includes("webm") ? "video/webm" : undefined;
}
