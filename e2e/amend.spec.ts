import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";
import { openSentCase } from "./support/trouble.ts";

/** An expert who has signed sees a mistake: a later version takes the place of the opinion, in the case and in the record. */
const opinion = {
  findings: "Chalazion de la paupière gauche.",
  assessment: "Chalazion enkysté",
  plan: "Compresses chaudes, revoir dans trois semaines.",
  ifWorse: "Rougeur qui s’étend : urgences ophtalmologiques.",
  limits: "Sans photo.",
};

test("an opinion with a mistake is corrected by its author; everybody reads the version that stands, and can read the other @filing @amend", async ({
  browser,
}) => {
  test.slow();
  const faure = await openDevice(browser, "faure");
  await signIn(faure);
  const question = `Paupière gonflée, ${Date.now()} : inciser ?`;
  await openSentCase(faure.page, "Dr Yann Kermarrec", question);

  const expert = await openDevice(browser, "kermarrec", desktop);
  await signIn(expert);
  const { page } = expert;
  await page.getByRole("link").filter({ hasText: question }).click({ timeout: 60_000 });
  await page.getByRole("button", { name: "Prendre ce cas" }).click();
  await test.step("until the answer, who asked corrects the question, and nobody else can; both versions are read", async () => {
    await expect(page.getByRole("button", { name: "Compléter ou rectifier la question" })).toHaveCount(0);
    const { page: asker } = faure;
    await asker.getByRole("button", { name: "Compléter ou rectifier la question" }).click();
    const sheet = asker.getByRole("dialog");
    await expect(sheet.getByText("Rien n’a changé dans la question.")).toBeVisible();
    await sheet.getByLabel("Votre question").fill(`${question} Et drainer ?`);
    await expect(sheet.getByText("Dites si vous complétez ou rectifiez.")).toBeVisible();
    await sheet.getByRole("radio", { name: "Je complète" }).click();
    await sheet.getByRole("textbox", { name: "Raison" }).fill("Le drainage était oublié.");
    expect((await new AxeBuilder({ page: asker }).analyze()).violations).toEqual([]);
    await asker.screenshot({ path: test.info().outputPath("amend-question-phone.png") });
    await sheet.getByRole("button", { name: "Signer la nouvelle version" }).click();
    for (const each of [asker, page]) {
      await expect(each.getByRole("heading", { name: `${question} Et drainer ?` })).toBeVisible({
        timeout: 60_000,
      });
      await expect(each.getByText(/Question complétée.*Le drainage était oublié/)).toBeVisible();
    }
    await page.getByText("La version précédente, remplacée").click();
    await expect(page.getByText(question, { exact: true })).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("amended-question-desktop.png") });
    await expect(asker.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
    const [asked, ...more] = (await record(running()).search("ServiceRequest", {})).filter((each) =>
      JSON.stringify(each).includes(question),
    );
    expect(more).toEqual([]);
    expect(asked?.reasonCode).toEqual([{ text: `${question} Et drainer ?` }]);
    expect(JSON.stringify(asked?.note)).toContain("Question remplacée (Le drainage était oublié.)");
  });
  await day.giveOpinion(page, opinion);
  await expect(page.getByText("L’avis est rendu, le cas est terminé.")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });

  await test.step("who asked has no way to change it; its author corrects it, with a reason", async () => {
    await expect(faure.page.getByText(opinion.assessment).first()).toBeVisible({ timeout: 60_000 });
    await expect(faure.page.getByRole("button", { name: "Compléter ou rectifier l’avis" })).toHaveCount(0);
    await page.getByRole("button", { name: "Compléter ou rectifier l’avis" }).click();
    await expect(page.getByLabel("Ce que je vois")).toHaveValue(opinion.findings);
    await expect(page.getByText("Rien n’a changé depuis votre avis.")).toBeVisible();
    await page.getByLabel("Ce que je vois").fill("Chalazion de la paupière droite.");
    await page.getByRole("radio", { name: "Je rectifie une erreur" }).click();
    await page.getByRole("textbox", { name: "Raison" }).fill("Le côté était faux : à droite.");
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
    await page.getByRole("button", { name: "Signer la nouvelle version" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Signer la nouvelle version" }).click();
    await expect(page.getByText(/Avis rectifié/).first()).toBeVisible({ timeout: 60_000 });
  });
  await test.step("who asked reads the version that stands, why, and the other on request", async () => {
    const letter = faure.page.getByRole("article", { name: "L’avis" });
    await expect(letter.getByText("Chalazion de la paupière droite.")).toBeVisible({ timeout: 60_000 });
    await expect(letter.getByText(/Le côté était faux/)).toBeVisible();
    await expect(letter.getByText(opinion.findings)).toBeHidden();
    await letter.getByText("La version précédente, remplacée").click();
    await expect(letter.getByText(opinion.findings)).toBeVisible();
  });
  await test.step("in the record its letter has taken the place of the other", async () => {
    await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
    await page.getByRole("link", { name: "Voir la lettre dans le dossier" }).click();
    await expect(page.getByRole("button", { name: /^Avis rectifié \d/ })).toBeVisible({ timeout: 30_000 });
    const dossier = record(running());
    const [patient] = await dossier.search("Patient", { family: "LE GOFF" });
    const letters = async (status: string) =>
      (await dossier.search("DocumentReference", { patient: `Patient/${patient?.id}`, status })).filter(
        (each) => JSON.stringify(each.type).includes("85208-7"),
      );
    const [replaced] = await letters("superseded");
    const standing = (await letters("current")).filter((each) =>
      each.relatesTo?.some(({ target }) => target.reference === `DocumentReference/${replaced?.id}`),
    );
    expect(standing).toHaveLength(1);
  });
  await test.step("it is there after a reload, too", async () => {
    await faure.page.goto("/");
    await faure.page.getByRole("tab", { name: "Terminés" }).click();
    await faure.page.getByRole("tabpanel").getByRole("link").filter({ hasText: question }).click();
    await expect(faure.page.getByText("Chalazion de la paupière droite.")).toBeVisible({ timeout: 60_000 });
  });
  expect([...faure.trespasses, ...expert.trespasses]).toEqual([]);
  await faure.context.close();
  await expert.context.close();
});
