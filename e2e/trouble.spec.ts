import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { type Clinician, enter, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { homeserver } from "./support/homeserver.ts";
import { running } from "./support/stack.ts";
import {
  beginRequest,
  claiming,
  emptyHeic,
  jpegMadeBy,
  patientsInRecord,
  signWithFinger,
  watchCamera,
} from "./support/trouble.ts";

/**
 * A day on which people mistype, choose the wrong file and forget the consent. Doctor Faure asks; nothing of what goes wrong may send
 * what should not leave, create what should not exist, or lose what was written. `outages.spec.ts` has the part of the machines.
 */

type Device = Clinician & { readonly trespasses: string[] };

async function faureAtWork(browser: Browser): Promise<Device> {
  const faure = await openDevice(browser, "faure");
  await signIn(faure);
  return faure;
}

const openPatientSheet = async (page: Page) => {
  await page.getByRole("button", { name: /^Patient/ }).click();
  return page.getByRole("dialog");
};

const searchFor = async (page: Page, family: string) => {
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Nom de naissance ou d’usage").fill(family);
  await sheet.getByRole("button", { name: "Chercher", exact: true }).click();
};

test("@trouble a wrong password is said plainly, and the right one still opens", async ({ browser }) => {
  const faure = await openDevice(browser, "faure");
  await enter(faure, "colloque-dmeo");
  const said = faure.page.getByText("L’identifiant et le mot de passe ne vont pas ensemble.");
  await expect(said).toBeVisible();
  await expect(faure.page.getByRole("heading", { name: /Gardez cette feuille|nouvel appareil/ })).toHaveCount(
    0,
  );
  await enter({ ...faure, name: "personne" });
  await expect(said).toBeVisible();
  await signIn(faure);
  expect(faure.trespasses).toEqual([]);
  await faure.context.close();
});

test("@trouble two patients of one name must be told apart, and an unknown one is not created", async ({
  browser,
}) => {
  const faure = await faureAtWork(browser);
  const { page } = faure;
  const before = await patientsInRecord();
  expect(before).toBeGreaterThanOrEqual(9);
  await day.startRequest(page);
  const sheet = await openPatientSheet(page);

  await test.step("nobody of this name: words, and no way on", async () => {
    await searchFor(page, "Zzyzx");
    await expect(sheet.getByText("Personne de ce nom dans le dossier.")).toBeVisible();
    await expect(sheet.getByText(/ici, rien n’est créé/)).toBeVisible();
    await expect(sheet.getByRole("button", { name: /^C’est bien/ })).toHaveCount(0);
  });
  await test.step("one letter is too few: said at the field", async () => {
    await searchFor(page, "M");
    await expect(sheet.getByText("Écrivez au moins deux lettres du nom")).toBeVisible();
  });
  await test.step("two of them: neither is chosen beforehand", async () => {
    await searchFor(page, "Moreau");
    await expect(sheet.getByText("2 patients correspondent. Lequel ?")).toBeVisible();
    await expect(sheet.getByRole("button", { name: /^C’est bien/ })).toHaveCount(0);
    const second = sheet.getByRole("button", { name: /MOREAU.*1959/s });
    await expect(sheet.getByRole("button", { name: /MOREAU.*1957/s })).toBeVisible();
    await second.click();
    await expect(sheet.getByText(/1959/).first()).toBeVisible();
    await sheet.getByRole("button", { name: "C’est bien lui" }).click();
    await expect(page.getByRole("button", { name: /^Patient : .*MOREAU|^Patient : .*Moreau/ })).toBeVisible();
  });
  expect(await patientsInRecord()).toBe(before);
  await faure.context.close();
});

test("@trouble names with an apostrophe, accents, Arabic or markup are found and stay what they are", async ({
  browser,
}) => {
  const faure = await faureAtWork(browser);
  const { page } = faure;
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await day.startRequest(page);
  const sheet = await openPatientSheet(page);
  const again = () => sheet.getByRole("button", { name: "Non, chercher encore" }).click();

  await test.step("the apostrophe of a keyboard finds the one of the record, without accents too", async () => {
    await sheet.getByLabel(/^Prénom/).fill("aicha");
    await searchFor(page, "N'Guessan");
    await expect(sheet.getByText("N’GUESSAN").first()).toBeVisible();
    await expect(sheet.getByText(/Aïcha-Élodie/).first()).toBeVisible();
    await again();
    await sheet.getByLabel(/^Prénom/).fill("");
  });
  await test.step("an Arabic name keeps its direction and leaves the line around it alone", async () => {
    await searchFor(page, "بن سعيد");
    const name = sheet.getByText("بن سعيد").first();
    await expect(name).toBeVisible();
    const isolation = await name.evaluate((element) => {
      const around = element.closest("bdi, [dir]") ?? element;
      return `${around.tagName} ${getComputedStyle(around).unicodeBidi}`;
    });
    expect(isolation).toMatch(/isolate|plaintext/);
    await sheet.getByRole("button", { name: "C’est bien elle" }).click();
    await expect(page.getByRole("button", { name: /^Patient/ })).toContainText("بن سعيد");
  });
  await test.step("markup in a name is text", async () => {
    await openPatientSheet(page);
    await searchFor(page, "testbalise");
    await expect(sheet.getByText("<script>alert(1)</script>").first()).toBeVisible();
    await sheet.getByRole("button", { name: "C’est bien lui" }).click();
    await expect(page.getByRole("button", { name: /^Patient/ })).toContainText("<script>alert(1)</script>");
    const inert = await page.evaluate(
      () => [...document.scripts].filter((script) => script.text.includes("alert")).length,
    );
    expect(inert).toBe(0);
  });
  expect(dialogs).toEqual([]);
  expect(faure.trespasses).toEqual([]);
  await faure.context.close();
});

test("@trouble a date of birth typed on a French keyboard is understood, and an impossible one is not guessed", async ({
  browser,
}) => {
  const faure = await faureAtWork(browser);
  const { page } = faure;
  await day.startRequest(page);
  const sheet = await openPatientSheet(page);
  const field = sheet.getByLabel("Date de naissance");
  const type = async (keys: string) => {
    await field.fill("");
    await field.pressSequentially(keys);
  };
  // As slashes, as dots, in words, in one go, and on the top row of an AZERTY keyboard without the shift key.
  for (const keys of ["14/02/1957", "14.02.1957", "14 février 1957", "14021957", "&':àé:&ç(è"]) {
    await type(keys);
    await expect(sheet.getByText("Compris : 14 février 1957"), keys).toBeVisible();
  }
  await type("31/02/1957");
  await expect(sheet.getByText(/^Compris/)).toHaveCount(0);
  await searchFor(page, "Moreau");
  await expect(sheet.getByText("Cette date ne se lit pas.")).toBeVisible();
  await expect(sheet.getByText(/patients? correspond/)).toHaveCount(0);
  await type("&':àé:&ç(è");
  await searchFor(page, "Moreau");
  await sheet.getByRole("button", { name: "C’est bien lui" }).click();
  await expect(page.getByRole("button", { name: /^Patient : .*69 ans|^Patient : .*68 ans/ })).toBeVisible();
  await faure.context.close();
});

test("@trouble files that are no picture are refused in words, and the draft lives", async ({ browser }) => {
  const faure = await faureAtWork(browser);
  const { page } = faure;
  const question = "Plaie qui suinte : quel pansement ?";
  await beginRequest(page, "Dr Nadia Haddad", question);
  await day.recordOralConsent(page, "Claire Leroy");
  const whole = await jpegMadeBy(page);
  const pdf = Buffer.from(
    "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n",
  );
  const files: readonly (readonly [string, Buffer, RegExp])[] = [
    ["vide.jpg", Buffer.alloc(0), /Il est vide \(0 octet\)/],
    ["coupee.jpg", whole.subarray(0, Math.floor(whole.length / 2)), /Il s’arrête avant la fin/],
    ["ordonnance.jpg", pdf, /Ce n’est pas une image, quel que soit son nom/],
    ["immense.jpg", claiming(whole, 10_000, 5_000), /50 mégapixels ou plus/],
  ];
  for (const [name, buffer, words] of files) {
    await page.locator("input[type=file]").setInputFiles({ name, mimeType: "image/jpeg", buffer });
    await expect(page.getByText("Ce fichier ne peut pas partir."), name).toBeVisible();
    await expect(page.getByText(words), name).toBeVisible();
    await expect(page.getByText("Rien n’est perdu")).toBeVisible();
    await expect(page.getByRole("button", { name: "Garder la photo" })).toHaveCount(0);
  }
  await test.step("the draft lives, over a reload too", async () => {
    await page.getByRole("button", { name: "Fermer l’appareil photo" }).click();
    await expect(page.getByLabel("Votre question")).toHaveValue(question);
    await expect(page.getByText("brouillon gardé")).toBeVisible();
    await page.reload();
    await expect(page.getByLabel("Votre question")).toHaveValue(question);
    await expect(page.getByText("Consentie", { exact: true })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Photo 1/ })).toHaveCount(0);
  });
  await test.step("a whole picture of less than 50 megapixels is taken", async () => {
    await page.getByRole("button", { name: "Ajouter une photo" }).click();
    await expect(page.getByRole("button", { name: "Photographier" })).toBeVisible();
    const good = { name: "photo.jpg", mimeType: "image/jpeg", buffer: whole };
    await page.locator("input[type=file]").setInputFiles(good);
    await expect(page.getByRole("button", { name: "Garder la photo" })).toBeEnabled();
  });
  await faure.context.close();
});

test("@trouble an iPhone's HEIC is taken where the browser reads it; else its owner is told what to do", async ({
  browser,
}) => {
  const faure = await faureAtWork(browser);
  const { page } = faure;
  await beginRequest(page, "Dr Nadia Haddad", "Que faire de cette photo ?");
  await day.recordOralConsent(page, "Claire Leroy");
  const told = page.getByText(/C’est une photo HEIC d’iPhone.*«\sLe plus compatible\s»/);
  const taken = page.getByRole("button", { name: "Garder la photo" });
  const choose = (buffer: Buffer) =>
    page.locator("input[type=file]").setInputFiles({ name: "IMG_1.HEIC", mimeType: "image/heic", buffer });

  await test.step("one that nobody can read", async () => {
    await choose(emptyHeic());
    await expect(told).toBeVisible();
    await expect(taken).toHaveCount(0);
  });
  if (existsSync(heic))
    await test.step("a real one", async () => {
      await choose(readFileSync(heic));
      await expect(told.or(taken)).toBeVisible();
    });
  await page.getByRole("button", { name: "Fermer l’appareil photo" }).click();
  await expect(page.getByLabel("Votre question")).toHaveValue("Que faire de cette photo ?");
  await faure.context.close();
});

/** A file of an iPhone's camera, from the sample pictures where they lie beside the checkout. */
const heic = fileURLToPath(new URL("../../shared/samples/photos/IMG_5195.HEIC", import.meta.url));

test("@trouble without consent the camera is never asked for; with it, it opens", async ({ browser }) => {
  const faure = await openDevice(browser, "faure");
  const { page } = faure;
  const calls = await watchCamera(page);
  await signIn(faure);
  const rooms = new Set(await homeserver(running()).caseRooms());
  await beginRequest(page, "Dr Nadia Haddad", "Cette tache a-t-elle changé ?");

  await test.step("no consent: no way in the page, and none by its address", async () => {
    await expect(page.getByRole("button", { name: "Ajouter une photo" })).toHaveCount(0);
    await page.goto("/demande/photo");
    await expect(page.getByText("L’appareil photo reste fermé.")).toBeVisible();
    await expect(page.locator("video, input[type=file]")).toHaveCount(0);
    expect(await calls()).toBe(0);
  });
  await test.step("the opinion alone was accepted: still closed", async () => {
    await page.goto("/demande/accord");
    await page.getByRole("switch", { name: /^L’avis/ }).click();
    await signWithFinger(page);
    await page.getByRole("button", { name: "Enregistrer, sans photo" }).click();
    await expect(page.getByText("Pour ses soins : la question, sans photo")).toBeVisible();
    await expect(page.getByRole("button", { name: "Ajouter une photo" })).toHaveCount(0);
    await page.goto("/demande/photo");
    await expect(page.getByText(/Le patient n’a pas dit oui aux photos/)).toBeVisible();
    await expect(page.locator("video, input[type=file]")).toHaveCount(0);
    expect(await calls()).toBe(0);
  });
  await test.step("both were accepted: the camera opens, asked for once", async () => {
    await page.goto("/demande/accord");
    await page.getByRole("button", { name: /oui aux deux, à l’oral/i }).click();
    await page.getByRole("textbox", { name: "Témoin" }).fill("Claire Leroy");
    await page.getByRole("button", { name: "Enregistrer et photographier" }).click();
    await expect(page.getByRole("button", { name: "Photographier" })).toBeVisible();
    await expect(page.locator("video")).toHaveCount(1);
    expect(await calls()).toBe(1);
  });
  await test.step("a refusal closes it again, and nothing can be sent", async () => {
    await page.goto("/demande/accord");
    await page.getByRole("button", { name: "Refus : le noter" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Noter le refus" }).click();
    await expect(page.getByText(/Refus noté à/)).toBeVisible();
    const send = page.getByRole("button", { name: /^Envoyer au Dr/ });
    await expect(send).toBeDisabled();
    await send.click({ force: true });
    await expect(page.getByText("Le patient a refusé : rien ne peut être envoyé.")).toBeVisible();
    expect(new Set(await homeserver(running()).caseRooms())).toEqual(rooms);
  });
  await faure.context.close();
});

test("@trouble when it is for now, there is a number to call and no form", async ({ browser }) => {
  const faure = await faureAtWork(browser);
  const { page } = faure;
  await beginRequest(page, "Dr Nadia Haddad", "Choc anaphylactique ?");
  await day.chooseDelay(page, /maintenant/i);
  await expect(page.getByRole("heading", { name: "Maintenant, on se parle." })).toBeVisible();
  const number = page.getByRole("link", { name: /Appeler .*03 53 01 41 04/ });
  await expect(number).toHaveAttribute("href", /^tel:(\+33|0)353014104$/);
  await expect(page.getByRole("link", { name: /Appeler le 15/ })).toHaveAttribute("href", "tel:15");
  await expect(page.getByRole("textbox")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Envoyer/ })).toHaveCount(0);

  await test.step("another delay brings the form back, with what was written", async () => {
    await page.getByRole("button", { name: "Changer de délai" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /48 heures/ })
      .click();
    await expect(page.getByLabel("Votre question")).toHaveValue("Choc anaphylactique ?");
    await expect(page.getByRole("button", { name: /^Envoyer/ })).toBeVisible();
  });
  expect(faure.trespasses).toEqual([]);
  await faure.context.close();
});

test("@trouble the record's patients are asked for with care: the words of a search never stand in an address", async ({
  browser,
}) => {
  const faure = await faureAtWork(browser);
  const addresses: string[] = [];
  faure.context.on("request", (request) => addresses.push(decodeURIComponent(request.url())));
  await day.startRequest(faure.page);
  await openPatientSheet(faure.page);
  await searchFor(faure.page, "Roussel");
  await expect(faure.page.getByRole("dialog").getByText("ROUSSEL").first()).toBeVisible();
  await expect(faure.page.getByRole("dialog").getByText("Identité à vérifier")).toBeVisible();
  expect(addresses.length).toBeGreaterThan(0);
  expect(addresses.filter((address) => /roussel/i.test(address))).toEqual([]);
  expect(new URL(faure.page.url()).origin).toBe(new URL(running().publicUrl).origin);
  await faure.context.close();
});
