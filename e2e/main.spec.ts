import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Consent, DiagnosticReport, DocumentReference, Provenance } from "@medplum/fhirtypes";
import { expect, type Page, test } from "@playwright/test";
import exifr from "exifr";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { filesUnder, filesWith, homeserver, pictureKind } from "./support/homeserver.ts";
import { textOfPdf } from "./support/pdf.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";

/**
 * The main job, on the real parts. A nurse asks the dermatologist for an opinion about Madame Delattre's back, with a photo and her consent,
 * and closes her browser. The dermatologist signs in for the first time, answers, and all of it is in the record. What is claimed is then
 * asserted from outside the product, each absence with its positive control.
 */

/** A camera's file with GPS, serial numbers and a thumbnail, that lies on its side. */
const source = fileURLToPath(new URL("samples/camera.jpg", import.meta.url));

const question = "Lésion du dos qui a changé en trois semaines et saigné hier. Faut-il l’enlever vite ?";
const opinion = {
  findings: "Lésion de 9 mm, asymétrique, trois teintes.",
  assessment: "Mélanome jusqu’à preuve du contraire.",
  plan: "Exérèse complète, marge de 2 mm, sans biopsie partielle.",
  ifWorse: "Saignement qui résiste à 15 min de compression : appeler le 15.",
  limits: "Une photo, aires ganglionnaires non palpées.",
};
/** What must not be found in clear outside the record. */
const secrets = [
  "DELATTRE",
  "Delattre",
  "Josiane",
  "saigné hier",
  "Omoplate",
  "omoplate",
  "scapula",
  "Mélanome jusqu",
];

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("@main @smoke a nurse asks, a dermatologist answers on a new device, and the record holds one linked set", async ({
  browser,
}) => {
  const stack = running();
  const since = new Date().toISOString();
  const roomsBefore = await homeserver(stack).caseRooms();
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);

  await test.step("the nurse asks, with the patient's consent and a photo", async () => {
    await day.startRequest(nurse.page);
    await day.choosePatient(nurse.page, "DELATTRE", "14/03/1959", "elle");
    await day.chooseColleague(nurse.page, "Dr Hélène Martin");
    await day.chooseDelay(nurse.page, /aujourd/i);
    await day.ask(nurse.page, question);
    await day.recordOralConsent(nurse.page, "Paul Faure");
    await day.chooseFile(nurse.page, source, "Omoplate gauche", /C’est bien à gauche/);
    await day.send(nurse.page, /^Envoyer au Dr/);
    await expectSent(nurse.page);
  });
  // The requester is gone before the expert has ever signed in: keys must come from the archivist.
  await nurse.context.close();

  const doctor = await openDevice(browser, "martin", desktop);
  await keepBlobs(doctor.page);
  const doctorIn = await signIn(doctor);
  expect(
    doctorIn.first || process.env.COLLOQUE_KEPT !== undefined,
    "the dermatologist has never signed in before",
  ).toBe(true);
  const shown = await test.step("the dermatologist opens the case and sees the picture", async () => {
    await doctor.page
      .getByRole("link", { name: /J\. D\./ })
      .first()
      .click();
    await expect(doctor.page.getByText(question).first()).toBeVisible();
    const picture = doctor.page.getByRole("img", { name: /omoplate gauche/i }).first();
    await expect(picture).toBeVisible({ timeout: 30_000 });
    return expectWholePicture(doctor.page);
  });
  await test.step("she takes the case and gives her signed opinion", async () => {
    await doctor.page.getByRole("button", { name: "Prendre ce cas" }).click();
    await day.giveOpinion(doctor.page, opinion);
    await expect(doctor.page.getByText("L’avis est rendu, le cas est terminé.")).toBeVisible({
      timeout: 30_000,
    });
  });
  await test.step("the archivist says filed, with links into the record", async () => {
    await expect(doctor.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
    await doctor.page
      .getByRole("link", { name: /Voir (la lettre dans )?le dossier/ })
      .first()
      .click();
    await expect(doctor.page.getByRole("heading", { name: /un seul fil/ })).toBeVisible();
    // Each piece by its name, then its time: "Avis" is not found in "Demande d’avis". A photo's name ends with its view.
    for (const piece of [/^Accord du patient \d/, /^Demande d’avis \d/, /^Photo · ensemble \d/, /^Avis \d/])
      await expect(doctor.page.getByRole("button", { name: piece })).toBeVisible();
  });

  const [roomId] = (await homeserver(stack).caseRooms()).filter((room) => !roomsBefore.includes(room));
  expect(roomId).toBeDefined();
  await test.step("Synapse keeps nothing readable", () => expectNothingReadable(roomId ?? ""));
  await test.step("the record holds one linked set, bit for bit what was on screen", () =>
    expectRecord(shown, since));
  await test.step("no page asked anybody else, and none broke its own policy", () => {
    expect([...nurse.trespasses, ...doctor.trespasses]).toEqual([]);
  });

  await test.step("a second device, given only the recovery key, reads the old case", async () => {
    const second = await openDevice(browser, "leroy");
    expect(await signIn(second)).toMatchObject({ first: false });
    await second.page.getByRole("tab", { name: /Terminés/ }).click();
    await second.page
      .getByRole("link", { name: /J\. D\./ })
      .first()
      .click();
    await expect(second.page.getByText(question).first()).toBeVisible({ timeout: 30_000 });
    await expect(second.page.getByText(opinion.assessment).first()).toBeVisible({ timeout: 30_000 });
    await second.context.close();
  });
  await doctor.context.close();
});

/** The case shows the photo among what was sent, with its second knot tied: from here on the browser may be closed. */
async function expectSent(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: /^Envoyer/ })).toHaveCount(0);
  if (await page.getByRole("tab", { name: /En attente/ }).isVisible()) {
    await page.getByRole("tab", { name: /En attente/ }).click();
    await page
      .getByRole("link", { name: /J\. D\./ })
      .first()
      .click({ timeout: 60_000 });
  }
  const photo = page.getByRole("figure", { name: /omoplate gauche/i });
  await expect(photo).toBeVisible({ timeout: 60_000 });
  await expect(photo.getByText(/Chiffrée/)).toBeVisible();
}

/** Lets the test read the bytes behind the pictures on screen; the page itself is not changed. */
async function keepBlobs(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const kept = new Map<string, Blob>();
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob | MediaSource) => {
      const url = make(blob);
      if (blob instanceof Blob) kept.set(url, blob);
      return url;
    };
    Object.assign(window, { keptBlobs: kept });
  });
}

/** Bytes of the largest picture that is decoded on screen now. */
async function bytesOnScreen(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(async () => {
    const kept = Reflect.get(window, "keptBlobs") as Map<string, Blob>;
    const images = [...document.querySelectorAll("img")].filter(
      (image) => image.complete && image.naturalWidth > 0,
    );
    const largest = images.sort((a, b) => b.naturalWidth - a.naturalWidth)[0];
    const blob = largest === undefined ? undefined : kept.get(largest.currentSrc);
    if (blob === undefined) return "";
    let text = "";
    for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  });
  return Buffer.from(base64, "base64");
}

/** The preview may come first: waits for the whole picture, as large as the source. */
async function expectWholePicture(page: Page): Promise<Buffer> {
  await expect
    .poll(
      () =>
        page.evaluate(() =>
          Math.max(0, ...[...document.querySelectorAll("img")].map((image) => image.naturalWidth)),
        ),
      { timeout: 30_000 },
    )
    .toBeGreaterThanOrEqual(640);
  const largest = async () => (await bytesOnScreen(page)).length;
  await expect.poll(largest, { timeout: 30_000 }).toBeGreaterThan(0);
  return bytesOnScreen(page);
}

async function expectNothingReadable(roomId: string): Promise<void> {
  const stack = running();
  const timeline = await homeserver(stack).timeline(roomId);
  expect(timeline.length).toBeGreaterThan(4);
  expect([...new Set(timeline.map((event) => event.type))]).toEqual(["m.room.encrypted"]);

  const files = await filesUnder(join(stack.dataDir, "synapse"));
  expect(filesWith(files, secrets)).toEqual([]);
  // The same scan finds a word that Synapse does keep in its database, and one planted in a file.
  expect(filesWith(files, ["fr.colloque.case"]).length).toBeGreaterThan(0);
  const planted = await mkdtemp(join(tmpdir(), "planted-"));
  await writeFile(
    join(planted, "any.bin"),
    Buffer.concat([Buffer.alloc(4097, 7), Buffer.from("… Omoplate gauche …")]),
  );
  await copyFile(source, join(planted, "media"));
  const plantedFiles = await filesUnder(planted);
  expect(filesWith(plantedFiles, secrets)).toHaveLength(1);

  const media = files.filter(
    (file) => file.path.includes("media_store") || file.path.includes("local_content"),
  );
  expect(media.length).toBeGreaterThanOrEqual(2);
  expect(media.map((file) => pictureKind(file.bytes)).filter((kind) => kind !== null)).toEqual([]);
  expect(plantedFiles.map((file) => pictureKind(file.bytes))).toContain("jpeg");
}

const tagsOf = async (bytes: Buffer) =>
  (await exifr
    .parse(bytes, { gps: true, xmp: true, iptc: true, makerNote: true, mergeOutput: true })
    .catch(() => undefined)) ?? {};

/** `since` leaves out what other tests filed for the same patient. */
async function expectRecord(shown: Buffer, since: string): Promise<void> {
  const stack = running();
  const dossier = record(stack);
  const [patient] = await dossier.search("Patient", { family: "DELATTRE" });
  const of = { patient: `Patient/${patient?.id}`, _lastUpdated: `ge${since}` };
  const documents = await dossier.search("DocumentReference", of);
  const typed = (code: string) =>
    documents.filter((each) => each.type?.coding?.some((coding) => coding.code === code));

  const photo = only(typed("52040-3"));
  const filed = await dossier.bytes(urlOf(photo));
  expect(sha256(filed)).toBe(sha256(shown));

  // A reader of metadata that is not ours finds the camera's in the source, and nothing in what was filed.
  const before = await tagsOf(await readFile(source));
  const after = await tagsOf(filed);
  expect(before).toMatchObject({
    latitude: expect.any(Number),
    Make: expect.any(String),
    SerialNumber: expect.any(String),
  });
  expect(after).not.toMatchObject({ latitude: expect.anything() });
  expect(
    Object.keys(after).filter((tag) => /gps|latitude|longitude|serial|make|model|thumbnail|date/i.test(tag)),
  ).toEqual([]);
  expect(await exifr.thumbnail(await readFile(source))).toBeDefined();
  expect(await exifr.thumbnail(filed).catch(() => undefined)).toBeUndefined();

  if (stack.dicomwebUrl != null) {
    const instances = await dossier.dicomInstances({ Modality: "XC" });
    const frames = await Promise.all(
      instances.map((each) => dossier.dicomFrame(each.study, each.series, each.instance)),
    );
    const unpadded = frames.flatMap((frame) => [frame, frame.subarray(0, -1)]);
    expect(unpadded.map(sha256)).toContain(sha256(shown));
  } else {
    test.info().annotations.push({
      type: "skipped",
      description: "no DICOM archive on this machine: the copy there was not compared",
    });
  }

  const request = only(await dossier.search("ServiceRequest", of));
  const report: DiagnosticReport = only(await dossier.search("DiagnosticReport", of));
  expect(report.basedOn?.map((each) => each.reference)).toContain(`ServiceRequest/${request.id}`);
  const presented = report.presentedForm?.map((form) => binaryOf(form.url ?? "")) ?? [];
  const letter = only(typed("85208-7"));
  expect(presented).toContain(binaryOf(urlOf(letter)));
  const text = await textOfPdf(await dossier.bytes(urlOf(letter)));
  // The letter goes on with how sure the expert is, so its full stop may come later than theirs.
  for (const part of Object.values(opinion)) expect(flat(text)).toContain(flat(part).replace(/\.$/, ""));
  expect(flat(text)).not.toContain(flat("Carcinome épidermoïde"));

  const consents: Consent[] = await dossier.search("Consent", of);
  expect(consents.length).toBeGreaterThanOrEqual(2);
  const naming = consents.filter((each) =>
    each.provision?.data?.some((data) => data.reference.reference === `DocumentReference/${photo.id}`),
  );
  expect(naming).toHaveLength(1);
  const provenances: Provenance[] = await dossier.search("Provenance", {
    target: `DocumentReference/${photo.id}`,
  });
  const sources = provenances.flatMap((each) => each.entity?.map((entity) => entity.what.reference) ?? []);
  expect(sources).toContain(`Consent/${naming[0]?.id}`);
  const task = only(await dossier.search("Task", of));
  expect(task.status).toBe("completed");
}

/** `Binary/…`, whether the address was absolute or not. */
const binaryOf = (url: string): string => url.split("/").slice(-2).join("/");

const urlOf = (document: DocumentReference): string => document.content[0]?.attachment.url ?? "";

/** Text as a person compares it: spaces of any kind are one, a hyphen at a line's end is none. */
const flat = (text: string): string => text.replace(/[\s\u00a0\u202f]+/g, " ").trim();

function only<T>(list: readonly T[]): T {
  expect(list).toHaveLength(1);
  const [one] = list;
  if (one === undefined) throw new Error("Nothing found");
  return one;
}
