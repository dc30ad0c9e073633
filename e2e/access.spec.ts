import { type Browser, expect, type Locator, type Page, test } from "@playwright/test";
import { z } from "zod";
import { seriousFindings } from "./support/axe.ts";
import { demoPassword, desktop, keepKey, openDevice, recallKey } from "./support/clinician.ts";
import { homeserver } from "./support/homeserver.ts";
import { running } from "./support/stack.ts";
import { tour } from "./support/tour.ts";
import { jpegMadeBy, newRoom } from "./support/trouble.ts";

/**
 * The product for whoever cannot use a mouse, cannot see the screen well, or has no network in the lift: the main job by the keyboard
 * alone, every screen under axe, and what a browser asks of an application that is installed.
 */

test("@access every screen in both languages and themes has no serious finding", async ({ browser }) => {
  // Some forty screens, in two languages and two themes.
  test.setTimeout(900_000);
  const findings: string[] = [];
  const looked = new Set<string>();
  for (const language of ["fr", "en"] as const) {
    await tour(browser, language, async (page, screen) => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        looked.add(screen);
        for (const found of await seriousFindings(page))
          findings.push(`${screen} (${language}, ${colorScheme}): ${found}`);
      }
      await page.emulateMedia({ colorScheme: "light" });
    });
  }
  expect(looked.size).toBeGreaterThanOrEqual(38);
  expect(findings).toEqual([]);
});

test("@access the reading of the screens does find what is wrong", async ({ browser }) => {
  const { page, context } = await openDevice(browser, "faure");
  await page.goto("/");
  await expect(page.getByLabel("Identifiant")).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  await page.evaluate(() => {
    const planted = document.createElement("button");
    document.querySelector("main")?.append(planted);
  });
  expect((await seriousFindings(page)).join()).toContain("button-name");
  await context.close();
});

/** Presses Tab until the element has the focus, as somebody without a mouse does; it must then be seen to have it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible({ timeout: 60_000 });
  for (let pressed = 0; pressed < 120; pressed += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return expectRing(target);
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${target}`);
}

/** The focus is drawn: an outline, a shadow or a border of its own. */
async function expectRing(target: Locator): Promise<void> {
  const drawn = await target.evaluate((element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
  });
  expect(drawn, `${target} shows that it has the focus`).toBe(true);
}

async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

async function type(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });

async function signInByKeyboard(page: Page, name: string): Promise<void> {
  await page.goto("/");
  await type(page, page.getByLabel("Identifiant"), name);
  await type(page, page.getByLabel("Mot de passe", { exact: true }), demoPassword);
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("heading", { name: /Gardez cette feuille/ });
  const locked = page.getByRole("heading", { name: "Un nouvel appareil pour vous" });
  await expect(sheet.or(locked)).toBeVisible({ timeout: 60_000 });
  if (await sheet.isVisible()) {
    const shown = await page.getByLabel("Clé de récupération").textContent();
    keepKey(name, (shown ?? "").replace(/\s+/g, " ").trim());
    await press(page, button(page, "C’est rangé en lieu sûr"));
  } else {
    await type(page, page.getByLabel("Clé de récupération"), recallKey(name));
    await page.keyboard.press("Enter");
  }
  await expect(page.getByRole("tablist")).toBeVisible({ timeout: 60_000 });
}

/** Whoever touches a mouse or the screen in this test makes it fail. */
async function withoutPointer(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    Reflect.set(window, "pointed", 0);
    for (const kind of ["pointerdown", "mousedown", "touchstart"])
      addEventListener(
        kind,
        () => Reflect.set(window, "pointed", Number(Reflect.get(window, "pointed")) + 1),
        true,
      );
  });
  return () => page.evaluate(() => Number(Reflect.get(window, "pointed")));
}

async function device(browser: Browser, name: string) {
  const opened = await openDevice(browser, name, desktop);
  const pointed = await withoutPointer(opened.page);
  await signInByKeyboard(opened.page, name);
  return { ...opened, pointed };
}

test("@access @smoke the main job by the keyboard alone: asked with a photo, and answered", async ({
  browser,
}) => {
  const rooms = new Set(await homeserver(running()).caseRooms());
  const question = `Rougeur de l’œil droit, ${Date.now()} : conjonctivite ?`;
  const asker = await device(browser, "faure");
  await test.step("asked", () => askByKeyboard(asker.page, question));
  await newRoom(rooms);
  await asker.page.goto("/");
  await expect(asker.page.getByText("En cours d’envoi")).toHaveCount(0, { timeout: 60_000 });
  expect(await asker.pointed()).toBe(0);

  const expert = await device(browser, "kermarrec");
  await test.step("answered", () => answerByKeyboard(expert.page, question));
  expect(await expert.pointed()).toBe(0);
  expect([...asker.trespasses, ...expert.trespasses]).toEqual([]);
  await asker.context.close();
  await expert.context.close();
});

/** A list of the browser's own: the arrows go through it. */
async function chooseByArrows(page: Page, list: Locator, wanted: string): Promise<void> {
  await tabTo(page, list);
  const chosen = () =>
    list.evaluate((each) => (each instanceof HTMLSelectElement ? each.selectedOptions[0]?.label : undefined));
  for (let pressed = 0; pressed < 300 && (await chosen()) !== wanted; pressed += 1)
    await page.keyboard.press("ArrowDown");
  expect(await chosen()).toBe(wanted);
}

async function askByKeyboard(page: Page, question: string): Promise<void> {
  const sheet = page.getByRole("dialog");
  await press(page, button(page, "Demander un avis"));
  await press(page, button(page, /^Patient/));
  await type(page, sheet.getByLabel("Nom de naissance ou d’usage"), "Moreau");
  await page.keyboard.press("Enter");
  await press(page, sheet.getByRole("button", { name: /MOREAU.*1959/s }));
  await press(page, sheet.getByRole("button", { name: "C’est bien lui" }));
  await press(page, button(page, /^Destinataire/));
  await press(page, sheet.getByRole("button", { name: "Dr Yann Kermarrec" }));
  await press(page, button(page, /^Délai/));
  await press(page, sheet.getByRole("button", { name: /48 heures/ }));
  await type(page, page.getByLabel("Votre question"), question);
  await press(page, button(page, "Aucun connu"));
  await press(page, button(page, "Recueillir son accord"));
  await press(page, button(page, /oui aux deux, à l’oral/i));
  await type(page, page.getByRole("textbox", { name: "Témoin" }), "Claire Leroy");
  await press(page, button(page, "Enregistrer et photographier"));

  await expect(button(page, "Photographier")).toBeVisible();
  const chooser = page.waitForEvent("filechooser");
  await press(page, button(page, "Choisir un fichier"));
  const photo = { name: "oeil.jpg", mimeType: "image/jpeg", buffer: await jpegMadeBy(page) };
  await (await chooser).setFiles(photo);
  await press(page, button(page, "Garder la photo"));
  await chooseByArrows(page, page.getByLabel("Ou dans la liste"), "Œil droit");
  await expect(button(page, "C’est bien à droite")).toBeVisible();
  await press(page, button(page, "C’est bien à droite"));
  await press(page, button(page, /^Envoyer au Dr/));
}

async function answerByKeyboard(page: Page, question: string): Promise<void> {
  const row = page.getByRole("link").filter({ hasText: question });
  await press(page, row);
  await expect(page.getByRole("img", { name: /œil droit/i }).first()).toBeVisible({ timeout: 30_000 });
  await press(page, button(page, "Prendre ce cas"));
  await press(page, button(page, "Rendre l’avis"));
  await type(page, page.getByLabel("Ce que je vois"), "Hyperhémie diffuse, cornée claire.");
  await type(page, page.getByLabel("Ce que je pense"), "Conjonctivite virale.");
  await tabTo(page, page.getByRole("radio", { name: "possible" }));
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "probable", exact: true })).toBeChecked();
  await type(page, page.getByLabel("Que faire maintenant"), "Lavages au sérum physiologique.");
  await type(page, page.getByLabel("Si ça s’aggrave"), "Douleur ou baisse de vision : urgences.");
  const inPerson = page.getByRole("radiogroup", { name: /en personne/ });
  await tabTo(page, inPerson.getByRole("radio", { name: "oui" }));
  await page.keyboard.press("ArrowRight");
  await expect(inPerson.getByRole("radio", { name: "non" })).toBeChecked();
  await press(page, button(page, "Signer et rendre l’avis"));
  await press(page, page.getByRole("dialog").getByRole("button", { name: "Signer et rendre l’avis" }));
  await expect(page.getByText("L’avis est rendu, le cas est terminé.")).toBeVisible({ timeout: 30_000 });
}

const manifestSchema = z.object({
  name: z.string().min(1),
  short_name: z.string().min(1),
  start_url: z.literal("/"),
  display: z.literal("standalone"),
  icons: z.array(z.object({ src: z.string(), sizes: z.string(), purpose: z.string().optional() })),
});

test("@access the application can be installed, and opens without a network", async ({ browser }) => {
  const { page, context, trespasses } = await openDevice(browser, "faure");
  await page.goto("/");
  await expect(page.getByLabel("Identifiant")).toBeVisible();
  const address = await page.locator("link[rel=manifest]").getAttribute("href");
  const manifest = manifestSchema.parse(await (await page.request.get(address ?? "")).json());
  const sizes = manifest.icons.map((icon) => icon.sizes);
  expect(sizes).toEqual(expect.arrayContaining(["192x192", "512x512"]));
  expect(manifest.icons.some((icon) => icon.purpose === "maskable")).toBe(true);
  for (const icon of manifest.icons) {
    const answer = await page.request.get(icon.src);
    expect(answer.headers()["content-type"], icon.src).toMatch(/^image\//);
  }
  // What the browser itself holds against an installation.
  const devtools = await context.newCDPSession(page);
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  const ours = installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito");
  expect(ours).toEqual([]);

  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe("activated");
  const kept = await page.evaluate(async () => {
    const caches = await globalThis.caches.keys();
    const all = await Promise.all(caches.map(async (name) => (await globalThis.caches.open(name)).keys()));
    return all.flat().map((request) => new URL(request.url).pathname);
  });
  expect(kept).toContain("/");
  // The application's own files, and nothing of a patient.
  expect(kept.filter((path) => path !== "/" && !path.startsWith("/assets/"))).toEqual([]);
  await context.setOffline(true);
  await page.reload();
  await expect(
    page
      .getByLabel("Identifiant")
      .or(page.getByText(/L’hôpital ne répond pas|Pas de réseau/))
      .first(),
  ).toBeVisible();
  await expect(page.locator("main")).toBeVisible();
  await context.setOffline(false);
  await page.reload();
  await expect(page.getByLabel("Identifiant")).toBeVisible();
  expect(trespasses).toEqual([]);
  await context.close();
});
