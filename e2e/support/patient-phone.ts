import { expect, type Page } from "@playwright/test";

/** The gestures of a patient on their own phone, by the words on the page in French. */

export const say = (page: Page, question: RegExp, answer: "oui" | "non") =>
  page.getByRole("group", { name: question }).getByRole("radio", { name: answer }).check();

/** Draws a hand of some loops over the line to sign on. */
export async function drawSignature(page: Page, widthPx = 200): Promise<void> {
  const pad = page.getByRole("img", { name: "Signez ici avec le doigt" });
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (box === null) throw new Error("There is nowhere to sign");
  const at = (step: number): [number, number] => [
    box.x + 30 + (step * widthPx) / 40,
    box.y + box.height / 2 + (widthPx / 10) * Math.sin(step / 2),
  ];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let step = 1; step <= 40; step += 1) await page.mouse.move(...at(step));
  await page.mouse.up();
}

/** Opens what the QR code says and waits for the sheet. */
export async function openLink(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: /êtes-vous d’accord/ })).toBeVisible();
}

export const patientsCode = "407193";

/** Yes to the care and no to the rest, as it stands; a signature and a code. */
export async function fillSheet(page: Page): Promise<void> {
  await drawSignature(page);
  await page.getByLabel("Choisissez un code à 6 chiffres").fill(patientsCode);
}

export const sendSheet = (page: Page) => page.getByRole("button", { name: "Signer et envoyer" }).click();

/** Opens the patient's own page with the code. */
export async function unlock(page: Page, code: string): Promise<void> {
  await page.getByLabel("Votre code à 6 chiffres").fill(code);
  await page.getByRole("button", { name: "Ouvrir" }).click();
}
