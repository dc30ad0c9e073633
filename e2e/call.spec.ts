import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { seriousFindings } from "./support/axe.ts";
import { signallingProxy, withholdKeys, withoutCamera } from "./support/call-attacks.ts";
import {
  answer,
  type Caller,
  expectLive,
  expectScene,
  film,
  hangUp,
  ofTheDoctor,
  ofTheNurse,
  openFilming,
  pictures,
  ring,
} from "./support/calls.ts";
import { desktop, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";

/**
 * Calls between a nurse on a telephone and a dermatologist at a desk, over the real homeserver and the real LiveKit, with cameras whose
 * pictures are known. One case, many calls.
 */
const question = `Plaie du mollet qui ne ferme pas, appel ${Date.now()}`;
const source = fileURLToPath(new URL("samples/camera.jpg", import.meta.url));
const martin = /^Appeler le Dr/;
const leroy = /^Appeler Claire Leroy/;

let nurse: Caller;
let doctor: Caller;
let keys: Awaited<ReturnType<typeof withholdKeys>>;
let signalling: Awaited<ReturnType<typeof signallingProxy>>;

/** The nurse rings, the doctor answers, both are there. */
async function meet(): Promise<void> {
  await ring(nurse.page, martin);
  await answer(doctor.page);
  await Promise.all([expectLive(nurse.page), expectLive(doctor.page)]);
}

async function part(): Promise<void> {
  await hangUp(nurse.page);
  await doctor.page.getByRole("button", { name: "Fermer" }).click();
  await expect(nurse.page.getByRole("region", { name: "Actions" })).toBeVisible();
}

test.beforeAll(async () => {
  test.setTimeout(240_000);
  [nurse, doctor] = await Promise.all([
    openFilming("leroy", ofTheNurse),
    openFilming("martin", ofTheDoctor, desktop),
  ]);
  keys = await withholdKeys(doctor.page);
  signalling = await signallingProxy(doctor.context);
  await Promise.all([signIn(nurse), signIn(doctor)]);
  const { page } = nurse;
  await day.startRequest(page);
  await day.choosePatient(page, "DELATTRE", "14/03/1959", "elle");
  await day.chooseColleague(page, "Dr Hélène Martin");
  await day.chooseDelay(page, /48 heures/);
  await day.ask(page, question);
  await day.recordOralConsent(page, "Paul Faure");
  await day.chooseFile(page, source, "Omoplate gauche", /C’est bien à gauche/);
  await day.send(page, /^Envoyer au Dr/);
  await doctor.page.getByRole("link").filter({ hasText: question }).click({ timeout: 60_000 });
  await expect(
    page.getByRole("region", { name: "Actions" }).getByRole("button", { name: martin }),
  ).toBeVisible({
    timeout: 60_000,
  });
});

test.afterAll(async () => {
  await Promise.all([nurse?.close(), doctor?.close()]);
});

test("@call it rings, is answered by voice, and each sees what the other films", async () => {
  await ring(nurse.page, martin);
  const incoming = doctor.page.getByRole("dialog", {
    name: /Claire Leroy vous appelle pour J\. D\., 67 ans/,
  });
  await expect(incoming).toBeVisible({ timeout: 20_000 });
  await expect(nurse.page.getByText("Ça sonne chez le Dr Hélène Martin.")).toBeVisible();
  for (const { page } of [nurse, doctor]) expect(await seriousFindings(page)).toEqual([]);
  await answer(doctor.page);
  await Promise.all([expectLive(nurse.page), expectLive(doctor.page)]);
  // Nobody films unasked.
  expect((await pictures(doctor.page)).packets).toBe(0);

  await film(nurse.page);
  await expectScene(doctor.page, ofTheNurse);
  await film(doctor.page);
  await expectScene(nurse.page, ofTheDoctor);
  await expect(doctor.page.getByText("Rien n’est gardé de cet appel.")).toBeVisible();
  for (const { page } of [nurse, doctor])
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
    }
  await test.step("the case is read beside the call, which goes on in a corner", async () => {
    await nurse.page.getByRole("button", { name: "Le dossier" }).click();
    await expect(nurse.page.getByRole("heading", { name: question })).toBeVisible();
    await expectScene(nurse.page, ofTheDoctor);
    await nurse.page.getByRole("button", { name: "Revenir à l’appel" }).click();
  });

  await hangUp(nurse.page);
  await expect(doctor.page.getByRole("heading", { name: "L’appel est terminé." })).toBeVisible();
  await doctor.page.getByRole("button", { name: "Fermer" }).click();
  await expect(nurse.page.getByRole("button", { name: martin })).toBeVisible();
});

test("@call who is rung may refuse, and who rings gives up: both stand in the case", async () => {
  await ring(nurse.page, martin);
  await doctor.page.getByRole("button", { name: "Refuser" }).click();
  await expect(
    nurse.page.getByRole("heading", { name: "Le Dr Hélène Martin a refusé l’appel." }),
  ).toBeVisible();
  await nurse.page.getByRole("button", { name: "Fermer" }).click();
  await expect(nurse.page.getByText("Appel au Dr Martin, refusé.")).toBeVisible();
  await expect(doctor.page.getByText("Vous avez refusé l’appel.")).toBeVisible();

  await ring(doctor.page, leroy);
  await expect(nurse.page.getByRole("button", { name: "Répondre, voix seule" })).toBeVisible();
  await hangUp(doctor.page);
  await expect(nurse.page.getByText("Appel manqué du Dr Hélène Martin.")).toBeVisible();
  await nurse.page.getByRole("button", { name: "Masquer" }).click();
  await expect(nurse.page.getByText("Appel manqué.", { exact: true })).toBeVisible({ timeout: 90_000 });
});

test("@call a valid pass without the key of Matrix shows nothing, and the picture is there when the key is", async () => {
  await meet();
  keys.begin();
  // A third person would do: the key is rolled whenever the audience changes. Here the nurse comes anew, with a new one.
  await part();
  const before = await pictures(doctor.page);
  await ring(nurse.page, martin);
  await answer(doctor.page);
  await expectLive(doctor.page);
  await film(nurse.page);
  await expect(doctor.page.getByText("En attente de la clé de l’image")).toBeVisible({ timeout: 20_000 });
  await expect.poll(async () => (await pictures(doctor.page)).packets).toBeGreaterThan(before.packets + 50);
  expect((await pictures(doctor.page)).decoded).toBe(0);

  keys.end();
  await expectScene(doctor.page, ofTheNurse);
  expect((await pictures(doctor.page)).decoded).toBeGreaterThan(0);
  await part();
});

test("@call a refused camera and a missing one are said in words, and the call goes on by voice", async () => {
  await meet();
  await withoutCamera(nurse.page, "NotAllowedError");
  await film(nurse.page);
  await expect(nurse.page.getByText(/L’appareil photo est interdit/)).toBeVisible();
  await expectLive(doctor.page);
  await withoutCamera(doctor.page, "NotFoundError");
  await film(doctor.page);
  await expect(doctor.page.getByText(/Aucun appareil photo ici/)).toBeVisible();
  await part();
  await Promise.all([nurse.page.reload(), doctor.page.reload()]);
});

test("@call a media server that says a picture is unencrypted is caught: alarm, and nothing shown", async () => {
  await meet();
  await film(nurse.page);
  // Through the same proxy, before it lies.
  await expectScene(doctor.page, ofTheNurse);
  signalling.lie();
  await nurse.page.getByRole("button", { name: "Ne plus filmer" }).click();
  await film(nurse.page);
  await expect(doctor.page.getByRole("alert").filter({ hasText: "n’est pas chiffrée" })).toBeVisible({
    timeout: 20_000,
  });
  await expect(doctor.page.locator("[data-tile^='camera @'] video")).toHaveCount(0);
  const { decoded } = await pictures(doctor.page);
  await doctor.page.waitForTimeout(2000);
  expect((await pictures(doctor.page)).decoded).toBeLessThanOrEqual(decoded);
  signalling.tellTheTruth();
  await part();
});

test("@call answered on one device, it no longer rings on the other", async () => {
  const second = await openFilming("martin", ofTheDoctor);
  await signIn(second);
  await ring(nurse.page, martin);
  for (const { page } of [doctor, second])
    await expect(page.getByRole("button", { name: "Répondre, voix seule" })).toBeVisible({ timeout: 30_000 });
  await answer(second.page);
  await expect(
    doctor.page.getByText("Vous avez répondu à Claire Leroy sur un autre appareil."),
  ).toBeVisible();
  await expectLive(second.page);
  await doctor.page.getByRole("button", { name: "Masquer" }).click();
  await hangUp(nurse.page);
  await second.close();
});

test("@call @consent when the consent is taken back the picture is gone within a second, and nobody comes back", async () => {
  await meet();
  await film(nurse.page);
  await expectScene(doctor.page, ofTheNurse);
  const { page } = nurse;
  await page.getByRole("button", { name: "Le dossier" }).click();
  await page.getByRole("button", { name: "Retirer l’accord", exact: true }).click();
  const registered = page.waitForResponse(/\/withdraw$/);
  await page.getByRole("dialog").getByRole("button", { name: "Retirer l’accord et les photos" }).click();
  await registered;
  const saidAt = Date.now();
  await expect(doctor.page.locator("[data-tile^='camera @'] video")).toHaveCount(0, { timeout: 5000 });
  expect(Date.now() - saidAt).toBeLessThan(1500);
  await expect(doctor.page.getByText("Vous ne pouvez pas être dans cet appel.")).toBeVisible();
});
