import { randomUUID } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { desktop, enter, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";
import { consentWithoutPhoto, openCase } from "./support/trouble.ts";

/**
 * The administrator's desk on the real parts: a patient is merged in the record while a request about them is written; what stops is on the
 * desk, nothing is created, and it is filed once the record was mended. What is closed by hand is told to the case.
 */
const stack = running();
/** What the other one was merged into. */
const keptId = `desk-${randomUUID()}`;
const patientId = `desk-${randomUUID()}`;
/** Of a name of its own: the other tests look for theirs in the same record. */
const family = "VERSANT";

async function putPatient(merged: boolean): Promise<void> {
  if (merged) await put(keptId, {});
  await put(
    patientId,
    merged ? { link: [{ type: "replaced-by", other: { reference: `Patient/${keptId}` } }] } : {},
  );
}

async function put(id: string, more: object): Promise<void> {
  const answer = await fetch(`${stack.fhirUrl}/Patient/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/fhir+json" },
    body: JSON.stringify({
      resourceType: "Patient",
      id,
      active: !("link" in more) && id === patientId,
      gender: "male",
      birthDate: "1951-06-20",
      name: [{ use: "official", family, given: ["Luc"] }],
      ...more,
    }),
  });
  expect(answer.ok).toBe(true);
}

const seriousFaults = async (page: Page): Promise<string[]> =>
  (await new AxeBuilder({ page }).analyze()).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id} at ${nodes.map((node) => node.target.join(" ")).join(", ")}`);

test("a patient merged meanwhile stops on the administrator's desk, and is filed once the record was mended @filing @desk", async ({
  browser,
}) => {
  test.slow();
  await putPatient(false);
  const faure = await openDevice(browser, "faure");
  await signIn(faure);
  const { page } = faure;
  const question = `Douleur thoracique ancienne, ${Date.now()} : quel bilan ?`;
  await day.startRequest(page);
  await day.choosePatient(page, family, "20/06/1951", "lui");
  await day.chooseColleague(page, "Dr Yann Kermarrec");
  await day.chooseDelay(page, /48 heures/);
  await day.ask(page, question);
  await consentWithoutPhoto(page);
  await putPatient(true);
  const patients = (await record(stack).search("Patient", {})).length;
  await day.send(page, /^Envoyer au Dr/);
  await openCase(page, question);
  await expect(page.getByText(/une personne de l’hôpital doit intervenir/)).toBeVisible({ timeout: 60_000 });
  const said = await page.getByText(/Référence de ce cas/).textContent();
  const ref = /[0-9A-F]{4}-[0-9A-F]{4}/.exec(said ?? "")?.[0] ?? "no reference";

  const admin = await openDevice(browser, "admin", desktop);
  await enter(admin);
  const desk = admin.page;
  await expect(desk.getByRole("heading", { name: "Versements en attente" })).toBeVisible({ timeout: 60_000 });
  const pieces = desk.getByRole("article").filter({ hasText: ref });

  await test.step("it says what stopped, why and of which case, and nothing of the patient", async () => {
    await expect(pieces).toHaveCount(1);
    await expect(pieces.getByRole("heading", { name: "Demande d’avis" })).toBeVisible();
    await expect(pieces).toContainText("a été fusionné avec un autre");
    await expect(pieces).toContainText("Dr Paul Faure");
    await expect(pieces).toContainText("Une autre pièce du même cas attend");
    const text = await desk.locator("body").textContent();
    for (const word of [family, "Luc", "1951", "thoracique"]) expect(text).not.toContain(word);
    expect(await seriousFaults(desk)).toEqual([]);
  });
  await test.step("tried again while nothing was mended, it is back; nobody was created", async () => {
    await pieces.getByRole("button", { name: "Réessayer maintenant" }).click();
    await expect(desk.getByText("Remise en chemin", { exact: false })).toBeVisible();
    await expect(pieces).toHaveCount(1, { timeout: 30_000 });
    expect((await record(stack).search("Patient", {})).length).toBe(patients);
  });
  await test.step("mended and tried again, by the keyboard, the whole case is filed", async () => {
    await putPatient(false);
    await pieces.getByRole("button", { name: "Réessayer maintenant" }).press("Enter");
    await expect(pieces).toHaveCount(0, { timeout: 30_000 });
    await expect(page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 60_000 });
    expect(await record(stack).search("ServiceRequest", { subject: `Patient/${patientId}` })).toHaveLength(1);
  });
  await test.step("what is closed by hand is told to the case with its reason, and the case goes on", async () => {
    await putPatient(true);
    const composer = page.getByRole("textbox", { name: /Votre message|Écrire/ });
    await composer.fill("Il revient jeudi.");
    await page.getByRole("button", { name: "Envoyer" }).click();
    await desk.getByRole("button", { name: "Relire la liste" }).click();
    await expect
      .poll(
        async () => {
          if ((await pieces.count()) === 0)
            await desk.getByRole("button", { name: "Relire la liste" }).click();
          return pieces.count();
        },
        { timeout: 60_000, intervals: [2000] },
      )
      .toBe(1);
    await pieces.getByRole("button", { name: "Clore à la main" }).press("Enter");
    const sheet = desk.getByRole("dialog");
    await sheet.getByRole("radio", { name: "Ne sera pas versée" }).press("Space");
    await sheet.getByRole("textbox", { name: "Raison" }).fill("Sans objet pour le dossier.");
    expect(await seriousFaults(desk)).toEqual([]);
    await sheet.getByRole("button", { name: "Clore sans verser" }).press("Enter");
    await expect(sheet).toHaveCount(0);
    await expect(pieces).toHaveCount(0);
    await expect(
      page.getByText(/Message\s: ne sera pas versée, admin.*«\sSans objet pour le dossier\.\s»/),
    ).toBeVisible({
      timeout: 30_000,
    });
    await putPatient(false);
    await composer.fill("Tension normale.");
    await page.getByRole("button", { name: "Envoyer" }).click();
    const messages = () => record(stack).search("Communication", { subject: `Patient/${patientId}` });
    await expect.poll(async () => (await messages()).length, { timeout: 60_000 }).toBe(1);
    expect(JSON.stringify(await messages())).toContain("Tension normale");
  });
  await test.step("a clinician has no desk: neither a way to it nor its list", async () => {
    await page.goto("/versements");
    await expect(page.getByText("réservée aux administrateurs")).toBeVisible();
    await page.goto("/compte");
    await expect(page.getByRole("button", { name: "Versements en attente" })).toHaveCount(0);
  });
  await test.step("who only administers has no cases and no key, and leaves like everybody", async () => {
    await desk.getByRole("link", { name: "Votre compte" }).click();
    await expect(desk.getByText("Administration de Colloque", { exact: false })).toBeVisible();
    await expect(desk.getByRole("heading", { name: "Clé de récupération" })).toHaveCount(0);
    await desk.reload();
    await expect(desk.getByText("Administration de Colloque", { exact: false })).toBeVisible();
    await desk.getByRole("button", { name: "Se déconnecter" }).click();
    await desk
      .getByRole("dialog")
      .getByRole("button", { name: /Se déconnecter/ })
      .click();
    await expect(desk.getByLabel("Identifiant")).toBeVisible();
  });
  expect([...faure.trespasses, ...admin.trespasses]).toEqual([]);
  await faure.context.close();
  await admin.context.close();
});
