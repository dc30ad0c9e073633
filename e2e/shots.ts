import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Page, test } from "@playwright/test";
import { desktop, telephone } from "./support/clinician.ts";
import { tour } from "./support/tour.ts";

/** A picture of every screen, on a telephone and a desktop, by day and by night, in both languages; with a real case on the real parts. */

const folder = fileURLToPath(new URL("../shots/", import.meta.url));
const devices = { phone: telephone, desktop } as const;
const themes = { day: "light", night: "dark" } as const;

for (const language of ["fr", "en"] as const) {
  test(`shots of every screen, ${language}`, async ({ browser }) => {
    // Some forty screens, four pictures each.
    test.setTimeout(900_000);
    mkdirSync(folder, { recursive: true });
    await tour(browser, language, async (page, screen, reopen) => {
      for (const [device, { width, height }] of Object.entries(devices)) {
        await page.setViewportSize({ width, height });
        await reopen?.();
        for (const [theme, colorScheme] of Object.entries(themes)) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await settled(page);
          const path = join(folder, `${screen}-${device}-${language}-${theme}.png`);
          rmSync(path, { force: true });
          await page.screenshot({ path, animations: "disabled", caret: "hide" });
        }
      }
      await page.setViewportSize({ width: telephone.width, height: telephone.height });
      await page.emulateMedia({ colorScheme: "light" });
      await settled(page);
    });
  });
}

/** Fonts and pictures are there, and the frame after the change is drawn. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
}
