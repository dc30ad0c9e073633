import { cpSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { z } from "zod";
import { signIn } from "../e2e/support/clinician.ts";
import { sendCase } from "../e2e/support/eye-case.ts";
import { buildClient, builtClient } from "../stack/client-build.ts";
import { chromiumBinary } from "../stack/install.ts";
import { root } from "../stack/paths.ts";
import { percentileOf } from "./statistics.ts";

/**
 * From the finger that sends a message to the word "filed" on the same screen: the product as it is built, in a browser, over the gateway, Synapse, the
 * archivist, HAPI and Orthanc. One thing at a time, on a stack that has nothing else to do.
 */
export type OnScreen = {
  readonly n: number;
  /** Milliseconds from pressing "send", to "sent" and to "filed" on screen. */
  readonly sent: Spread;
  readonly filed: Spread;
  /** From "sent" on screen to "filed" on screen. */
  readonly between: Spread;
};
type Spread = { readonly p50: number; readonly p95: number; readonly max: number };

const timesSchema = z.object({ sentMs: z.number(), filedMs: z.number() });
type Times = z.infer<typeof timesSchema>;

export async function measureScreen(given: {
  readonly pages: string;
  readonly publicUrl: string;
  readonly messages: number;
  readonly say: (line: string) => void;
}): Promise<OnScreen> {
  await buildClient(join(root, ".colloque", "build-client.log"));
  cpSync(builtClient, given.pages, { recursive: true });
  const executablePath = chromiumBinary();
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--mute-audio",
      "--disable-background-networking",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  try {
    const context = await browser.newContext({
      baseURL: given.publicUrl,
      locale: "fr-FR",
      timezoneId: "Europe/Paris",
      viewport: { width: 1440, height: 900 },
      permissions: ["camera"],
    });
    const page = await context.newPage();
    await signIn({ page, context, name: "leroy" });
    await sendCase(page, "Dr Yann Kermarrec", `Mesure du versement, ${Date.now()}`);
    return summaryOf(
      await repeat(given.messages, async (at) => {
        const times = await sendMessage(page, `Mesure ${at}, ${Date.now()}.`);
        given.say(`sent ${Math.round(times.sentMs)} ms, filed ${Math.round(times.filedMs)} ms`);
        return times;
      }),
    );
  } finally {
    await browser.close();
  }
}

/** The first two warm the way up and do not count. */
async function repeat(count: number, once: (at: number) => Promise<Times>): Promise<Times[]> {
  const times: Times[] = [];
  for (let at = -2; at < count; at += 1) {
    const each = await once(at);
    if (at >= 0) times.push(each);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return times;
}

async function sendMessage(page: Page, text: string): Promise<Times> {
  await page.locator("textarea[name=message]").fill(text);
  const times = page.evaluate(
    (said) =>
      new Promise<{ sentMs: number; filedMs: number }>((resolve) => {
        let pressedAt = 0;
        let sentMs = 0;
        document.addEventListener("submit", () => (pressedAt = performance.now()), {
          capture: true,
          once: true,
        });
        const look = () => {
          const line = [...document.querySelectorAll("li")].find((each) => each.textContent.includes(said));
          const words = line?.textContent ?? "";
          if (sentMs === 0 && /Envoyé|Vu |Versé au dossier/.test(words))
            sentMs = performance.now() - pressedAt;
          if (!words.includes("Versé au dossier")) return;
          observer.disconnect();
          // What is in the page is on the screen with the next frame.
          requestAnimationFrame(() => resolve({ sentMs, filedMs: performance.now() - pressedAt }));
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
    text,
  );
  await page.locator("textarea[name=message]").press("Control+Enter");
  return timesSchema.parse(await times);
}

function summaryOf(times: readonly Times[]): OnScreen {
  const spread = (values: number[]): Spread => ({
    p50: Math.round(percentileOf(values, 50)),
    p95: Math.round(percentileOf(values, 95)),
    max: Math.round(Math.max(...values)),
  });
  return {
    n: times.length,
    sent: spread(times.map((each) => each.sentMs)),
    filed: spread(times.map((each) => each.filedMs)),
    between: spread(times.map((each) => each.filedMs - each.sentMs)),
  };
}
