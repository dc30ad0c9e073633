import { randomBytes } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { sha256Hex } from "./ids.ts";
import { pixelsOf } from "./record/dicom-object.ts";
import { aBench } from "./testing/a-bench.ts";
import { aCase, aClip, aMisfiling, asItem, filmed, martin, sampleClip } from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";
import { ClipUnreadable, type Converter } from "./video/index.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();

const { stateOf } = bench;
const video = new Uint8Array(randomBytes(1200));
const convert: Converter = async () => ({
  bytes: video,
  width: 320,
  height: 240,
  frames: 60,
  framesPerSecond: 30,
});
const unreadable: Converter = async () => {
  throw new ClipUnreadable("ffmpeg ended with 1");
};

/** A case whose patient agreed to be filmed, its clip after its photo. */
async function aFilmedCase() {
  const made = await aCase(bench.all, { consent: { decisions: filmed } });
  const clip = await aClip(bench.all, made);
  return { ...made, clip, items: [...made.items.slice(0, -1), clip, ...made.items.slice(-1)] };
}

const documentsOf = (contentType: string) =>
  bench.record
    .ofType("DocumentReference")
    .filter((each) => JSON.stringify(each).includes(`"${contentType}"`));
const consentsOn = (documentId: string) =>
  bench.record.ofType("Consent").filter((each) => JSON.stringify(each).includes(documentId));

describe("a clip", () => {
  test("[F24] is filed as it was sent, and as a video in the archive, each read back", async () => {
    await using filing = await bench.place.open(undefined, undefined, convert);
    const { items, roomId, clip } = await aFilmedCase();
    await submitAll(filing, items);
    await until(() => items.every(({ eventId }) => stateOf(eventId) === "filed"));
    const { entries } = await filing.recordOf(roomId);
    const entry = entries.find(({ contentType }) => contentType === "video/webm");
    const read = await filing.readEntry(roomId, entry?.id ?? "", martin);
    expect(sha256Hex(read.bytes)).toBe(sha256Hex(sampleClip("video/webm")));
    expect(read.contentType).toBe("video/webm");

    const twin = entries.find(({ id }) => id === `dicom-${entry?.id}`);
    expect(twin?.sha256).toBe(sha256Hex(video));
    const stored = bench.record.instances.get(twin?.reference.replace("dicom:", "") ?? "")?.file;
    expect(stored && pixelsOf(stored)).toEqual(Buffer.from(video));
    const study = JSON.stringify(bench.record.ofType("ImagingStudy"));
    expect(study).toContain('1.2.840.10008.5.1.4.1.1.77.1.4.1"');
    expect(study).toContain('1.2.840.10008.5.1.4.1.1.77.1.4"');
    // Being filmed is a Consent of its own, which names the clip and not the photo.
    const [photo] = documentsOf("image/jpeg");
    expect(consentsOn(String(documentsOf("video/webm")[0]?.id))).toHaveLength(2);
    expect(consentsOn(String(photo?.id))).toHaveLength(1);
    expect(clip.eventId).toMatch(/^\$clip/);
  });

  test("[F24] has no twin in the archive where nothing converts it; the record has it all the same", async () => {
    await using filing = await bench.place.open();
    const { items, roomId } = await aFilmedCase();
    await submitAll(filing, items);
    await until(() => items.every(({ eventId }) => stateOf(eventId) === "filed"));
    const { entries } = await filing.recordOf(roomId);
    expect(entries.filter(({ contentType }) => contentType === "video/webm")).toHaveLength(1);
    expect(entries.filter(({ reference }) => reference.startsWith("dicom:"))).toHaveLength(1);
    expect(bench.record.ofType("ImagingStudy")[0]?.numberOfInstances).toBe(1);
  });

  test("[F24] that cannot be read waits for a human with its reason, and is filed once it can", async () => {
    const { items, clip } = await aFilmedCase();
    {
      await using filing = await bench.place.open(undefined, undefined, unreadable);
      await submitAll(filing, items);
      await until(() => stateOf(clip.eventId) === "parked");
      expect(bench.place.words().get(clip.eventId)).toMatchObject({ reason: "clip-unreadable" });
      expect(bench.record.instances.size).toBe(1);
    }
    await using filing = await bench.place.open(undefined, undefined, convert);
    expect(await filing.retry(clip.eventId)).toBe(true);
    await until(() => items.every(({ eventId }) => stateOf(eventId) === "filed"));
    expect(bench.record.instances.size).toBe(2);
  });

  test("[F43] of the wrong patient is rejected in the archive beside the photo", async () => {
    await using filing = await bench.place.open(undefined, undefined, convert);
    const made = await aFilmedCase();
    await submitAll(filing, made.items);
    const misfiling = await aMisfiling(bench.all, made);
    await filing.submit(asItem(made.roomId, misfiling));
    await until(() => stateOf(misfiling.eventId) === "filed");
    const images = [...bench.record.instances]
      .filter(([, { rejects }]) => rejects === undefined)
      .map(([uid]) => uid);
    expect(images).toHaveLength(2);
    expect(bench.record.rejections()[0]?.toSorted()).toEqual(expect.arrayContaining(images));
  });
});
