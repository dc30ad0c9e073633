import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import type { Patient } from "#protocol/patient.ts";
import { parseJpeg } from "../jpeg.ts";
import { clipInstance, localTime, photoInstance } from "../plan/dicom.ts";
import { rejectionNote } from "../plan/dicom-rejection.ts";
import type { PlanContext } from "../plan/types.ts";
import { aCase, clinicians, delattre, type People, people, startMs, tinyJpeg } from "../testing/a-case.ts";
import type { Video } from "../video/index.ts";
import { dicomFile, h264HighLevel41, pixelsOf } from "./dicom-object.ts";

let all: People;
beforeAll(async () => {
  all = await people();
});

const objectOf = async (picture: Uint8Array<ArrayBuffer>, patient: Patient): Promise<Uint8Array> =>
  dicomFile((await stepOf(picture, patient)).dataset, picture);

async function placeOf(picture: Uint8Array<ArrayBuffer>, patient: Patient) {
  const { items } = await aCase(all, { picture, patient });
  const event = items.map((item) => item.event).find((each) => each.kind === "photo");
  if (event?.kind !== "photo") throw new Error("A case has a photo");
  const state = foldCase(
    items.map((item) => item.event),
    "",
  );
  const context: PlanContext = {
    state,
    patient,
    clinician: (userId) => clinicians.find((each) => each.userId === userId),
    team: () => undefined,
    hospital: { name: "CHU de Valombre", address: "" },
    language: "fr",
    timeZone: "Europe/Paris",
    archive: true,
    documents: "contained",
    recordHost: "record.test",
    nowMs: startMs,
    filedAtMs: new Map(),
    pictures: new Map(),
  };
  return { event, context };
}

async function stepOf(picture: Uint8Array<ArrayBuffer>, patient: Patient) {
  const { event, context } = await placeOf(picture, patient);
  const facts = parseJpeg(picture);
  if (facts === undefined) throw new Error("A photo is a JPEG");
  return photoInstance(event, picture, facts, context);
}

async function clipStepOf(video: Video, patient: Patient) {
  const { event, context } = await placeOf(tinyJpeg, patient);
  const clip = { type: "video/webm", durationMs: 2000 } as const;
  return clipInstance({ ...event, photo: { ...event.photo, clip } }, video, context);
}

const provisional: Patient = {
  recordId: "p2",
  family: "N’GUESSAN\\OR=1^x",
  given: "Aïcha-Élodie محمد",
  sex: "unknown",
  identity: "provisional",
};

const hasTool = spawnSync("dciodvfy", ["-version"]).error === undefined;
if (!hasTool)
  process.stderr.write("dciodvfy (Debian dicom3tools) is absent: DICOM objects are NOT checked\n");

describe("a photo as a DICOM object", () => {
  test.skipIf(!hasTool)("[F24] has no error for dciodvfy, whoever the patient is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dicom-"));
    try {
      for (const [index, [picture, patient]] of [
        [tinyJpeg, delattre] as const,
        [tinyJpeg, provisional] as const,
      ].entries()) {
        const path = join(folder, `${index}.dcm`);
        writeFileSync(path, await objectOf(picture, patient));
        const { stderr } = spawnSync("dciodvfy", [path], { encoding: "utf8" });
        expect(stderr.split("\n").filter((line) => line.startsWith("Error"))).toEqual([]);
        expect(stderr).toContain("VLPhotographicImage");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("[F24] carries the JPEG as it is, and is the same when it is made again", async () => {
    const file = Buffer.from(await objectOf(tinyJpeg, delattre));
    expect(file.toString("latin1", 128, 132)).toBe("DICM");
    expect(file.includes(Buffer.from(tinyJpeg))).toBe(true);
    expect(file.toString("utf8")).toContain("DELATTRE^Josiane");
  });

  test("[F24] is dated by the hospital's clock, summer and winter", () => {
    expect(localTime("2026-11-24T10:57:00Z", "Europe/Paris")).toEqual({
      date: "20261124",
      time: "115700",
      offset: "+0100",
    });
    expect(localTime("2026-07-14T22:30:05Z", "Europe/Paris")).toEqual({
      date: "20260715",
      time: "003005",
      offset: "+0200",
    });
    expect(localTime("2026-07-14T22:30:05Z", "UTC").offset).toBe("+0000");
  });
});

describe("a clip as a DICOM object", () => {
  /** What is inside is ffmpeg's; what is said of it is ours. */
  const video: Video = {
    bytes: Uint8Array.from({ length: 2000 }, (_each, at) => at % 251),
    width: 720,
    height: 1280,
    frames: 60,
    framesPerSecond: 30,
  };

  test.skipIf(!hasTool)("[F24] has no error for dciodvfy, whoever the patient is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dicom-"));
    try {
      for (const patient of [delattre, provisional]) {
        const path = join(folder, "clip.dcm");
        writeFileSync(path, dicomFile((await clipStepOf(video, patient)).dataset, video.bytes));
        const { stderr } = spawnSync("dciodvfy", [path], { encoding: "utf8" });
        expect(stderr.split("\n").filter((line) => line.startsWith("Error"))).toEqual([]);
        expect(stderr).toContain("VideoPhotographicImage");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("[F24] says in which encoding it is, and carries the video as it is, in one piece", async () => {
    const { dataset } = await clipStepOf(video, delattre);
    const file = Buffer.from(dicomFile(dataset, video.bytes));
    expect(file.toString("latin1")).toContain(h264HighLevel41);
    expect(pixelsOf(file)).toEqual(Buffer.from(video.bytes));
    expect(pixelsOf(Buffer.from(dicomFile(dataset)))).toBeUndefined();
    expect(dataset).toMatchObject({
      NumberOfFrames: 60,
      FrameTime: "33.33",
      Rows: 1280,
      ImageLaterality: "L",
    });
  });
});

describe("a rejection note", () => {
  const noteOn = (photos: readonly Awaited<ReturnType<typeof stepOf>>[]) =>
    rejectionNote({
      eventId: "$wrong",
      photos,
      reason: "wrong-patient",
      at: "2026-11-24T10:57:00Z",
      by: { family: "N’GUESSAN^x", given: "Aïcha\\OR=1" },
      timeZone: "Europe/Paris",
    });
  const noteOf = async (patient: Patient) => noteOn([await stepOf(tinyJpeg, patient)]);

  test.skipIf(!hasTool)("[F38] has no error for dciodvfy, whoever the patient is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dicom-"));
    try {
      for (const patient of [delattre, provisional]) {
        const path = join(folder, "note.dcm");
        writeFileSync(path, dicomFile((await noteOf(patient)).dataset));
        const { stderr } = spawnSync("dciodvfy", [path], { encoding: "utf8" });
        expect(stderr.split("\n").filter((line) => line.startsWith("Error"))).toEqual([]);
        expect(stderr).toContain("KeyObjectSelectionDocument");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.skipIf(!hasTool)("[F38] without what it rejects, is refused by dciodvfy", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dicom-"));
    try {
      const path = join(folder, "note.dcm");
      const { CurrentRequestedProcedureEvidenceSequence: _left, ...dataset } = (await noteOf(delattre))
        .dataset;
      writeFileSync(path, dicomFile(dataset));
      const { stderr } = spawnSync("dciodvfy", [path], { encoding: "utf8" });
      expect(stderr).toMatch(/Error.*CurrentRequestedProcedureEvidenceSequence/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("[F38] is the same whenever it is made, lies in the photos' study, and names each of them", async () => {
    const photo = await stepOf(tinyJpeg, delattre);
    const note = noteOn([photo]);
    expect(dicomFile(note.dataset)).toEqual(dicomFile(noteOn([photo]).dataset));
    expect(note).toMatchObject({
      study: photo.study,
      patientId: photo.patientId,
      rejected: [photo.instance],
    });
    expect(note.series).not.toBe(photo.series);
    expect(note.instance).not.toBe(photo.instance);
  });

  test("[F38] is not made of nothing, nor of two studies", async () => {
    const photo = await stepOf(tinyJpeg, delattre);
    expect(noteOn([photo]).rejected).toHaveLength(1);
    expect(() => noteOn([])).toThrow();
    expect(() => noteOn([photo, { ...photo, study: "2.25.1" }])).toThrow();
  });
});
