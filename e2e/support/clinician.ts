import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
import { z } from "zod";
import { running } from "./stack.ts";

/** One person at one device: a browser profile of their own, French, on a telephone unless said otherwise. */
export type Clinician = { readonly page: Page; readonly context: BrowserContext; readonly name: string };

export type Device = { readonly width: number; readonly height: number; readonly touch: boolean };
export const telephone: Device = { width: 390, height: 844, touch: true };
export const desktop: Device = { width: 1440, height: 900, touch: false };

export const demoPassword = "colloque-demo";

/** Opens a fresh profile. Everything that the page asks of another host, and every breach of its own policy, is kept for the end. */
export async function openDevice(
  browser: Browser,
  name: string,
  device: Device = telephone,
): Promise<Clinician & { readonly trespasses: string[] }> {
  const context = await browser.newContext({
    viewport: { width: device.width, height: device.height },
    hasTouch: device.touch,
    permissions: ["camera"],
    baseURL: running().publicUrl,
    serviceWorkers: "allow",
  });
  const trespasses: string[] = [];
  const own = new URL(running().publicUrl).origin;
  context.on("request", (request) => {
    const url = request.url();
    // The browser's own PDF viewer is made of pages of the browser: they go nowhere.
    if (/^(https?|wss?):/.test(url) && !url.startsWith(own)) trespasses.push(`asked ${new URL(url).host}`);
  });
  context.on("console", (message) => {
    if (/Content Security Policy|Trusted Type|TrustedScript/i.test(message.text()))
      trespasses.push(message.text());
  });
  const page = await context.newPage();
  return { page, context, name, trespasses };
}

/** Types name and password on the first page. */
export async function enter({ page, name }: Clinician, password: string = demoPassword): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Identifiant").fill(name);
  await page.getByLabel("Mot de passe", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Entrer" }).click();
}

/**
 * Signs in, whether it is this person's first time on this stack or not. The first time the keys set themselves up and the recovery key is
 * shown once: it is kept for the other tests, as a person keeps the sheet. Says which it was.
 */
export async function signIn(
  person: Clinician,
): Promise<{ readonly first: boolean; readonly recoveryKey: string }> {
  const { page, name } = person;
  await enter(person);
  const sheet = page.getByRole("heading", { name: /Gardez cette feuille/ });
  const newDevice = page.getByRole("heading", { name: "Un nouvel appareil pour vous" });
  await expect(sheet.or(newDevice)).toBeVisible({ timeout: 60_000 });
  const first = await sheet.isVisible();
  const recoveryKey = first ? await readRecoveryKey(page) : recallKey(name);
  if (first) {
    keepKey(name, recoveryKey);
    await page.getByRole("button", { name: "C’est rangé en lieu sûr" }).click();
  } else {
    await page.getByLabel("Clé de récupération").fill(recoveryKey);
    await page.getByRole("button", { name: "Ouvrir mes cas" }).click();
  }
  await expect(page.getByRole("tablist")).toBeVisible({ timeout: 60_000 });
  return { first, recoveryKey };
}

const drawer = () => join(running().dataDir, "recovery-keys-of-the-tests.json");
const keysSchema = z.record(z.string(), z.string());
const keys = () => (existsSync(drawer()) ? keysSchema.parse(JSON.parse(readFileSync(drawer(), "utf8"))) : {});
/** Keeps a recovery key for the other tests on this stack. */
export const keepKey = (name: string, key: string) =>
  writeFileSync(drawer(), JSON.stringify({ ...keys(), [name]: key }));

/** The key that an earlier test kept. */
export function recallKey(name: string): string {
  const key = keys()[name];
  if (key === undefined)
    throw new Error(`${name} signed in before on this stack, and no test kept the recovery key`);
  return key;
}

async function readRecoveryKey(page: Page): Promise<string> {
  await expect(page.getByRole("heading", { name: /Gardez cette feuille/ })).toBeVisible({ timeout: 60_000 });
  const shown = await page.getByLabel("Clé de récupération").textContent();
  return (shown ?? "").replace(/\s+/g, " ").trim();
}
