import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
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
    if (!url.startsWith(own) && !url.startsWith("blob:") && !url.startsWith("data:"))
      trespasses.push(`asked ${new URL(url).host}`);
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

/** First sign-in ever: the keys set themselves up, the recovery key is shown once and comes back for a second device. */
export async function signInFirst(person: Clinician): Promise<string> {
  await enter(person);
  const key = await readRecoveryKey(person.page);
  await person.page.getByRole("button", { name: "C’est rangé en lieu sûr" }).click();
  await expect(person.page.getByRole("tablist")).toBeVisible();
  return key;
}

async function readRecoveryKey(page: Page): Promise<string> {
  await expect(page.getByRole("heading", { name: /Gardez cette feuille/ })).toBeVisible({ timeout: 60_000 });
  const shown = await page.getByLabel("Clé de récupération").textContent();
  return (shown ?? "").replace(/\s+/g, " ").trim();
}

/** A second device of somebody known: the sheet's key opens the old cases. */
export async function signInAgain(person: Clinician, recoveryKey: string): Promise<void> {
  await enter(person);
  await person.page.getByLabel("Clé de récupération").fill(recoveryKey);
  await person.page.getByRole("button", { name: "Ouvrir mes cas" }).click();
  await expect(person.page.getByRole("tablist")).toBeVisible({ timeout: 60_000 });
}
