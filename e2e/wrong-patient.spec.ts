import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { openCase, sendCase } from "./support/eye-case.ts";
import { textOfPdf } from "./support/pdf.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";

/** Two men of one name: the case was asked for under the one who was not there. */
const wrong = { family: "MOREAU", birthDate: "14/02/1957" };
const right = { family: "MOREAU", birthDate: "14/02/1959" };
const dossier = () => record(running());

/** What the record has of a case under one of them: the statuses of its request, photo documents, consents and reports. */
async function under(birthDate: string, question: string): Promise<string[]> {
  const iso = birthDate.split("/").reverse().join("-");
  const [patient] = await dossier().search("Patient", { family: "MOREAU", birthdate: iso });
  const subject = `Patient/${patient?.id}`;
  const requests = (await dossier().search("ServiceRequest", { subject })).filter((each) =>
    JSON.stringify(each).includes(question),
  );
  const based = { "based-on": `ServiceRequest/${requests[0]?.id}` };
  if (requests.length === 0) return [];
  const related = await dossier().search("DocumentReference", {
    related: `ServiceRequest/${requests[0]?.id}`,
  });
  return [
    ...requests.map(({ status }) => `ServiceRequest ${status}`),
    ...(await dossier().search("Task", based)).map(({ status }) => `Task ${status}`),
    ...related.map(({ status }) => `DocumentReference ${status}`),
  ].sort();
}

const look = (page: Page, name: string) => page.screenshot({ path: test.info().outputPath(`${name}.png`) });
const violations = async (page: Page) => (await new AxeBuilder({ page }).analyze()).violations;

test("a case of the wrong patient is given to the right one in one guided action: in error there, filed anew here, everybody told @filing @wrong-patient", async ({
  browser,
}) => {
  test.slow();
  const question = `Fond d’œil à relire, ${Date.now()} : surveiller ?`;
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);
  await sendCase(nurse.page, "Dr Yann Kermarrec", question, wrong);
  const doctor = await openDevice(browser, "kermarrec", desktop);
  await signIn(doctor);
  await openCase(doctor.page, question);
  await doctor.page.getByRole("button", { name: "Prendre ce cas" }).click();
  await expect(nurse.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  await expect.poll(() => under(wrong.birthDate, question), { timeout: 60_000 }).toContain("Task accepted");
  const before = await under(wrong.birthDate, question);
  expect(before.length).toBeGreaterThan(3);
  expect(before.join()).not.toContain("entered-in-error");

  await test.step("the nurse says what happened and finds the right one by two traits; nothing can be signed before", async () => {
    const { page } = nurse;
    await page.getByRole("button", { name: "Ce n’est pas le bon patient" }).click();
    await expect(page.getByText("Écrivez ce qui s’est passé, en dix lettres au moins.")).toBeVisible();
    await page.getByLabel("Ce qui s’est passé").fill("Homonyme choisi dans la liste.");
    await expect(page.getByText("Dites de qui est ce cas.")).toBeVisible();
    await expect(page.getByText(/L’avaient vu sous ce nom.*Kermarrec/)).toBeVisible();
    await page.getByRole("button", { name: "Chercher le bon patient" }).click();
    await day.findPatient(page, wrong.family, wrong.birthDate, "lui");
    await expect(page.getByText("C’est le patient que ce cas a déjà.")).toBeVisible();
    await page.getByRole("button", { name: "Chercher quelqu’un d’autre" }).click();
    await day.findPatient(page, right.family, right.birthDate, "lui");
    await expect(page.getByText(/Vous attestez que l’accord et les photos/)).toContainText(right.birthDate);
    expect(await violations(page)).toEqual([]);
    await look(page, "wrong-patient-phone");
    await page.getByRole("button", { name: /^Corriger : c’est/ }).click();
  });

  await test.step("everybody in the case is told, by name, and sees the right patient", async () => {
    for (const { page } of [nurse, doctor]) {
      await expect(page.getByText("L’identité a été corrigée.")).toBeVisible({ timeout: 60_000 });
      await expect(page.getByRole("banner").or(page.locator("header")).first()).toContainText("1959");
      await expect(page.getByText(/L’avaient vu sous le mauvais nom.*Kermarrec/)).toBeVisible();
    }
    await look(doctor.page, "corrected-desktop");
    await look(nurse.page, "corrected-phone");
    expect(await violations(doctor.page)).toEqual([]);
  });

  await test.step("the record has it all under the right one, and in error under the other", async () => {
    await expect(nurse.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
    await expect.poll(() => under(right.birthDate, question), { timeout: 60_000 }).toEqual(before);
    const there = await under(wrong.birthDate, question);
    expect(there).toHaveLength(before.length);
    expect(there.every((each) => each.endsWith(" entered-in-error"))).toBe(true);
  });

  await test.step("the case goes on: the opinion is the right patient's", async () => {
    await day.giveOpinion(doctor.page, {
      findings: "Papille bien limitée.",
      assessment: "Fond d’œil normal.",
      plan: "Contrôle dans deux ans.",
      ifWorse: "Baisse de vision : appeler.",
      limits: "Une photo.",
    });
    await expect(doctor.page.getByText("L’avis est rendu, le cas est terminé.")).toBeVisible({
      timeout: 60_000,
    });
    await expect(doctor.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
    const iso = right.birthDate.split("/").reverse().join("-");
    const [patient] = await dossier().search("Patient", { family: "MOREAU", birthdate: iso });
    const reports = await dossier().search("DiagnosticReport", { subject: `Patient/${patient?.id}` });
    const report = reports.find(({ conclusion }) => conclusion === "Fond d’œil normal.");
    const letter = await textOfPdf(await dossier().bytes(report?.presentedForm?.[0]?.url ?? ""));
    expect(letter).toContain("1959");
    expect(letter).not.toContain("1957");
  });
  expect([...nurse.trespasses, ...doctor.trespasses]).toEqual([]);
  await nurse.context.close();
  await doctor.context.close();
});
