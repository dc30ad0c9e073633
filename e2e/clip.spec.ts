import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { DocumentReference } from "@medplum/fhirtypes";
import { expect, type Page, test } from "@playwright/test";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";
import { signWithFinger } from "./support/trouble.ts";

/**
 * A clip, from the yes to being filmed to the archive: the browser's own make-believe camera is filmed, the colleague sees it move, and the
 * record holds what was recorded, byte for byte. Under a yes to photos alone nothing is filmed.
 */

const patient = "LE GOFF";
const question = `Tremblement de la main droite, ${Date.now()} : est-ce à revoir ?`;

/** Keeps the bytes of every video that the page makes an address for: what was recorded, before anything else is done with it. */
const watchRecordings = (page: Page) =>
  page.addInitScript(() => {
    const kept: Blob[] = [];
    Reflect.set(window, "recordings", kept);
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (from) => {
      if (from instanceof Blob && from.type.startsWith("video/")) kept.push(from);
      return make(from);
    };
  });

const lastRecording = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const kept: unknown = Reflect.get(window, "recordings");
    const blob: unknown = Array.isArray(kept) ? kept.at(-1) : undefined;
    if (!(blob instanceof Blob)) return "none";
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
    return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  });

/** What is on screen now, in sixteen fields. */
const look = (page: Page) =>
  clip(page).evaluate((video) => {
    if (!(video instanceof HTMLVideoElement)) return [];
    const context = new OffscreenCanvas(16, 16).getContext("2d");
    context?.drawImage(video, 0, 0, 16, 16);
    return [...(context?.getImageData(0, 0, 16, 16).data ?? [])];
  });
const furthest = (one: readonly number[], other: readonly number[]) =>
  one.reduce((most, value, at) => Math.max(most, Math.abs(value - (other[at] ?? 999))), 0);

const clip = (page: Page) => page.locator("figure video");

test("@filing a clip is filmed under a yes of its own, is seen to move, and is in the record and the archive until it is taken back", async ({
  browser,
}) => {
  test.slow();
  const since = new Date().toISOString();
  const nurse = await openDevice(browser, "leroy", desktop);
  const { page } = nurse;
  await watchRecordings(page);
  await signIn(nurse);
  await day.startRequest(page);
  await day.choosePatient(page, patient, null, "lui");
  await day.chooseColleague(page, "Dr Hélène Martin");
  await day.chooseDelay(page, /48 heures/);
  await day.ask(page, question);

  await test.step("a yes to photos alone opens the camera, and films nobody", async () => {
    await day.recordOralConsent(page, "Dr Paul Faure");
    await page.getByRole("button", { name: "Filmer", exact: true }).click();
    await expect(page.getByText("Filmer attend un accord à part.")).toBeVisible();
    await page.getByRole("button", { name: "Photographier" }).click();
    await expect(page.getByRole("button", { name: "Filmer", exact: true })).toBeVisible();
    expect(await lastRecording(page)).toBe("none");
    await page.getByRole("button", { name: "Filmer", exact: true }).click();
    await page.getByRole("button", { name: "Recueillir l’accord" }).click();
  });

  await test.step("the patient says yes to a video too", async () => {
    for (const name of [/^L’avis/, /^Des photos, pour me soigner/, /^Une courte vidéo, sans le son/])
      await page.getByRole("switch", { name }).click();
    await signWithFinger(page);
    await page.getByRole("button", { name: "Enregistrer et photographier" }).click();
  });

  const sent = await test.step("it is filmed, looked at, kept and placed", async () => {
    await page.getByRole("button", { name: "Filmer", exact: true }).click();
    await expect(page.getByText("3 s sur 20")).toBeVisible();
    await page.getByRole("button", { name: "Arrêter" }).click();
    await expect(page.getByText(/^Vidéo, [34] secondes$/)).toBeVisible();
    const hash = await lastRecording(page);
    await page.getByRole("button", { name: "Garder la vidéo" }).click();
    await day.placeOnBody(page, "Main droite", /C’est bien à droite/);
    await page.getByRole("button", { name: "Fermer l’appareil photo" }).click();
    await expect(page.getByRole("button", { name: /^Vidéo 1/ })).toBeVisible();
    return hash;
  });
  await day.send(page, /^Envoyer au Dr/);

  const martin = await openDevice(browser, "martin", desktop);
  await watchRecordings(martin.page);
  const downloads: string[] = [];
  martin.page.on("request", (request) => {
    if (/\/media\/download\//.test(request.url())) downloads.push(request.url());
  });
  await signIn(martin);
  await test.step("the colleague has its first picture, plays it, and sees it move", async () => {
    await martin.page.getByRole("link").filter({ hasText: question }).click({ timeout: 60_000 });
    const play = martin.page.getByRole("button", { name: /^Lire : Vidéo de/ });
    await expect(play).toBeEnabled({ timeout: 60_000 });
    const before = downloads.length;
    await play.click();
    await expect(clip(martin.page)).toBeVisible();
    await expect.poll(() => downloads.length).toBe(before + 1);
    expect(await lastRecording(martin.page)).toBe(sent);
    // It is short: round and round, so that it is not over before it was looked at twice.
    await clip(martin.page).evaluate((video: HTMLVideoElement) => {
      video.loop = true;
      return video.play();
    });
    const first = await look(martin.page);
    await expect.poll(async () => furthest(first, await look(martin.page))).toBeGreaterThan(20);
  });

  const filed = await test.step("the record holds what was recorded; the archive a video of it", () =>
    readRecord(since));
  expect(createHash("sha256").update(filed.bytes).digest("hex")).toBe(sent);
  expect(filed.video).toMatchObject({ codec_name: "h264", profile: "High", pix_fmt: "yuv420p" });
  expect(Number(filed.video.nb_read_packets)).toBeGreaterThan(60);

  await test.step("taken back, it leaves the colleague's screen and the server, and stays marked in the record", async () => {
    await page.getByRole("button", { name: "Retirer l’accord", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Retirer l’accord et les photos" }).click();
    await expect(clip(martin.page)).toBeHidden();
    expect(await martin.page.locator("video").count()).toBe(0);
    await expect
      .poll(async () => JSON.stringify((await clipIn(since))?.securityLabel), { timeout: 60_000 })
      .not.toBe(JSON.stringify(filed.labels));
  });
  expect([...nurse.trespasses, ...martin.trespasses]).toEqual([]);
  await martin.context.close();
  await nurse.context.close();
});

async function clipIn(since: string): Promise<DocumentReference | undefined> {
  const dossier = record(running());
  const [person] = await dossier.search("Patient", { family: patient });
  const of = { patient: `Patient/${person?.id}`, _lastUpdated: `ge${since}` };
  const documents = await dossier.search("DocumentReference", of);
  return documents.find((each) => each.content[0]?.attachment.contentType?.startsWith("video/"));
}

/** The clip's document and its bytes, and what ffprobe says of the video in the archive. */
async function readRecord(since: string) {
  await expect.poll(() => clipIn(since), { timeout: 120_000 }).toBeDefined();
  const clip = await clipIn(since);
  const dossier = record(running());
  const bytes = await dossier.bytes(clip?.content[0]?.attachment.url ?? "");
  const study = clip?.context?.related?.find(({ identifier }) => identifier?.system === "urn:dicom:uid");
  const uid = study?.identifier?.value?.replace("urn:oid:", "") ?? "";
  const videoClass = "1.2.840.10008.5.1.4.1.1.77.1.4.1";
  const instances = () => dossier.dicomInstances({ StudyInstanceUID: uid, SOPClassUID: videoClass });
  await expect.poll(async () => (await instances()).length, { timeout: 60_000 }).toBe(1);
  const [instance] = await instances();
  if (instance === undefined) throw new Error("The archive has the clip");
  const object = await dossier.dicomObject(instance.study, instance.series, instance.instance);
  const mp4 = object.subarray(object.indexOf("ftyp") - 4);
  const shown = "stream=codec_name,profile,pix_fmt,nb_read_packets";
  const args = ["-v", "quiet", "-count_packets", "-show_entries", shown, "-of", "json", "-i", "pipe:0"];
  const told = JSON.parse(spawnSync("ffprobe", args, { input: mp4, encoding: "utf8" }).stdout);
  return { bytes, labels: clip?.securityLabel, video: told.streams[0] };
}
