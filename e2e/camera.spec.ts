import { createHash } from "node:crypto";
import type { Consent, DocumentReference } from "@medplum/fhirtypes";
import { expect, type Page, test } from "@playwright/test";
import { z } from "zod";
import { consentEvidenceSchema, consentSchema } from "#protocol/consent.ts";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";
import { signWithFinger } from "./support/trouble.ts";

/**
 * The main job as it is meant: the patient signs on the screen, and the photo comes from the device's camera. (The camera is the
 * browser's own make-believe one: it shows a figure that moves.) What was drawn and what was seen are then looked for in the record.
 */

const patient = { family: "N’GUESSAN", initials: /A\. .*N\./ } as const;
const question = `Plaque rouge de la paupière, ${Date.now()} : quel soin ?`;

/** What the camera gave while the page framed: its size, and the colour in each of sixteen fields. */
const seenSchema = z.object({
  widthPx: z.number(),
  heightPx: z.number(),
  fields: z.array(z.number()).length(48),
});
type Seen = z.infer<typeof seenSchema>;

/** Keeps hold of every camera that the page opens, to see that it is closed again. */
const watchTracks = (page: Page) =>
  page.addInitScript(() => {
    const tracks: MediaStreamTrack[] = [];
    Reflect.set(window, "cameraTracks", tracks);
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });

const liveTracks = (page: Page) =>
  page.evaluate(() => {
    const tracks: unknown = Reflect.get(window, "cameraTracks");
    return Array.isArray(tracks) ? tracks.filter((track) => track.readyState === "live").length : -1;
  });

/** Looks at a picture in sixteen fields: enough to tell one picture from another, whatever its compression. */
async function lookAt(page: Page, jpeg: Buffer | "the camera"): Promise<Seen> {
  const given = jpeg === "the camera" ? null : jpeg.toString("base64");
  const seen = await page.evaluate(async (base64) => {
    const video = document.querySelector("video");
    const source =
      base64 === null
        ? video
        : await createImageBitmap(
            new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], {
              type: "image/jpeg",
            }),
          );
    if (source === null) return null;
    const size =
      source instanceof HTMLVideoElement
        ? { widthPx: source.videoWidth, heightPx: source.videoHeight }
        : { widthPx: source.width, heightPx: source.height };
    const canvas = new OffscreenCanvas(4, 4);
    const context = canvas.getContext("2d");
    if (context === null) return null;
    context.imageSmoothingQuality = "high";
    context.drawImage(source, 0, 0, 4, 4);
    const pixels = context.getImageData(0, 0, 4, 4).data;
    return { ...size, fields: [...pixels].filter((_, index) => index % 4 !== 3) };
  }, given);
  return seenSchema.parse(seen);
}

const furthest = (one: Seen, other: Seen) =>
  one.fields.reduce((most, value, at) => Math.max(most, Math.abs(value - (other.fields[at] ?? 999))), 0);

test("@main the patient signs on the screen, the camera takes the photo, and both are found in the record", async ({
  browser,
}) => {
  const since = new Date().toISOString();
  const faure = await openDevice(browser, "faure", desktop);
  const { page } = faure;
  await watchTracks(page);
  await signIn(faure);
  await day.startRequest(page);
  await day.choosePatient(page, patient.family, null, "elle");
  await day.chooseColleague(page, "Dr Yann Kermarrec");
  await day.chooseDelay(page, /48 heures/);
  await day.ask(page, question);

  await test.step("the patient decides on both, and signs with the mouse", async () => {
    await page.getByRole("button", { name: "Recueillir son accord" }).click();
    await page.getByRole("switch", { name: /^L’avis/ }).click();
    await page.getByRole("switch", { name: /^Des photos, pour me soigner/ }).click();
    const go = page.getByRole("button", { name: "Enregistrer et photographier" });
    await expect(go).toBeDisabled();
    await expect(page.getByText("Il manque la signature.")).toBeVisible();
    expect(await liveTracks(page)).toBe(0);
    await signWithFinger(page);
    await go.click();
  });

  const seen = await test.step("the camera frames, shoots, and is closed", async () => {
    await expect(page.getByRole("button", { name: "Photographier" })).toBeVisible();
    const width = () => page.locator("video").evaluate((video) => Number(Reflect.get(video, "videoWidth")));
    await expect.poll(width).toBeGreaterThan(600);
    expect(await liveTracks(page)).toBe(1);
    const framed = await lookAt(page, "the camera");
    await page.getByRole("button", { name: "Photographier" }).click();
    await day.keepAndPlace(page, "Paupière gauche", /C’est bien à gauche/);
    // It opens again for the next view; who leaves closes it.
    await expect.poll(() => liveTracks(page)).toBe(1);
    await page.getByRole("button", { name: "Fermer l’appareil photo" }).click();
    await expect(page.getByRole("button", { name: /^Photo 1/ })).toBeVisible();
    expect(await liveTracks(page)).toBe(0);
    return framed;
  });
  await day.send(page, /^Envoyer au Dr/);

  await test.step("the colleague sees the picture that the camera saw", async () => {
    const kermarrec = await openDevice(browser, "kermarrec", desktop);
    await signIn(kermarrec);
    await kermarrec.page.getByRole("link").filter({ hasText: question }).click({ timeout: 60_000 });
    const picture = kermarrec.page.getByRole("img", { name: /paupière gauche/i }).first();
    await expect(picture).toBeVisible({ timeout: 30_000 });
    expect(kermarrec.trespasses).toEqual([]);
    await kermarrec.context.close();
  });

  const filed = await test.step("the record has the signed consent, and the photo under it", () =>
    readRecord(since));
  expect(filed.signature.flat().length).toBeGreaterThan(10);
  const across = filed.signature.flat().map(([x]) => x);
  // The hand went from a tenth of the paper to eight tenths of it.
  expect(Math.min(...across)).toBeGreaterThanOrEqual(80);
  expect(Math.min(...across)).toBeLessThanOrEqual(120);
  expect(Math.max(...across)).toBeGreaterThanOrEqual(780);
  expect(Math.max(...across)).toBeLessThanOrEqual(860);

  const photo = await lookAt(page, filed.jpeg);
  expect(photo).toMatchObject({ widthPx: seen.widthPx, heightPx: seen.heightPx });
  // The figure moves between two looks: most of the picture stands still.
  expect(furthest(photo, seen)).toBeLessThan(60);
  const black = { ...seen, fields: seen.fields.map(() => 0) };
  expect(furthest(black, seen)).toBeGreaterThan(60);
  expect(faure.trespasses).toEqual([]);
  await faure.context.close();
});

/** What the record holds of this case: the signature that was drawn, and the photo's bytes. */
async function readRecord(since: string) {
  const dossier = record(running());
  const [person] = await dossier.search("Patient", { family: patient.family });
  const of = { patient: `Patient/${person?.id}`, _lastUpdated: `ge${since}` };
  const photos = async () => (await dossier.search("DocumentReference", of)).filter(isTyped("52040-3"));
  await expect.poll(async () => (await photos()).length, { timeout: 90_000 }).toBe(1);
  const [photo] = await photos();
  const permits = async (): Promise<Consent[]> =>
    (await dossier.search("Consent", of)).filter((consent) => consent.provision?.type === "permit");
  const isNaming = (consent: Consent) =>
    consent.provision?.data?.some(
      ({ reference }) => reference.reference === `DocumentReference/${photo?.id}`,
    ) === true;
  // The consent is written anew, to name the photo, once the photo is there.
  await expect.poll(async () => (await permits()).filter(isNaming).length, { timeout: 60_000 }).toBe(1);
  expect(await permits()).toHaveLength(2);
  const naming = (await permits()).filter(isNaming);
  expect(naming[0]?.performer?.[0]?.reference).toBe(`Patient/${person?.id}`);

  const source = await dossier.read(naming[0]?.sourceReference?.reference ?? "");
  if (source.resourceType !== "DocumentReference") throw new Error("The consent has no document");
  const [, statement = ""] = (await bytesOf(source)).toString("utf8").split(".");
  const consent = consentSchema.parse(JSON.parse(Buffer.from(statement, "base64url").toString("utf8")));
  expect(consent.method).toBe("signed-on-screen");
  expect(consent.givenBy).toBe("patient");
  const attested = (await dossier.search("DocumentReference", of)).filter(isTyped("59284-0"));
  const proof = attested.find((each) => each.content[0]?.attachment.contentType === "application/json");
  const proven = await bytesOf(proof);
  expect(createHash("sha256").update(proven).digest("hex")).toBe(consent.evidenceSha256);
  const evidence = consentEvidenceSchema.parse(JSON.parse(proven.toString("utf8")));
  expect(evidence.witness).toBeUndefined();

  const jpeg = await bytesOf(photo);
  const said = photo?.content[0]?.attachment.hash;
  expect(said).toBe(createHash("sha1").update(jpeg).digest("base64"));
  return { signature: evidence.signature ?? [], jpeg };
}

const isTyped = (code: string) => (document: DocumentReference) =>
  document.type?.coding?.some((coding) => coding.code === code) === true;

const bytesOf = (document: DocumentReference | undefined) =>
  record(running()).bytes(document?.content[0]?.attachment.url ?? "");
