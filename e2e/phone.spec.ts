import { randomBytes, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import type { DocumentReference } from "@medplum/fhirtypes";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { compactVerify, decodeJwt, importJWK } from "jose";
import { z } from "zod";
import { consentEvidenceSchema, consentSchema } from "#protocol/consent.ts";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import * as phone from "./support/patient-phone.ts";
import { scan } from "./support/qr.ts";
import { openCase, signIn as signInByHand } from "./support/raw-client.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";

/**
 * The patient's own phone: a third browser that has no account, knows nothing but what a camera read from the clinician's screen, and
 * keeps a private page. Each refusal stands beside what is allowed.
 */
const source = fileURLToPath(new URL("samples/camera.jpg", import.meta.url));

/** A clinician with the consent sheet of a request open. */
async function atTheSheet(browser: Browser, question: string) {
  const clinician = await openDevice(browser, "leroy");
  await signIn(clinician);
  const { page } = clinician;
  await day.startRequest(page);
  await day.choosePatient(page, "LE GOFF", "02/07/1974", "lui");
  await day.chooseColleague(page, "Dr Hélène Martin");
  await day.chooseDelay(page, /aujourd/i);
  await day.ask(page, question);
  await page.getByRole("button", { name: "Recueillir son accord" }).click();
  return clinician;
}

/** Shows the code on the clinician's screen and reads it as a camera does. */
async function showCode(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Sur son téléphone" }).click();
  return readCode(page);
}

async function readCode(page: Page): Promise<string> {
  await expect(page.getByText("Personne n’a encore ouvert le code.")).toBeVisible();
  await expect(page.getByRole("timer")).toContainText(/Encore (10:00|9:\d\d)/);
  return scan(page.getByRole("img", { name: "Code à scanner" }));
}

async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.target.join(" ")} ${node.any.map((each) => each.message).join()}`).join()}`,
    );
}

test("@consent @phone from the code on the screen to the record, the patient's own page, and a change of mind", async ({
  browser,
}) => {
  test.setTimeout(300_000);
  const since = new Date().toISOString();
  const question = `Tache brune du dos, ${Date.now()} : à retirer ?`;
  const nurse = await atTheSheet(browser, question);
  const url = await showCode(nurse.page);
  const key = url.split(".").at(-1) ?? "";

  const patient = await openDevice(browser, "patient");
  const asked: string[] = [];
  patient.context.on("request", (request) =>
    asked.push(`${request.url()} ${request.postData() ?? ""} ${JSON.stringify(request.headers())}`),
  );
  await test.step("the phone opens it, a day off, under a strict policy", async () => {
    await patient.page.clock.setSystemTime(Date.now() + 86_400_000);
    const answer = await patient.page.goto(url);
    const policy = answer?.headers()["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("trusted-types 'none'");
    expect(policy).not.toMatch(/unsafe|blob:|https?:/);
    expect(answer?.headers()["referrer-policy"]).toBe("no-referrer");
    await expect(patient.page.getByRole("heading", { level: 1 })).toContainText(
      /^Y\. L\., êtes-vous d’accord/,
    );
    await expect(nurse.page.getByText("Ouvert sur un téléphone. La réponse est attendue.")).toBeVisible();
  });

  await test.step("in three languages, one tap each, care at yes and everything else at no, no name", async () => {
    for (const [language, yes] of [
      ["English", "yes"],
      ["Facile", "oui"],
      ["Français", "oui"],
    ] as const) {
      await patient.page.getByRole("button", { name: language }).click();
      for (const scheme of ["light", "dark"] as const) {
        await patient.page.emulateMedia({ colorScheme: scheme });
        expect(await seriousFindings(patient.page), `${language}, ${scheme}`).toEqual([]);
      }
      const asked = await patient.page.getByRole("radio", { name: yes, exact: true }).all();
      expect(asked.length).toBeGreaterThan(2);
      for (const [at, radio] of asked.entries()) await expect(radio).toBeChecked({ checked: at < 2 });
      expect((await patient.page.locator("body").textContent())?.toUpperCase()).not.toContain("LE GOFF");
    }
    const teaching = patient.page.getByRole("group", { name: "Pour enseigner" });
    await expect(teaching.getByRole("radio", { name: "non" })).toBeChecked();
  });

  await test.step("a reload is still the same phone; what lacks is said, a signature of two pixels too", async () => {
    await patient.page.reload();
    await phone.say(patient.page, /L’avis/, "non");
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByText(/Les photos servent à l’avis/)).toBeVisible();
    await phone.say(patient.page, /L’avis/, "oui");
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByText("Il manque votre signature.")).toBeVisible();
    await phone.drawSignature(patient.page, 2);
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByText(/Cette signature est trop petite/)).toBeVisible();
    await patient.page.getByRole("button", { name: "Effacer" }).click();
    await phone.drawSignature(patient.page);
    await patient.page.getByLabel("Choisissez un code à 6 chiffres").fill("123456");
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByText(/Ce code est trop facile/)).toBeVisible();
    expect(asked.some((each) => each.includes("/patient/answer"))).toBe(false);
    await patient.page.getByLabel("Choisissez un code à 6 chiffres").fill(phone.patientsCode);
  });

  await test.step("answered, the clinician's device takes it and opens the camera", async () => {
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByRole("heading", { name: "C’est envoyé." })).toBeVisible();
    await expect(nurse.page.getByRole("button", { name: "Photographier" })).toBeVisible({ timeout: 30_000 });
    await day.chooseFile(nurse.page, source, "Omoplate gauche", /C’est bien à gauche/);
    await day.send(nurse.page, /^Envoyer au Dr/);
    await expect(nurse.page.getByRole("button", { name: /^Envoyer/ })).toHaveCount(0);
  });

  const doctor = await openDevice(browser, "martin", desktop);
  await signIn(doctor);
  const picture = doctor.page.getByRole("img", { name: /omoplate gauche/i }).first();
  await test.step("the colleague sees the photo", async () => {
    await doctor.page.getByRole("link").filter({ hasText: question }).first().click({ timeout: 60_000 });
    await expect(picture).toBeVisible({ timeout: 60_000 });
  });

  await test.step("the record holds what the phone signed", () => expectRecord(since));

  await test.step("the private page: initials, until the code; then who opened the photos", async () => {
    await patient.page.reload();
    await expect(patient.page.getByRole("heading", { name: "Y. L." })).toBeVisible();
    expect(await patient.page.locator("main").textContent()).not.toMatch(/Martin|soigner|Valombre/);
    expect(await seriousFindings(patient.page)).toEqual([]);
    await phone.unlock(patient.page, "918273");
    await expect(patient.page.getByText("Ce n’est pas cela. Essais restants : 4.")).toBeVisible();
    await phone.unlock(patient.page, phone.patientsCode);
    await expect(patient.page.getByRole("heading", { name: "Vous avez dit oui" })).toBeVisible();
    await expect(patient.page.getByRole("heading", { name: "Enregistré", exact: true })).toBeVisible();
    await expect(patient.page.getByText("Dr Hélène Martin").first()).toBeVisible();
    expect(await seriousFindings(patient.page)).toEqual([]);
  });

  await test.step("withdrawn with the link alone: gone for the reader", async () => {
    await patient.page.reload();
    await patient.page.getByRole("button", { name: "Retirer mon accord" }).click();
    await patient.page.getByRole("button", { name: "Non, ne rien changer" }).click();
    await expect(picture).toBeVisible();
    await patient.page.getByRole("button", { name: "Retirer mon accord" }).click();
    await patient.page.getByRole("button", { name: "Oui, retirer mon accord" }).click();
    await expect(patient.page.getByRole("heading", { name: "C’est fait." })).toBeVisible();
    await expect(picture).toHaveCount(0, { timeout: 10_000 });
    await expect(doctor.page.getByText("Photo retirée").first()).toBeVisible();
    await patient.page.getByRole("button", { name: "Revenir" }).click();
    await phone.unlock(patient.page, phone.patientsCode);
    await expect(patient.page.getByRole("heading", { name: "Accord retiré" })).toBeVisible();
  });

  await test.step("the code is used up; no key of a link ever left a browser", async () => {
    await patient.page.goto(url);
    await expect(patient.page.getByText("Une réponse a déjà été envoyée avec ce code.")).toBeVisible();
    const copyKey = (await patient.page.evaluate(() => location.hash)).split(".").at(-1) ?? "";
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((each) => each.includes(key) || each.includes(copyKey))).toEqual([]);
    expect([...patient.trespasses, ...nurse.trespasses, ...doctor.trespasses]).toEqual([]);
  });
  for (const each of [patient, nurse, doctor]) await each.context.close();
});

/** Filed are the consent, its evidence, and what the phone signed, which a JOSE library reads with the phone's own key. */
async function expectRecord(since: string): Promise<void> {
  const dossier = record(running());
  const [person] = await dossier.search("Patient", { family: "LE GOFF" });
  const query = { patient: `Patient/${person?.id}`, type: "59284-0", _lastUpdated: `ge${since}` };
  const papers = async (): Promise<DocumentReference[]> => dossier.search("DocumentReference", query);
  await expect.poll(async () => (await papers()).length, { timeout: 90_000 }).toBe(3);
  const texts = await Promise.all(
    (await papers()).map(async ({ content }) =>
      (await dossier.bytes(content[0]?.attachment.url ?? "")).toString("utf8"),
    ),
  );
  const evidence = consentEvidenceSchema.parse(
    JSON.parse(texts.find((text) => text.startsWith("{")) ?? "{}"),
  );
  const { key, jws = "" } = evidence.patientPhone ?? {};
  if (key === undefined) throw new Error("Nothing of the phone is in the record");
  expect(texts).toContain(jws);
  const { payload } = await compactVerify(jws, await importJWK(key, "ES256"));
  const signed = texts.find((text) => !text.startsWith("{") && text !== jws) ?? "";
  const consent = consentSchema.parse(decodeJwt(signed));
  expect(consent).toMatchObject({ method: "patient-phone", givenBy: "patient" });
  expect(JSON.parse(Buffer.from(payload).toString("utf8"))).toMatchObject({
    consentId: consent.consentId,
    decisions: consent.decisions,
    notice: consent.notice,
  });
  expect(evidence.signature?.flat().length).toBeGreaterThan(10);
}

test("@consent @phone what is refused: a second phone, a guess, a cancelled code, a changed answer, another notice", async ({
  browser,
}) => {
  test.setTimeout(240_000);
  const nurse = await atTheSheet(browser, `Prurit, ${Date.now()} ?`);
  const patient = await openDevice(browser, "patient");
  const url = await showCode(nurse.page);

  await test.step("a second phone is refused, the first may open it again", async () => {
    await phone.openLink(patient.page, url);
    const other = await openDevice(browser, "other");
    await other.page.goto(url);
    await expect(other.page.getByText(/déjà été ouvert sur un autre téléphone/)).toBeVisible();
    await other.context.close();
    await patient.page.reload();
    await expect(patient.page.getByRole("heading", { level: 1, name: /êtes-vous d’accord/ })).toBeVisible();
  });

  await test.step("a guessed link, an incomplete one, and one with another key show nothing", async () => {
    const page = await patient.context.newPage();
    const guess = `${running().publicUrl}/p/#o.${randomBytes(16).toString("base64url")}.${randomBytes(32).toString("base64url")}`;
    await page.goto(guess);
    await expect(page.getByText(/Ce lien n’existe pas/)).toBeVisible();
    await page.goto(`${running().publicUrl}/p/#c.${guess.split("#o.")[1]}`);
    await expect(page.getByText(/Ce lien n’existe pas/)).toBeVisible();
    await page.goto(url.slice(0, -3));
    await expect(page.getByText(/L’adresse n’est pas complète/)).toBeVisible();
    await page.goto(url.replace(/\.[\w-]{43}$/, `.${randomBytes(32).toString("base64url")}`));
    await expect(page.getByText(/abîmé ou a été modifié/)).toBeVisible();
    await page.close();
  });

  await test.step("an answer changed on its way is refused, and the patient may send it again", async () => {
    await phone.fillSheet(patient.page);
    await patient.page.route("**/patient/answer", async (route) => {
      const sent = z.object({ jws: z.string(), body: z.looseObject({ sealed: z.string() }) });
      const { jws, body } = sent.parse(route.request().postDataJSON());
      const changed = { ...body, sealed: `${body.sealed.slice(0, -4)}AAAA` };
      await route.continue({ postData: JSON.stringify({ jws, body: changed }) });
    });
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByText(/Le serveur de l’hôpital ne répond pas bien/)).toBeVisible();
    await patient.page.unroute("**/patient/answer");
  });

  await test.step("a cancelled code takes no answer", async () => {
    await nurse.page.getByRole("button", { name: "Annuler le code et signer ici" }).click();
    await expect(nurse.page.getByRole("dialog")).toHaveCount(0);
    await phone.sendSheet(patient.page);
    await expect(patient.page.getByText(/Le soignant a annulé ce code/)).toBeVisible();
  });

  await test.step("a phone that read another notice is not believed, and its owner is told", async () => {
    const liar = await openDevice(browser, "liar");
    await liar.page.addInitScript(() => {
      const digest = crypto.subtle.digest.bind(crypto.subtle);
      crypto.subtle.digest = (algorithm, data) => {
        const text = new TextDecoder().decode(data);
        return digest(algorithm, text.startsWith("Nous montrons") ? new TextEncoder().encode("Autre") : data);
      };
    });
    await phone.openLink(liar.page, await showCode(nurse.page));
    await phone.fillSheet(liar.page);
    await phone.sendSheet(liar.page);
    await expect(
      nurse.page.getByText(/L’information a changé entre la lecture et la signature/),
    ).toBeVisible();
    await liar.page.getByRole("button", { name: "Ouvrir ma page" }).click();
    await phone.unlock(liar.page, phone.patientsCode);
    await expect(liar.page.getByRole("heading", { name: "Pas enregistré", exact: true })).toBeVisible();
    await liar.context.close();
  });

  await test.step("five wrong codes close the page for reading; a new code on the sheet still works", async () => {
    await nurse.page.getByRole("button", { name: "Montrer un nouveau code" }).click();
    await phone.openLink(patient.page, await readCode(nurse.page));
    await phone.fillSheet(patient.page);
    await phone.sendSheet(patient.page);
    await expect(nurse.page.getByRole("button", { name: "Photographier" })).toBeVisible({ timeout: 30_000 });
    await patient.page.getByRole("button", { name: "Ouvrir ma page" }).click();
    for (const left of [4, 3, 2, 1]) {
      await phone.unlock(patient.page, "918273");
      await expect(patient.page.getByText(`Essais restants : ${left}.`)).toBeVisible();
    }
    await phone.unlock(patient.page, "918273");
    await expect(patient.page.getByText(/Trop d’essais/)).toBeVisible();
    await patient.page.getByRole("button", { name: "Retirer mon accord" }).click();
    await patient.page.getByRole("button", { name: "Oui, retirer mon accord" }).click();
    await expect(patient.page.getByRole("heading", { name: "C’est fait." })).toBeVisible();
  });
  await patient.context.close();
  await nurse.context.close();
});

test("@consent @phone nobody says « on the patient’s phone » for whom no phone answered", async () => {
  const leroy = await signInByHand(running().publicUrl, "leroy");
  const { consent } = await openCase(leroy, "@martin:valombre.example");
  const register = async (changes: Record<string, string>) => {
    const signed = await leroy.sign({ ...consent, consentId: randomUUID(), ...changes });
    return leroy.ask("POST", "/colloque/v1/consents", { consent: signed });
  };
  expect(await register({ method: "patient-phone" })).toMatchObject({ status: 400 });
  expect(await register({})).toMatchObject({ status: 200 });
});
