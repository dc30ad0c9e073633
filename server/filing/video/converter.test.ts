import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { sampleClip, tinyJpeg } from "../testing/a-case.ts";
import { clipTypeOf } from "./container.ts";
import { ClipUnreadable, findConverter } from "./converter.ts";
import { runOn, ToolFailed } from "./sandboxed.ts";

vi.setConfig({ testTimeout: 60_000 });

const convert = findConverter();
if (convert === undefined)
  process.stderr.write("ffmpeg (Debian ffmpeg) is absent: the conversion of clips is NOT checked\n");
const retina = () =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "../../../e2e/samples/retina.jpg")));

describe("what a clip is", () => {
  test("is told by its first bytes", () => {
    expect(clipTypeOf(sampleClip("video/webm"))).toBe("video/webm");
    expect(clipTypeOf(sampleClip("video/mp4"))).toBe("video/mp4");
  });

  test.each([
    ["nothing", new Uint8Array()],
    ["a picture", tinyJpeg],
    ["a list of addresses", new TextEncoder().encode("#EXTM3U\nfile:///etc/passwd")],
    ["Matroska of another kind", Buffer.from("1a45dfa3938282847465787400", "hex")],
  ])("%s is none", (_what, bytes) => {
    expect(clipTypeOf(bytes)).toBeUndefined();
  });
});

describe.skipIf(convert === undefined)("a clip for the archive", () => {
  test.each([
    ["video/webm", 320, 240, 60],
    ["video/mp4", 240, 320, 30],
  ] as const)(
    "is H.264 of even length, upright, at 30 frames a second: %s",
    async (type, width, height, frames) => {
      const video = await convert?.(sampleClip(type), type);
      expect(video).toMatchObject({ width, height, frames, framesPerSecond: 30 });
      expect(clipTypeOf(video?.bytes ?? tinyJpeg)).toBe("video/mp4");
      expect((video?.bytes.length ?? 1) % 2).toBe(0);
    },
  );

  test.each([
    ["a picture", retina()],
    ["a list of addresses", new TextEncoder().encode("#EXTM3U\nfile:///etc/passwd\n")],
    ["a file of names", new TextEncoder().encode("ffconcat version 1.0\nfile /etc/passwd\n")],
    ["half a header", sampleClip("video/webm").slice(0, 60)],
    [
      "noise behind a header",
      Uint8Array.from({ length: 9000 }, (_each, at) =>
        at < 60 ? (sampleClip("video/webm")[at] ?? 0) : (at * 7919) % 256,
      ),
    ],
    ["nothing", new Uint8Array()],
  ])("%s is refused, whatever it is called", async (_what, bytes) => {
    await expect(convert?.(bytes, "video/webm")).rejects.toThrow(ClipUnreadable);
    await expect(convert?.(bytes, "video/mp4")).rejects.toThrow(ClipUnreadable);
  });

  test("after one that was refused, the next is converted", async () => {
    const first = convert?.(tinyJpeg, "video/mp4");
    const second = convert?.(sampleClip("video/mp4"), "video/mp4");
    await expect(first).rejects.toThrow(ClipUnreadable);
    expect(await second).toMatchObject({ frames: 30 });
  });
});

describe("a tool on bytes that nobody looked into", () => {
  const tool = (args: string[], more = {}) => ({
    command: "sh",
    args: ["-c", ...args],
    timeoutMs: 10_000,
    maxBytes: 1000,
    ...more,
  });

  test("is given them, and gives what it makes of them", async () => {
    expect(String(await runOn(Buffer.from("abc"), tool(["tr a-z A-Z"])))).toBe("ABC");
  });

  test("is killed when it takes too long or gives too much", async () => {
    const slow = runOn(Buffer.from(""), tool(["exec sleep 60"], { timeoutMs: 200 }));
    await expect(slow).rejects.toThrow(ToolFailed);
    await expect(runOn(Buffer.from(""), tool(["yes"]))).rejects.toThrow(ToolFailed);
  });

  test("writes into no file, and knows nothing of our environment", async () => {
    process.env.COLLOQUE_CANARY = "secret";
    try {
      expect(String(await runOn(Buffer.from(""), tool(["env"], { maxBytes: 10_000 })))).not.toContain(
        "secret",
      );
    } finally {
      delete process.env.COLLOQUE_CANARY;
    }
    await expect(runOn(Buffer.from(""), tool(["echo x > /tmp/colloque-clip-test"]))).rejects.toThrow(
      ToolFailed,
    );
  });
});
