import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { unzipSync } from "fflate";
import { z } from "zod";
import { at, readXml } from "../server/filing/copies/testing/read-xml.ts";
import { desktop, openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { openCase, sendCase } from "./support/eye-case.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";

/** The letter of an opinion on its way out of the house: to the usual doctor by secure mail, and to the patient. */

const envelopeSchema = z.object({
  id: z.uuid(),
  kind: z.enum(["secure-mail", "patient"]),
  to: z.object({ name: z.string(), address: z.string().optional() }),
  subject: z.string(),
  file: z.string(),
});

/** What the hospital's own sender finds. */
function parcels() {
  const folder = join(running().dataDir, "server", "outgoing");
  return readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .map((name) => {
      const inside = join(folder, name);
      const envelope = envelopeSchema.parse(JSON.parse(readFileSync(join(inside, "envelope.json"), "utf8")));
      return { name, envelope, file: readFileSync(join(inside, envelope.file)) };
    });
}

test("@filing a copy of the letter goes to the usual doctor and to the patient, once the patient knows", async ({
  browser,
}) => {
  const question = "Copie de la lettre : macula douteuse, faut-il l’adresser ?";
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);
  await sendCase(nurse.page, "Dr Yann Kermarrec", question);
  const doctor = await openDevice(browser, "kermarrec", desktop);
  await signIn(doctor);
  await openCase(doctor.page, question);
  await doctor.page.getByRole("button", { name: "Prendre ce cas" }).click();
  await day.giveOpinion(doctor.page, {
    findings: "Reflet fovéolaire conservé.",
    assessment: "Pas de maculopathie.",
    plan: "Contrôle dans un an.",
    ifWorse: "Métamorphopsies : appeler.",
    limits: "Une photo.",
  });
  await expect(doctor.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  await toRecord(doctor.page);

  await doctor.page.getByRole("button", { name: "Envoyer une copie…" }).click();
  const sheet = doctor.page.getByRole("dialog");
  await test.step("nothing leaves before it is said to whom, and that the patient knows", async () => {
    const hand = sheet.getByRole("button", { name: "Remettre au service d’envoi" });
    await expect(hand).toBeDisabled();
    await expect(sheet.getByText("Choisissez d’abord à qui.")).toBeVisible();
    await sheet.getByRole("button", { name: /Dr Paul Faure, médecin traitant/ }).click();
    await expect(hand).toBeDisabled();
    await expect(sheet.getByText("Dites d’abord que le patient en est informé.")).toBeVisible();
    const axe = await new AxeBuilder({ page: doctor.page }).analyze();
    expect(axe.violations).toEqual([]);
    await doctor.page.screenshot({ path: test.info().outputPath("copy-sheet-desktop.png") });
  });
  const before = new Set(existing());
  await sheet.getByRole("switch", { name: /Le patient en est informé/ }).click();
  await sheet.getByRole("button", { name: "Remettre au service d’envoi" }).click();
  await expect(doctor.page.getByText(/remise au service d’envoi le/)).toBeVisible({ timeout: 30_000 });
  await doctor.page.screenshot({ path: test.info().outputPath("copies-desktop.png") });

  await test.step("the sender finds a package with the letter as the record has it", async () => {
    const [parcel, ...more] = parcels().filter(({ name }) => !before.has(name));
    expect(more).toEqual([]);
    expect(parcel?.envelope).toMatchObject({ kind: "secure-mail", subject: "XDM/1.0/DDM" });
    expect(parcel?.envelope.to).toEqual({ name: "Dr Paul Faure", address: "faure@demo-valombre.mssante.fr" });
    const files = unzipSync(parcel?.file ?? Buffer.alloc(0));
    const [cda] = readXml([files["IHE_XDM/SUBSET01/DOC0001.XML"] ?? new Uint8Array()]);
    const letter = Buffer.from(at(cda, "/nonXMLBody/text")[0]?.text ?? "", "base64");
    expect(letter.toString("latin1", 0, 5)).toBe("%PDF-");
    expect(at(cda, "/patient/name/family")[0]?.text).toBe("LE GOFF");
    const audit = await record(running()).read(`AuditEvent/${parcel?.envelope.id}`);
    expect(JSON.stringify(audit)).toContain("mailto:faure@demo-valombre.mssante.fr");
  });

  await test.step("on a phone, the nurse hands the patient theirs", async () => {
    await toRecord(nurse.page);
    await expect(nurse.page.getByText("Dr Paul Faure").first()).toBeVisible();
    await nurse.page.getByRole("button", { name: "Envoyer une copie…" }).click();
    const own = nurse.page.getByRole("dialog");
    await own.getByRole("button", { name: /^Le patient/ }).click();
    await own.getByRole("switch", { name: /Le patient en est informé/ }).click();
    await nurse.page.screenshot({ path: test.info().outputPath("copy-sheet-phone.png") });
    await own.getByRole("button", { name: "Remettre au service d’envoi" }).click();
    await expect(nurse.page.getByText(/remise au service d’envoi le/)).toHaveCount(2, { timeout: 30_000 });
    const forPatient = parcels().find(
      ({ name, envelope }) => !before.has(name) && envelope.kind === "patient",
    );
    expect(forPatient?.file.toString("latin1", 0, 5)).toBe("%PDF-");
    expect(forPatient?.envelope.to.address).toBeUndefined();
    await nurse.page.screenshot({ path: test.info().outputPath("copies-phone.png"), fullPage: true });
  });
});

function existing(): string[] {
  try {
    return parcels().map(({ name }) => name);
  } catch {
    // The first parcel makes the folder.
    return [];
  }
}

async function toRecord(page: Page): Promise<void> {
  await page
    .getByRole("link", { name: /Voir (la lettre dans )?le dossier/ })
    .first()
    .click();
  await expect(page.getByRole("heading", { name: /un seul fil/ })).toBeVisible();
}
