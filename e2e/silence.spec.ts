import { expect, test } from "@playwright/test";
import { openDevice, signIn } from "./support/clinician.ts";
import { openCase, picture, reader, sendCase } from "./support/eye-case.ts";

/** A reader without the registry: what is on the device opens for its hours, then in an emergency alone, which is told afterwards. */

const hourMs = 3_600_000;

test("@consent without the registry a picture opens for its hours, then by an emergency in the journal that everybody hears of", async ({
  browser,
}) => {
  test.setTimeout(400_000);
  const question = "Excavation papillaire à gauche : glaucome débutant ?";
  const reason = "Douleur brutale, patient seul, hôpital injoignable.";
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);
  await sendCase(nurse.page, "Dr Yann Kermarrec", question);
  const doctor = await reader(browser, "kermarrec", question);
  const { page } = doctor;
  const shown = picture(page).first();
  await expect(shown).toBeVisible({ timeout: 60_000 });
  const begun = Date.now();
  /** The case is left and opened anew, so that its pictures are asked for again. */
  const again = async (laterMs: number) => {
    await page.clock.setSystemTime(begun + laterMs);
    await page.goBack();
    await openCase(page, question);
  };

  await test.step("cut off, the picture opens again two hours later, from this device", async () => {
    await doctor.context.setOffline(true);
    const before = doctor.downloads.length;
    await again(2 * hourMs);
    await expect(shown).toBeVisible();
    expect(doctor.downloads).toHaveLength(before);
  });

  await test.step("after five hours it does not, and says why", async () => {
    await again(5 * hourMs);
    await expect(page.getByText(/Le registre des accords ne répond pas/).first()).toBeVisible();
    await expect(shown).toHaveCount(0);
  });

  await test.step("in an emergency it opens for a quarter of an hour, signed into the journal", async () => {
    await page.getByRole("button", { name: "Accès d’urgence" }).first().click();
    const sheet = page.getByRole("dialog");
    await expect(sheet.getByText(/Le registre ne répond pas/)).toBeVisible();
    await sheet.getByLabel("Pourquoi c’est une urgence").fill(reason);
    await sheet.getByRole("button", { name: "Ouvrir pour 15 min" }).click();
    await expect(sheet.getByText(/signé dans son journal/)).toBeVisible();
    await sheet.getByRole("button", { name: "Revenir au cas" }).click();
    await expect(shown).toBeVisible();
    await again(5 * hourMs + 20 * 60_000);
    await expect(page.getByText(/Le registre des accords ne répond pas/).first()).toBeVisible();
  });

  await test.step("back again, the registry and the case are told, and the picture opens as before", async () => {
    const told = page.waitForResponse((answer) => /\/colloque\/v1\/glasses$/.test(answer.url()));
    await page.clock.setSystemTime(Date.now());
    await doctor.context.setOffline(false);
    expect((await told).status()).toBe(200);
    await expect(nurse.page.getByText(`« ${reason} »`).first()).toBeVisible({ timeout: 60_000 });
    await expect(nurse.page.getByText("Le patient n’en est pas encore informé.")).toBeVisible();
    await again(Date.now() - begun);
    await expect(shown).toBeVisible({ timeout: 60_000 });
  });
  await doctor.context.close();
  await nurse.context.close();
});
