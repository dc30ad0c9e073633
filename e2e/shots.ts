import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Page, test } from "@playwright/test";
import { createServer } from "vite";
import { desktop, telephone } from "./support/clinician.ts";
import { uuid } from "./support/sample-cases.ts";
import { retina, tour, type Visit } from "./support/tour.ts";

/**
 * A picture of every screen, on a telephone and a desktop, by day and by night, in both languages; with a real case on the real parts.
 * What these seldom show (a list that is still loading, a withdrawn picture) is taken over a fake door, and named `rare-…`.
 */

const folder = fileURLToPath(new URL("../shots/", import.meta.url));
const devices = { phone: telephone, desktop } as const;
const themes = { day: "light", night: "dark" } as const;

for (const language of ["fr", "en"] as const) {
  test(`shots of every screen, ${language}`, async ({ browser }) => {
    // Some forty screens, four pictures each.
    test.setTimeout(900_000);
    mkdirSync(folder, { recursive: true });
    const visit: Visit = async (page, screen, reopen) => {
      for (const [device, { width, height }] of Object.entries(devices)) {
        await page.setViewportSize({ width, height });
        await reopen?.();
        for (const [theme, colorScheme] of Object.entries(themes)) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await take(page, `${screen}-${device}-${language}-${theme}`);
        }
      }
      await page.setViewportSize({ width: telephone.width, height: telephone.height });
      await page.emulateMedia({ colorScheme: "light" });
      await settled(page);
    };
    await tour(browser, language, visit, async (letter) => {
      // As it is printed; where poppler's tool is missing, the file itself will do.
      const path = join(folder, `letter-${language}`);
      await letter.saveAs(`${path}.pdf`);
      await promisify(execFile)("pdftoppm", ["-r", "110", "-png", `${path}.pdf`, path]).catch(
        () => undefined,
      );
    });
  });
}

/** State of the fake door, and where somebody stands in it. */
const rare: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "worklist-full": {},
  "worklist-loading": { state: "loading" },
  "setting-up": { state: "setting-up" },
  stopped: { state: "stopped" },
  "not-loaded": { state: "not-loaded" },
  "picture-withdrawn": { at: `/cas/${uuid(1)}`, picture: "withdrawn" },
  "picture-refused": { at: `/cas/${uuid(1)}`, picture: "refused" },
  "picture-arriving": { at: `/cas/${uuid(1)}`, picture: "arriving" },
  desk: { state: "desk" },
  "desk-empty": { state: "desk-empty" },
  "desk-offline": { state: "desk-offline" },
  misfiled: { state: "misfiled", at: `/cas/${uuid(3)}` },
  corrected: { state: "corrected", at: `/cas/${uuid(3)}` },
  "wrong-patient": { me: "leroy", at: `/cas/${uuid(1)}/patient` },
  amended: { state: "amended", at: `/cas/${uuid(4)}` },
  "amend-opinion": { at: `/cas/${uuid(4)}/avis/rectifier` },
  "case-of-mine": { at: `/cas/${uuid(3)}` },
};

test("shots of what is seldom seen, over a fake door", async ({ browser }) => {
  test.setTimeout(300_000);
  mkdirSync(folder, { recursive: true });
  const root = fileURLToPath(new URL("..", import.meta.url));
  await using preview = await startPreview(root);
  const page = await browser.newPage({ reducedMotion: "reduce" });
  const shown = existsSync(retina) ? `/@fs${retina}` : "/icon-512.png";
  for (const [name, state] of Object.entries(rare))
    for (const lang of ["fr", "en"]) {
      const asked = new URLSearchParams({ picture: shown, ...state, lang, theme: "auto" });
      await page.goto(`${preview.url}e2e/support/preview/?${asked}`);
      await page.locator("main, [role=main]").first().waitFor();
      for (const [device, { width, height }] of Object.entries(devices))
        for (const [theme, colorScheme] of Object.entries(themes)) {
          await page.setViewportSize({ width, height });
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await take(page, `rare-${name}-${device}-${lang}-${theme}`);
        }
    }
  await page.close();
});

async function startPreview(root: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = await createServer({
    root,
    logLevel: "error",
    server: { host: "127.0.0.1", port: 0, hmr: false, fs: { strict: false } },
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("The preview has no address");
  return { url, [Symbol.asyncDispose]: () => server.close() };
}

async function take(page: Page, name: string): Promise<void> {
  await settled(page);
  // The browser's own reader of PDF does not say when it has drawn.
  if ((await page.locator("iframe").count()) > 0) await page.waitForTimeout(3000);
  const path = join(folder, `${name}.png`);
  rmSync(path, { force: true });
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}

/** Fonts, pictures and the camera's first frame are there, and the frame after the change is drawn. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    for (const video of document.querySelectorAll("video"))
      if (video.readyState < 2)
        await new Promise((ready) => video.addEventListener("loadeddata", ready, { once: true }));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
}
