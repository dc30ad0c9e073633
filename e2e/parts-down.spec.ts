import { type Browser, expect, type Page, test } from "@playwright/test";
import { connectStack } from "../stack/control.ts";
import { type Clinician, desktop, enter, openDevice, signIn, telephone } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { homeserver } from "./support/homeserver.ts";
import { running } from "./support/stack.ts";
import {
  beginRequest,
  consentWithoutPhoto,
  entriesOf,
  eventsOf,
  jpegMadeBy,
  newRoom,
  openCase,
  openSentCase,
  photosInRecord,
  roomsSince,
} from "./support/trouble.ts";

/**
 * Each step of the main job with one of its parts down: signing in, the consent and the request with its photo, the opinion and its
 * filing. It is said, nothing is lost, and when the part is back all of it is there once. (`outages.spec.ts` has messages and the rest.)
 */

const kermarrec = "Dr Yann Kermarrec";

async function atWork(browser: Browser, name: string, device = telephone): Promise<Clinician> {
  const person = await openDevice(browser, name, device);
  await signIn(person);
  return person;
}

/** The part is down while something is done, and comes back whatever happens. */
async function without(part: "synapse" | "hapi" | "server", act: () => Promise<void>): Promise<void> {
  const stack = connectStack();
  await stack.stopPart(part, "kill");
  try {
    await act();
  } finally {
    await stack.startPart(part);
  }
}

test("@trouble the homeserver down at the sign-in: it is said, and the same words open when it is back", async ({
  browser,
}) => {
  const faure = await openDevice(browser, "faure");
  const { page } = faure;
  await without("synapse", async () => {
    await enter(faure);
    await expect(page.getByText(/ne répond pas/).first()).toBeVisible();
    await expect(page.getByText("L’identifiant et le mot de passe ne vont pas ensemble.")).toHaveCount(0);
    await expect(page.getByLabel("Identifiant")).toHaveValue("faure");
  });
  await signIn(faure);
  await expect(page.getByRole("tablist")).toBeVisible();
  await faure.context.close();
});

test("@trouble the homeserver down at the consent and the request: both are kept over a reload, and leave once", async ({
  browser,
}) => {
  const faure = await atWork(browser, "faure");
  const { page } = faure;
  const question = `Chalazion qui dure, ${Date.now()} : inciser ?`;
  const rooms = new Set(await homeserver(running()).caseRooms());
  const [requests, photos] = [await entriesOf("ServiceRequest"), await photosInRecord()];
  await without("synapse", async () => {
    await askWithPhoto(page, question);
    await page.goto("/");
    await page.getByRole("tab", { name: /En attente/ }).click();
    await expect(page.getByText(/Gardée ici, partira avec le réseau|En cours d’envoi/).first()).toBeVisible();
    await page.reload();
    await page.getByRole("tab", { name: /En attente/ }).click();
    await expect(page.getByText(question)).toHaveCount(1);
    await expect(page.getByText(/partira (tout seul|dès son retour|avec le réseau)/).first()).toBeVisible();
  });
  const roomId = await newRoom(rooms);
  await openCase(page, question);
  await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  expect(await entriesOf("ServiceRequest")).toBe(requests + 1);
  expect(await photosInRecord()).toBe(photos + 1);
  // A consent, a request, a photo and its preview.
  expect(await eventsOf("faure", roomId)).toBe(4);
  expect(await roomsSince(rooms)).toEqual([roomId]);
  await faure.context.close();
});

async function askWithPhoto(page: Page, question: string): Promise<void> {
  await beginRequest(page, kermarrec, question);
  await day.recordOralConsent(page, "Claire Leroy");
  const photo = { name: "oeil.jpg", mimeType: "image/jpeg", buffer: await jpegMadeBy(page) };
  await page.locator("input[type=file]").setInputFiles(photo);
  await page.getByRole("button", { name: "Garder la photo" }).click();
  await page.getByLabel("Ou dans la liste").selectOption({ label: "Œil gauche" });
  await page.getByRole("button", { name: "C’est bien à gauche" }).click();
  await expect(page.getByRole("button", { name: /^Photo 1/ })).toBeVisible();
  await day.send(page, /^Envoyer au Dr/);
}

test("@trouble the server and its registry down when a consent is recorded: nothing opens or leaves before it is heard", async ({
  browser,
}) => {
  const faure = await atWork(browser, "faure");
  const { page } = faure;
  const question = `Corps étranger sous la paupière, ${Date.now()} ?`;
  const rooms = new Set(await homeserver(running()).caseRooms());
  await beginRequest(page, kermarrec, question);
  await without("server", async () => {
    await consentWithoutPhoto(page);
    await day.send(page, /^Envoyer au Dr/);
    await expect(page.getByText(/Pas de réseau depuis/)).toBeVisible({ timeout: 60_000 });
    expect(await roomsSince(rooms)).toEqual([]);
  });
  const roomId = await newRoom(rooms);
  await openCase(page, question);
  expect(await eventsOf("faure", roomId)).toBe(2);
  await faure.context.close();
});

test("@trouble the record down and the server killed while an opinion is signed: it arrives and is filed, once", async ({
  browser,
}) => {
  // The record alone needs up to two minutes to start on a small machine.
  test.slow();
  const faure = await atWork(browser, "faure");
  const question = `Paupière qui tombe depuis un mois, ${Date.now()} ?`;
  const roomId = await openSentCase(faure.page, kermarrec, question);
  await expect(faure.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  const reports = await entriesOf("DiagnosticReport");

  const expert = await atWork(browser, "kermarrec", desktop);
  const { page } = expert;
  await page.getByRole("link").filter({ hasText: question }).click({ timeout: 60_000 });
  await page.getByRole("button", { name: "Prendre ce cas" }).click();
  // That it was taken, and what was seen.
  await expect.poll(() => eventsOf("kermarrec", roomId)).toBe(2);
  await without("hapi", async () => {
    await without("server", async () => {
      await day.giveOpinion(page, opinion);
      await expect(page.getByText("Votre avis est gardé ici et partira avec le réseau.")).toBeVisible();
    });
    await expect(page.getByText("L’avis est rendu, le cas est terminé.")).toBeVisible({ timeout: 60_000 });
    await faure.page.getByText(opinion.assessment).first().waitFor({ timeout: 60_000 });
    await expect(page.getByText(/attend le dossier patient depuis/)).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText(/a tout versé au dossier/)).toHaveCount(0);
  });
  await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 120_000 });
  expect(await entriesOf("DiagnosticReport")).toBe(reports + 1);
  expect(await eventsOf("kermarrec", roomId)).toBe(3);
  await expert.context.close();
  await faure.context.close();
});

const opinion = {
  findings: "Ptosis de 3 mm, pupilles égales.",
  assessment: "Ptosis aponévrotique.",
  plan: "Consultation programmée, pas d’urgence.",
  ifWorse: "Vision double ou mal de tête : urgences.",
  limits: "Motilité non examinée.",
};
