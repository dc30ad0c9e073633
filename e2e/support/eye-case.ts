import { fileURLToPath } from "node:url";
import { type Browser, expect, type Page, type Request } from "@playwright/test";
import { desktop, openDevice, signIn } from "./clinician.ts";
import * as day from "./day.ts";
import { homeserver } from "./homeserver.ts";
import { running } from "./stack.ts";
import { newRoom } from "./trouble.ts";

/** A case with the photo of an eye, and somebody who looks at it. */

const retina = fileURLToPath(new URL("../samples/retina.jpg", import.meta.url));

/** A nurse's case for one colleague, with a photo and the patient's spoken consent. Says which room it is. */
export async function sendCase(
  page: Page,
  to: string,
  question: string,
  patient = { family: "LE GOFF", birthDate: "02/07/1974" },
): Promise<string> {
  const before = new Set(await homeserver(running()).caseRooms());
  await day.startRequest(page);
  await day.choosePatient(page, patient.family, patient.birthDate, "lui");
  await day.chooseColleague(page, to);
  await day.chooseDelay(page, /aujourd/i);
  await day.ask(page, question);
  await day.recordOralConsent(page, "Paul Faure");
  await day.chooseFile(page, retina, "Fond d’œil gauche", /C’est bien à gauche/);
  await day.send(page, /^Envoyer au Dr/);
  const roomId = await newRoom(before);
  await expect(page.getByRole("figure", { name: /œil gauche/i })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  return roomId;
}

export async function openCase(page: Page, question: string): Promise<void> {
  const row = page.getByRole("link").filter({ hasText: question }).first();
  const hero = page.getByRole("article").filter({ hasText: question }).getByRole("button").first();
  await expect(row.or(hero).first()).toBeVisible({ timeout: 60_000 });
  await row.or(hero).first().click();
  await expect(page.getByText(question).first()).toBeVisible();
}

export const picture = (page: Page) => page.getByRole("img", { name: /œil gauche/i });

/** Someone at a desktop who has the case on screen. */
export async function reader(browser: Browser, name: string, question: string) {
  const person = await openDevice(browser, name, desktop);
  const downloads: Request[] = [];
  person.page.on("request", (request) => {
    // Pictures alone: the keys that the archivist hands over are a file too, for this reader's eyes and encrypted for them.
    if (request.headers()["x-colloque-read"] !== undefined) downloads.push(request);
  });
  await signIn(person);
  await openCase(person.page, question);
  return { ...person, downloads };
}
