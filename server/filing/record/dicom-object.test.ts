import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import type { Patient } from "#protocol/patient.ts";
import { parseJpeg } from "../jpeg.ts";
import { localTime, photoInstance } from "../plan/dicom.ts";
import { aCase, clinicians, delattre, type People, people, startMs, tinyJpeg } from "../testing/a-case.ts";
import { dicomFile } from "./dicom-object.ts";

let all: People;
beforeAll(async () => {
  all = await people();
});

async function objectOf(picture: Uint8Array<ArrayBuffer>, patient: Patient): Promise<Uint8Array> {
  const { items } = await aCase(all, { picture, patient });
  const event = items.map((item) => item.event).find((each) => each.kind === "photo");
  const facts = parseJpeg(picture);
  if (event?.kind !== "photo" || facts === undefined) throw new Error("A case has a photo");
  const state = foldCase(
    items.map((item) => item.event),
    "",
  );
  const step = photoInstance(event, picture, facts, {
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
  });
  return dicomFile(step.dataset, picture);
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
