import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import * as day from "./day.ts";
import { filesUnder, homeserver } from "./homeserver.ts";
import { record } from "./record.ts";
import { running } from "./stack.ts";

/** What goes wrong on a clinician's day, and how to count afterwards what really happened. */

/** The patient of the troubled days: nobody else's test counts his entries. */
export const patient = { family: "LE GOFF", birthDate: "02/07/1974", initials: /Y\. L\./ } as const;

/** Fills a request up to the consent, addressed to one colleague. */
export async function beginRequest(page: Page, to: string, question: string): Promise<void> {
  await day.startRequest(page);
  await day.choosePatient(page, patient.family, patient.birthDate, "lui");
  await day.chooseColleague(page, to);
  await day.chooseDelay(page, /48 heures/);
  await day.ask(page, question);
}

/** A consent given aloud; the camera that opens then is closed again. */
export async function consentWithoutPhoto(page: Page): Promise<void> {
  await day.recordOralConsent(page, "Claire Leroy");
  await page.getByRole("button", { name: "Fermer l’appareil photo" }).click();
  await expect(page.getByText("Consentie", { exact: true })).toBeVisible();
}

/** Sends a request without a photo and opens its case once it has left. Says which room it is in. */
export async function openSentCase(page: Page, to: string, question: string): Promise<string> {
  const before = new Set(await homeserver(running()).caseRooms());
  await beginRequest(page, to, question);
  await consentWithoutPhoto(page);
  await day.send(page, new RegExp(`^Envoyer .*${to.split(" ").at(-1)}`));
  const roomId = await newRoom(before);
  await openCase(page, question);
  return roomId;
}

/** Opens a case from the list by its question. */
export async function openCase(page: Page, question: string): Promise<void> {
  await page.goto("/");
  await page.getByRole("tab", { name: /En attente/ }).click();
  const row = page.getByRole("tabpanel").getByRole("link").filter({ hasText: question });
  await expect(row).toHaveCount(1, { timeout: 60_000 });
  await expect(page.getByText("En cours d’envoi")).toHaveCount(0, { timeout: 60_000 });
  await row.click();
  await expect(page.getByRole("textbox", { name: /Votre message|Écrire/ })).toBeVisible();
}

/** The case rooms that were not there before. */
export const roomsSince = async (before: ReadonlySet<string>): Promise<string[]> =>
  (await homeserver(running()).caseRooms()).filter((room) => !before.has(room));

/** The one case room that was not there before. */
export async function newRoom(before: ReadonlySet<string>): Promise<string> {
  await expect.poll(async () => (await roomsSince(before)).length, { timeout: 60_000 }).toBe(1);
  const [roomId] = await roomsSince(before);
  if (roomId === undefined) throw new Error("No case room appeared");
  return roomId;
}

/** How many events of one person the homeserver keeps in a room, state left out. */
export async function eventsOf(account: string, roomId: string): Promise<number> {
  const events = await homeserver(running()).timeline(roomId);
  return events.filter((event) => event.sender === `@${account}:valombre.example`).length;
}

/** How many files the homeserver has really stored; addresses that are only reserved do not count. */
export async function filesStored(): Promise<number> {
  const files = await filesUnder(join(running().dataDir, "synapse"));
  // The archivist's key bundles are files too, of a few kilobytes; they come whenever a colleague is invited.
  return files.filter((file) => file.path.includes("local_content") && file.bytes.length > 6000).length;
}

/** How many entries of each kind the record holds about the patient of these days. */
export async function entriesOf(
  type: "ServiceRequest" | "DocumentReference" | "Communication" | "DiagnosticReport",
): Promise<number> {
  const dossier = record(running());
  const [found] = await dossier.search("Patient", { family: patient.family });
  return (await dossier.search(type, { patient: `Patient/${found?.id}` })).length;
}

/** Photos of the patient in the record: entries of the kind that a photo is filed as. */
export async function photosInRecord(): Promise<number> {
  const dossier = record(running());
  const [found] = await dossier.search("Patient", { family: patient.family });
  const documents = await dossier.search("DocumentReference", { patient: `Patient/${found?.id}` });
  return documents.filter((each) => each.type?.coding?.some((coding) => coding.code === "52040-3")).length;
}

/** How many patients the record knows. */
export const patientsInRecord = async (): Promise<number> =>
  (await record(running()).search("Patient", {})).length;

/** Counts, from the first page on, how often the page asked for the camera. */
export async function watchCamera(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    Reflect.set(window, "cameraCalls", 0);
    navigator.mediaDevices.getUserMedia = (constraints) => {
      Reflect.set(window, "cameraCalls", Number(Reflect.get(window, "cameraCalls")) + 1);
      return open(constraints);
    };
  });
  return () => page.evaluate(() => Number(Reflect.get(window, "cameraCalls")));
}

/** A whole JPEG of a camera's size, made by the browser itself. */
export async function jpegMadeBy(page: Page): Promise<Buffer> {
  const numbers = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(800, 600);
    const context = canvas.getContext("2d");
    for (let x = 0; x < 800; x += 20) {
      for (let y = 0; y < 600; y += 20) {
        if (context !== null) context.fillStyle = `hsl(${(x * 7 + y * 3) % 360} 60% ${40 + ((x * y) % 40)}%)`;
        context?.fillRect(x, y, 20, 20);
      }
    }
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  return Buffer.from(numbers);
}

/** The same JPEG, whose header claims another size. */
export function claiming(jpeg: Buffer, widthPx: number, heightPx: number): Buffer {
  const changed = Buffer.from(jpeg);
  const frame = changed.indexOf(Buffer.from([0xff, 0xc0]));
  if (frame < 0) throw new Error("This JPEG has no baseline frame");
  changed.writeUInt16BE(heightPx, frame + 5);
  changed.writeUInt16BE(widthPx, frame + 7);
  return changed;
}

/** A HEIC that says it is 4032 × 3024 and holds no picture: no browser can read it. */
export function emptyHeic(): Buffer {
  const box = (type: string, ...content: Buffer[]): Buffer => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length + 8);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, body]);
  };
  const numbers = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4);
    return bytes;
  };
  const size = box("ispe", numbers(0, 4032, 3024));
  return Buffer.concat([
    box("ftyp", Buffer.from("heic\0\0\0\0mif1heic", "latin1")),
    box("meta", numbers(0), box("iprp", box("ipco", size))),
    box("mdat", Buffer.alloc(4096, 0x5a)),
  ]);
}

/** Draws a signature as a finger would. */
export async function signWithFinger(
  page: Page,
  where = "Zone de signature : signez avec le doigt",
): Promise<void> {
  const paper = page.getByRole("img", { name: where });
  // Into the middle: at the foot it would lie under the bar.
  await paper.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const box = await paper.boundingBox();
  if (box === null) throw new Error("There is no place to sign");
  const at = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const;
  await page.mouse.move(...at(0.1, 0.6));
  await page.mouse.down();
  for (let step = 1; step <= 16; step += 1)
    await page.mouse.move(...at(0.1 + step * 0.045, 0.5 + 0.35 * Math.sin(step)));
  await page.mouse.up();
}

/** A device that fills up and is tidied. The browser trusts its last look at the disk for half a minute, so filling takes that long. */
export async function storageOf(page: Page): Promise<{ fill(): Promise<void>; free(): Promise<void> }> {
  const devtools = await page.context().newCDPSession(page);
  const { origin } = new URL(running().publicUrl);
  const keepsNothing = () =>
    page.evaluate(
      () =>
        new Promise<boolean>((done) => {
          const opening = indexedDB.open("space-of-the-tests");
          opening.onupgradeneeded = () => opening.result.createObjectStore("some");
          opening.onerror = () => done(true);
          opening.onsuccess = () => {
            const writing = opening.result.transaction("some", "readwrite");
            writing.objectStore("some").put("x".repeat(100), "one");
            writing.oncomplete = () => done(false);
            writing.onabort = () => done(true);
            writing.commit();
          };
        }),
    );
  return {
    async fill() {
      await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
      await expect.poll(keepsNothing, { timeout: 45_000, intervals: [1000] }).toBe(true);
    },
    async free() {
      await devtools.send("Storage.overrideQuotaForOrigin", { origin });
      await expect.poll(keepsNothing).toBe(false);
    },
  };
}
