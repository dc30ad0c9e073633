import { expect, type Page } from "@playwright/test";

/** The gestures of a clinician's day, by the words on the screen. */

export async function startRequest(page: Page): Promise<void> {
  await page
    .getByRole("link", { name: "Demander un avis" })
    .or(page.getByRole("button", { name: "Demander un avis" }))
    .first()
    .click();
  await expect(page.getByRole("heading", { name: "Demande d’avis" })).toBeVisible();
}

export async function choosePatient(
  page: Page,
  family: string,
  birthDate: string | null,
  pronoun: "elle" | "lui",
): Promise<void> {
  await page.getByRole("button", { name: /^Patient/ }).click();
  await findPatient(page, family, birthDate, pronoun);
}

/** In the sheet that looks a patient up. */
export async function findPatient(
  page: Page,
  family: string,
  birthDate: string | null,
  pronoun: "elle" | "lui",
): Promise<void> {
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Nom de naissance ou d’usage").fill(family);
  if (birthDate !== null) await sheet.getByLabel("Date de naissance").fill(birthDate);
  await sheet.getByRole("button", { name: "Chercher", exact: true }).click();
  await sheet.getByRole("button", { name: `C’est bien ${pronoun}` }).click();
}

export async function chooseColleague(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: /^Destinataire/ }).click();
  await page.getByRole("dialog").getByRole("button", { name }).click();
}

export async function chooseDelay(page: Page, delay: RegExp): Promise<void> {
  await page.getByRole("button", { name: /^Délai/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: delay }).click();
}

export async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Votre question").fill(question);
  await page.getByLabel("Histoire et antécédents").fill("Aucun antécédent connu.");
}

/** The usual oral case: two taps and the witness's name. */
export async function recordOralConsent(page: Page, witness: string): Promise<void> {
  await page.getByRole("button", { name: "Recueillir son accord" }).click();
  await page.getByRole("button", { name: /oui aux deux, à l’oral/i }).click();
  await page.getByRole("textbox", { name: "Témoin" }).fill(witness);
  await page.getByRole("button", { name: "Enregistrer et photographier" }).click();
}

/** A photo from a file, kept, placed on the body. */
export async function chooseFile(page: Page, path: string, place: string, confirm: RegExp): Promise<void> {
  await page.locator("input[type=file]").setInputFiles(path);
  await keepAndPlace(page, place, confirm);
}

/** Keeps the picture on screen and says where on the body it is. */
export async function keepAndPlace(page: Page, place: string, confirm: RegExp): Promise<void> {
  await page.getByRole("button", { name: "Garder la photo" }).click({ timeout: 30_000 });
  await placeOnBody(page, place, confirm);
}

/** Says where on the body it is. */
export async function placeOnBody(page: Page, place: string, confirm: RegExp): Promise<void> {
  await expect(page.getByRole("heading", { name: "Où est la lésion ?" })).toBeVisible();
  if (/^(Omoplate|Dos|Lombes|Fesse)/.test(place)) await page.getByRole("radio", { name: "De dos" }).click();
  await page.getByRole("button", { name: place, exact: true }).click();
  await page.getByRole("button", { name: confirm }).click();
}

export async function send(page: Page, to: RegExp): Promise<void> {
  await page.getByRole("button", { name: to }).click();
}

/** Writes and signs an opinion on the open case. */
export async function giveOpinion(
  page: Page,
  text: Readonly<Record<"findings" | "assessment" | "plan" | "ifWorse" | "limits", string>>,
): Promise<void> {
  await page
    .getByRole("link", { name: "Rendre l’avis" })
    .or(page.getByRole("button", { name: "Rendre l’avis" }))
    .first()
    .click();
  await page.getByLabel("Ce que je vois").fill(text.findings);
  await page.getByLabel("Ce que je pense").fill(text.assessment);
  await page.getByRole("radio", { name: "très probable" }).click();
  await page.getByLabel("Que faire maintenant").fill(text.plan);
  await page.getByLabel("Si ça s’aggrave").fill(text.ifWorse);
  await page
    .getByRole("radiogroup", { name: /en personne/ })
    .getByRole("radio", { name: "oui" })
    .click();
  await page.getByLabel("Quand, où").fill("vendredi 27 novembre à 10 h 20, consultation");
  await page.getByLabel("Limites de cet avis").fill(text.limits);
  await page.getByRole("button", { name: "Signer et rendre l’avis" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Signer et rendre l’avis" }).click();
}
