import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { connectStack } from "../stack/control.ts";
import { type Clinician, desktop, openDevice, signIn, telephone } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { areasWith, keptOnDevice } from "./support/device-store.ts";
import { filesUnder, homeserver } from "./support/homeserver.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";

/**
 * What was said in a case leaves the messenger when it is in the record and its days are over. Synapse's own database and folder say what is
 * left there, and each device's own store what is left on it; the days are made short by starting the Colloque server anew.
 */

const photo = fileURLToPath(new URL("samples/camera.jpg", import.meta.url));
const question = "Lésion du dos, plus foncée depuis un mois : la revoir quand ?";
const history = "Aucun antécédent connu.";
const unsent = "Elle a aussi une lésion au bras.";
const opinion = {
  findings: "Lésion régulière de 5 mm.",
  assessment: "Naevus bénin.",
  plan: "Surveillance, photo dans trois mois.",
  ifWorse: "Saignement : rappeler.",
  limits: "Une seule photo.",
};
const contents = [history, ...Object.values(opinion)];

/** What Synapse's database holds now. */
function synapse<T>(read: (db: DatabaseSync) => T): T {
  using db = new DatabaseSync(join(running().dataDir, "synapse", "homeserver.db"), {
    readOnly: true,
    timeout: 10_000,
  });
  return read(db);
}
const saidIn = (roomId: string): string[] =>
  synapse((db) =>
    db
      .prepare("SELECT event_id FROM events WHERE room_id = ? AND type = 'm.room.encrypted'")
      .all(roomId)
      .map((row) => String(row.event_id)),
  );
const bodiesOf = (roomId: string): number =>
  synapse(
    (db) =>
      db
        .prepare("SELECT event_id FROM event_json WHERE room_id = ? AND json LIKE '%\"ciphertext\"%'")
        .all(roomId).length,
  );
const mediaIds = (): string[] =>
  synapse((db) =>
    db
      .prepare("SELECT media_id FROM local_media_repository")
      .all()
      .map((row) => String(row.media_id)),
  );
const filesOf = async (ids: readonly string[]): Promise<number> => {
  const files = await filesUnder(join(running().dataDir, "synapse", "media"));
  // Synapse cuts an id in three for its folders.
  return ids.filter((id) => files.some(({ path }) => path.replaceAll("/", "").includes(id))).length;
};
const isOver = (page: Page) => expect(page.getByText("Cas terminé.")).toBeVisible({ timeout: 60_000 });
const contentsOn = async (page: Page): Promise<string[]> => areasWith(await keptOnDevice(page), contents);
const shelvesOn = async (page: Page): Promise<number> =>
  (await keptOnDevice(page)).filter(({ place }) => place.startsWith("shelf/")).length;

test("@retention the content of an answered case leaves the messenger and every device when it is in the record, and the record keeps it", async ({
  browser,
  playwright,
  launchOptions,
}, info) => {
  test.setTimeout(600_000);
  const stack = connectStack();
  const rooms = await homeserver(running()).caseRooms();
  const before = new Set(mediaIds());
  /** A telephone that can be switched off and on again: what it keeps lies on the disk. */
  const switchOn = async (): Promise<Clinician> => {
    const context = await playwright.chromium.launchPersistentContext(info.outputPath("telephone"), {
      ...launchOptions,
      viewport: { width: telephone.width, height: telephone.height },
      hasTouch: true,
      permissions: ["camera"],
      baseURL: running().publicUrl,
      locale: "fr-FR",
      timezoneId: "Europe/Paris",
    });
    return { context, page: context.pages()[0] ?? (await context.newPage()), name: "leroy" };
  };
  let nurse = await switchOn();
  await signIn(nurse);
  const doctor = await openDevice(browser, "martin", desktop);
  await signIn(doctor);
  const telephoneOfDoctor = await openDevice(browser, "martin");
  await signIn(telephoneOfDoctor);

  await day.startRequest(nurse.page);
  await day.choosePatient(nurse.page, "DELATTRE", "14/03/1959", "elle");
  await day.chooseColleague(nurse.page, "Dr Hélène Martin");
  await day.chooseDelay(nurse.page, /aujourd/i);
  await day.ask(nurse.page, question);
  await day.recordOralConsent(nurse.page, "Paul Faure");
  await day.chooseFile(nurse.page, photo, "Omoplate gauche", /C’est bien à gauche/);
  await day.send(nurse.page, /^Envoyer au Dr/);
  const newRoom = async () =>
    (await homeserver(running()).caseRooms()).find((room) => !rooms.includes(room)) ?? "";
  await expect.poll(newRoom, { timeout: 60_000 }).not.toBe("");
  const roomId = await newRoom();
  const address = `/cas/${encodeURIComponent(roomId)}`;

  await nurse.page.goto(address);
  const figure = nurse.page.getByRole("figure", { name: /omoplate gauche/i });
  await expect(figure.getByText(/Chiffrée/)).toBeVisible({ timeout: 90_000 });
  await test.step("one telephone is switched off with a message that it could not send", async () => {
    await nurse.context.setOffline(true);
    await nurse.page.getByRole("textbox", { name: /Votre message|Écrire/ }).fill(unsent);
    await nurse.page.getByRole("button", { name: "Envoyer", exact: true }).click();
    await expect.poll(async () => areasWith(await keptOnDevice(nurse.page), [unsent])).toEqual(["outbox"]);
    await expect.poll(() => contentsOn(nurse.page), { timeout: 30_000 }).toContain("cases");
    await nurse.context.close();
  });
  await doctor.page.goto(address);
  await doctor.page.getByRole("button", { name: "Prendre ce cas" }).click({ timeout: 90_000 });
  await day.giveOpinion(doctor.page, opinion);
  await expect(doctor.page.getByText(/a tout versé au dossier/)).toBeVisible({ timeout: 90_000 });
  await expect(doctor.page.getByText(/Le contenu de ce cas sera effacé de la messagerie le/)).toBeVisible();
  const { page: second } = telephoneOfDoctor;
  await second.goto(address);
  await expect(second.getByText(opinion.assessment).first()).toBeVisible({ timeout: 60_000 });
  await expect(second.getByRole("img", { name: /omoplate gauche/i }).first()).toBeVisible({
    timeout: 60_000,
  });

  const said = saidIn(roomId);
  const media = mediaIds().filter((id) => !before.has(id));
  const filed = await record(running()).search("DocumentReference", { _sort: "-_lastUpdated" });
  await test.step("until then the same looks find it: at the homeserver, and on each device", async () => {
    expect(said.length).toBeGreaterThan(4);
    expect(bodiesOf(roomId)).toBeGreaterThan(4);
    expect(media.length).toBeGreaterThanOrEqual(2);
    expect(await filesOf(media)).toBe(media.length);
    for (const { page } of [doctor, telephoneOfDoctor])
      await expect.poll(() => contentsOn(page), { timeout: 30_000 }).toContain("cases");
    await expect.poll(() => shelvesOn(doctor.page)).toBeGreaterThan(0);
    await expect.poll(() => shelvesOn(telephoneOfDoctor.page)).toBeGreaterThan(0);
  });
  await telephoneOfDoctor.context.setOffline(true);

  await stack.stopPart("server");
  await stack.startPart("server", { COLLOQUE_RETENTION_DAYS: "0.0001" });
  try {
    await test.step("nothing of it is left at the homeserver but one word", async () => {
      await expect
        .poll(() => saidIn(roomId).filter((id) => said.includes(id)), { timeout: 300_000 })
        .toEqual([]);
      await expect.poll(() => mediaIds().filter((id) => media.includes(id)), { timeout: 60_000 }).toEqual([]);
      await expect.poll(() => filesOf(media)).toBe(0);
      await expect.poll(() => saidIn(roomId).length, { timeout: 30_000 }).toBe(1);
      await expect.poll(() => bodiesOf(roomId), { timeout: 30_000 }).toBe(1);
    });
    const stays = saidIn(roomId);
    await test.step("what was on a screen is gone, and the case says where it is", async () => {
      await isOver(doctor.page);
      await expect(doctor.page.getByText(opinion.assessment)).toHaveCount(0);
      await expect(doctor.page.getByRole("img", { name: /omoplate gauche/i })).toHaveCount(0);
      await expect(doctor.page.getByText(question).first()).toBeVisible();
      await expect.poll(() => contentsOn(doctor.page), { timeout: 30_000 }).toEqual([]);
      await expect.poll(() => shelvesOn(doctor.page)).toBe(0);
      await look(doctor.page, info.outputPath("desktop"));
    });
    await test.step("a telephone that comes back to the network lets go of it", async () => {
      expect(await contentsOn(telephoneOfDoctor.page)).toContain("cases");
      await telephoneOfDoctor.context.setOffline(false);
      await isOver(telephoneOfDoctor.page);
      await expect.poll(() => contentsOn(telephoneOfDoctor.page), { timeout: 30_000 }).toEqual([]);
      await expect.poll(() => shelvesOn(telephoneOfDoctor.page)).toBe(0);
      await telephoneOfDoctor.page.reload();
      await isOver(telephoneOfDoctor.page);
      expect(await contentsOn(telephoneOfDoctor.page)).toEqual([]);
    });
    await test.step("a telephone that was off lets go of it when it is on again, and says what it could not send", async () => {
      nurse = await switchOn();
      await nurse.page.goto(address);
      await isOver(nurse.page);
      await expect.poll(() => contentsOn(nurse.page), { timeout: 30_000 }).toEqual([]);
      const own = nurse.page.getByRole("region", { name: "Pas parti de cet appareil" });
      await expect(own.getByText(unsent)).toBeVisible();
      await expect(own.getByText(/Ce cas est terminé/)).toBeVisible({ timeout: 60_000 });
      await look(nurse.page, info.outputPath("telephone"));
      await own.getByRole("button", { name: "Supprimer", exact: true }).click();
      await expect(own).toHaveCount(0);
      expect(areasWith(await keptOnDevice(nurse.page), [unsent])).toEqual([]);
      expect(saidIn(roomId)).toEqual(stays);
    });
    await test.step("the record has all of it, and the case leads there", async () => {
      await doctor.page.getByRole("link", { name: "Ouvrir le dossier" }).click();
      for (const piece of [/^Accord du patient \d/, /^Demande d’avis \d/, /^Photo \d/, /^Avis \d/])
        await expect(doctor.page.getByRole("button", { name: piece })).toBeVisible();
      expect(await record(running()).search("DocumentReference", { _sort: "-_lastUpdated" })).toEqual(filed);
    });
  } finally {
    await stack.stopPart("server");
    await stack.startPart("server");
  }
  for (const { context } of [nurse, doctor, telephoneOfDoctor]) await context.close();
});

/** The case as it stays, in both languages: pictures to be looked at, and nothing that stands in the way of a reader. */
async function look(page: Page, name: string): Promise<void> {
  for (const language of ["en", "fr"]) {
    await page.evaluate((chosen) => localStorage.setItem("colloque.language", chosen), language);
    await page.reload();
    await expect(page.getByText(language === "fr" ? "Cas terminé." : "This case is over.")).toBeVisible({
      timeout: 60_000,
    });
    await page.screenshot({ path: `${name}-${language}.png` });
  }
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
}
