import { type Browser, expect, type Page, type Route, test } from "@playwright/test";
import { connectStack } from "../stack/control.ts";
import { type Clinician, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { homeserver } from "./support/homeserver.ts";
import { running } from "./support/stack.ts";
import {
  beginRequest,
  consentWithoutPhoto,
  entriesOf,
  eventsOf,
  filesStored,
  jpegMadeBy,
  newRoom,
  openCase,
  openSentCase,
  photosInRecord,
  roomsSince,
  storageOf,
} from "./support/trouble.ts";

/**
 * A day on which the machines fail: the page, the network, the device's storage, and each part of the hospital in turn. Whatever was
 * written is kept, is sent later, and is there once: counted at the homeserver and in the record, not on the screen alone.
 */

const asker = "faure";
const kermarrec = "Dr Yann Kermarrec";
const haddad = "Dr Nadia Haddad";

async function atWork(browser: Browser, name = asker): Promise<Clinician> {
  const person = await openDevice(browser, name);
  await signIn(person);
  return person;
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: /Votre message|Écrire/ }).fill(text);
  await page.getByRole("button", { name: "Envoyer", exact: true }).click();
}

/** What is said of one message of mine: its line in the talk. */
const lineOf = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });

test("@trouble @smoke a page reloaded while its photo is on the way sends the request once, whole", async ({
  browser,
}) => {
  const faure = await atWork(browser);
  const { page } = faure;
  const question = `Fond d’œil flou depuis hier, à ${new Date().toISOString()} : faut-il le voir ?`;
  const rooms = new Set(await homeserver(running()).caseRooms());
  const before = { photos: await photosInRecord(), files: await filesStored() };
  await beginRequest(page, kermarrec, question);
  await day.recordOralConsent(page, "Claire Leroy");
  const photo = { name: "oeil.jpg", mimeType: "image/jpeg", buffer: await jpegMadeBy(page) };
  await page.locator("input[type=file]").setInputFiles(photo);
  await page.getByRole("button", { name: "Garder la photo" }).click();
  await page.getByLabel("Ou dans la liste").selectOption({ label: "Œil gauche" });
  await page.getByRole("button", { name: "C’est bien à gauche" }).click();
  await expect(page.getByRole("button", { name: /^Photo 1/ })).toBeVisible();

  let stalled = 0;
  const stall = (_route: Route) => {
    stalled += 1;
  };
  await page.route("**/_matrix/media/v3/upload/**", stall);
  await day.send(page, /^Envoyer au Dr/);
  await expect.poll(() => stalled).toBeGreaterThan(0);
  expect(await filesStored()).toBe(before.files);
  await page.reload();
  await page.unroute("**/_matrix/media/v3/upload/**", stall);

  const roomId = await newRoom(rooms);
  await openCase(page, question);
  await expect(page.getByText(/L’Archiviste.*a versé à|a tout versé/s)).toBeVisible({ timeout: 90_000 });
  await expect.poll(photosInRecord, { timeout: 60_000 }).toBe(before.photos + 1);
  // A consent, a request, a photo and its preview: four events, and their two files. No second room came.
  expect(await eventsOf(asker, roomId)).toBe(4);
  expect(await filesStored()).toBe(before.files + 2);
  expect(await roomsSince(rooms)).toEqual([roomId]);
  await faure.context.close();
});

test("@trouble an answer of the homeserver that is lost on the way back makes no second message", async ({
  browser,
}) => {
  const faure = await atWork(browser);
  const { page } = faure;
  const roomId = await openSentCase(page, haddad, `Eczéma ou gale, ${Date.now()} ?`);
  const before = await eventsOf(asker, roomId);
  let heard = 0;
  const loseAnswer = async (route: Route) => {
    await route.fetch();
    heard += 1;
  };
  await page.route("**/send/m.room.encrypted/**", loseAnswer);
  await write(page, "Trois contacts dans la famille.");
  await expect.poll(() => heard).toBe(1);
  expect(await eventsOf(asker, roomId)).toBe(before + 1);
  await page.reload();
  await page.unroute("**/send/m.room.encrypted/**", loseAnswer);
  await expect(lineOf(page, "Trois contacts")).toContainText(/Envoyé|Vu|Versé au dossier/, {
    timeout: 60_000,
  });
  await expect(lineOf(page, "Trois contacts")).toHaveCount(1);
  // The next message leaves too, after the first and not beside it.
  await write(page, "Le plus jeune a six mois.");
  await expect(lineOf(page, "six mois")).toContainText(/Envoyé|Vu|Versé au dossier/, { timeout: 60_000 });
  expect(await eventsOf(asker, roomId)).toBe(before + 2);
  await faure.context.close();
});

test("@trouble the second tab of an account says so, and takes over when asked", async ({ browser }) => {
  const aubry = await atWork(browser, "aubry");
  const first = aubry.page;
  const second = await aubry.context.newPage();
  await second.goto("/");
  await expect(
    second.getByRole("heading", { name: "Colloque est ouvert dans un autre onglet." }),
  ).toBeVisible();
  await expect(first.getByRole("tablist")).toBeVisible();
  await second.getByRole("button", { name: "Continuer ici" }).click();
  await expect(second.getByRole("tablist")).toBeVisible();
  await expect(
    first.getByRole("heading", { name: "Colloque est ouvert dans un autre onglet." }),
  ).toBeVisible();
  await expect(first.getByRole("tablist")).toHaveCount(0);
  // A tab that closes gives the account back.
  await second.close();
  await first.getByRole("button", { name: "Continuer ici" }).click();
  await expect(first.getByRole("tablist")).toBeVisible();
  await aubry.context.close();
});

test("@trouble without a network, it is said, and what was written leaves when it is back", async ({
  browser,
}) => {
  const faure = await atWork(browser);
  const { page, context } = faure;
  const roomId = await openSentCase(page, haddad, `Bouton de fièvre ou impétigo, ${Date.now()} ?`);
  const before = await eventsOf(asker, roomId);
  const banner = page.getByText(/Pas de réseau depuis .* partira tout seul/);
  await expect(banner).toHaveCount(0);
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe("activated");
  await context.setOffline(true);
  await expect(banner).toBeVisible();
  await write(page, "La croûte est jaune.");
  await expect(lineOf(page, "La croûte est jaune.")).toContainText("Partira avec le réseau");
  await page.reload();
  await expect(lineOf(page, "La croûte est jaune.")).toContainText("Partira avec le réseau");
  expect(await eventsOf(asker, roomId)).toBe(before);
  await context.setOffline(false);
  await expect(lineOf(page, "La croûte est jaune.")).toContainText(/Envoyé|Vu|Versé au dossier/, {
    timeout: 60_000,
  });
  await expect(banner).toHaveCount(0);
  expect(await eventsOf(asker, roomId)).toBe(before + 1);
  await context.close();
});

test("@trouble a full device says so; what is on screen stays, and is kept once there is room", async ({
  browser,
}) => {
  const faure = await atWork(browser);
  const { page, context } = faure;
  const roomId = await openSentCase(page, haddad, `Nævus du bras, ${Date.now()} ?`);
  const before = await eventsOf(asker, roomId);
  const storage = await storageOf(page);
  await storage.fill();
  await write(page, "Il a grandi depuis l’été.");
  await expect(page.getByText("Cet appareil n’a plus de place : rien n’a été gardé.")).toBeVisible();
  await expect(page.getByRole("textbox", { name: /Votre message|Écrire/ })).toHaveValue(
    "Il a grandi depuis l’été.",
  );
  expect(await eventsOf(asker, roomId)).toBe(before);
  await storage.free();
  await page.getByRole("button", { name: "Envoyer", exact: true }).click();
  await expect(lineOf(page, "Il a grandi")).toContainText(/Envoyé|Vu|Versé au dossier/, { timeout: 60_000 });
  expect(await eventsOf(asker, roomId)).toBe(before + 1);

  await test.step("a draft that cannot be kept says so beside its title", async () => {
    await page.goto("/");
    await day.startRequest(page);
    await storage.fill();
    await day.ask(page, "Une question que l’appareil ne peut garder.");
    await expect(page.getByText("brouillon non gardé : appareil plein")).toBeVisible();
    await storage.free();
    await day.ask(page, "Une question que l’appareil peut garder.");
    await expect(page.getByText("brouillon gardé")).toBeVisible();
  });
  await context.close();
});

test("@trouble the homeserver down: the message is kept, and sent once when it is back", async ({
  browser,
}) => {
  const stack = connectStack();
  const faure = await atWork(browser);
  const { page } = faure;
  const roomId = await openSentCase(page, haddad, `Urticaire depuis lundi, ${Date.now()} ?`);
  const before = await eventsOf(asker, roomId);
  await stack.stopPart("synapse", "kill");
  try {
    await write(page, "Aucun médicament nouveau.");
    await expect(lineOf(page, "Aucun médicament")).toContainText(/Partira avec le réseau|Envoi…/);
    await expect(page.getByText(/partira (tout seul|dès son retour)/)).toBeVisible({ timeout: 60_000 });
  } finally {
    await stack.startPart("synapse");
  }
  await expect(lineOf(page, "Aucun médicament")).toContainText(/Envoyé|Vu|Versé au dossier/, {
    timeout: 60_000,
  });
  expect(await eventsOf(asker, roomId)).toBe(before + 1);
  await expect(lineOf(page, "Aucun médicament")).toHaveCount(1);
  await faure.context.close();
});

test("@trouble the server and its archivist killed in the middle of a case: all of it is sent and filed", async ({
  browser,
}) => {
  const stack = connectStack();
  const faure = await atWork(browser);
  const { page } = faure;
  const requests = await entriesOf("ServiceRequest");
  const question = `Panaris du pouce, ${Date.now()} : inciser ?`;
  const rooms = new Set(await homeserver(running()).caseRooms());
  await beginRequest(page, haddad, question);
  await consentWithoutPhoto(page);
  await day.send(page, /^Envoyer au Dr/);
  // The kill may cut the making of the room in two: half of one may stay behind, empty.
  await expect.poll(async () => (await roomsSince(rooms)).length).toBe(1);
  await stack.stopPart("server", "kill");
  try {
    await expect(page.getByText(/Pas de réseau depuis/)).toBeVisible({ timeout: 60_000 });
  } finally {
    await stack.startPart("server");
  }
  await openCase(page, question);
  await write(page, "Il est battant la nuit.");
  await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  expect(await entriesOf("ServiceRequest")).toBe(requests + 1);
  // A consent, a request, a message: in one room, whatever was begun.
  const counts = await Promise.all((await roomsSince(rooms)).map((room) => eventsOf(asker, room)));
  expect(counts.filter((count) => count > 0)).toEqual([3]);
  await page.goto("/");
  await expect(page.getByText(/Un cas vous est confié/)).toHaveCount(0);
  await faure.context.close();
});

test("@trouble the record down while a case is filed: it is said, and filed by itself when it is back", async ({
  browser,
}) => {
  // The record alone needs up to two minutes to start on a small machine.
  test.slow();
  const stack = connectStack();
  const faure = await atWork(browser);
  const { page } = faure;
  const requests = await entriesOf("ServiceRequest");
  const question = `Zona de l’oreille, ${Date.now()} : que craindre ?`;
  await beginRequest(page, kermarrec, question);
  await consentWithoutPhoto(page);
  await stack.stopPart("hapi", "kill");
  try {
    await day.send(page, /^Envoyer au Dr/);
    await openCase(page, question);
    await expect(page.getByText(/attend le dossier patient depuis/)).toBeVisible();
    await expect(page.getByText("Le dossier patient ne répond pas. Les versements attendent")).toBeVisible();
    await write(page, "Le tympan est normal.");
    await expect(lineOf(page, "Le tympan")).toContainText(/Envoyé|Vu/);
    await expect(page.getByText(/a tout versé|a versé à/)).toHaveCount(0);
    await test.step("a patient can't be looked for meanwhile, and the words say so", async () => {
      await page.goto("/");
      await day.startRequest(page);
      await page.getByRole("button", { name: /^Patient/ }).click();
      const sheet = page.getByRole("dialog");
      await sheet.getByLabel("Nom de naissance ou d’usage").fill("Moreau");
      await sheet.getByRole("button", { name: "Chercher", exact: true }).click();
      await expect(
        sheet.getByText(/Le dossier patient ne répond pas.*Votre brouillon est gardé/),
      ).toBeVisible();
    });
  } finally {
    await stack.startPart("hapi");
  }
  await openCase(page, question);
  await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 120_000 });
  expect(await entriesOf("ServiceRequest")).toBe(requests + 1);
  await faure.context.close();
});
