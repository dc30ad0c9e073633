import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type Download, expect, type Page } from "@playwright/test";
import { demoPassword, keepKey, recallKey } from "./clinician.ts";
import { running } from "./stack.ts";
import { jpegMadeBy, signWithFinger } from "./trouble.ts";
import { type Language, wordsIn } from "./words.ts";

/**
 * A walk through every screen with one real case: a general practitioner asks, an ophthalmologist answers, both in one language. At each
 * screen the visitor is called: it looks at it in both themes, or takes its picture.
 */

/** What lies over the pictures closes when a telephone's layout becomes a desktop's: `reopen` brings it back. */
export type Visit = (page: Page, screen: string, reopen?: () => Promise<void>) => Promise<void>;

type Say = ReturnType<typeof wordsIn>;
type Walker = {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly say: Say;
  readonly see: Visit;
};

export const retina = fileURLToPath(new URL("../samples/retina.jpg", import.meta.url));

const texts = {
  fr: {
    question: "Baisse de vision de l’œil gauche depuis hier, indolore. Faut-il le voir aujourd’hui ?",
    history: "Hypertendu, 52 ans. Voile gris apparu au réveil, sans éclair ni mouche.",
    message: "Tension 168/94 ce matin.",
    findings: "Papille à bords nets, rapport 0,3. Pas d’hémorragie au pôle postérieur.",
    assessment: "Occlusion d’une branche veineuse, débutante",
    plan: "OCT et champ visuel demain. Équilibrer la tension dès ce soir.",
    ifWorse: "Douleur ou perte brutale du champ : urgences ophtalmologiques.",
    limits: "Une seule image, périphérie non vue.",
    when: "lundi 23 novembre à 9 h, consultation",
    place: "Œil gauche",
  },
  en: {
    question: "Painless loss of vision in the left eye since yesterday. Must he be seen today?",
    history: "Hypertension, 52. A grey veil on waking, no flashes, no floaters.",
    message: "Blood pressure 168/94 this morning.",
    findings: "Disc margins sharp, ratio 0.3. No haemorrhage at the posterior pole.",
    assessment: "Early branch vein occlusion",
    plan: "OCT and visual field tomorrow. Bring the blood pressure down from tonight.",
    ifWorse: "Pain or sudden loss of field: eye emergency department.",
    limits: "One picture, periphery not seen.",
    when: "Monday 23 November, 9 am, clinic",
    place: "Left eye",
  },
} as const;

async function walker(browser: Browser, language: Language, see: Visit): Promise<Walker> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    locale: language === "fr" ? "fr-FR" : "en-GB",
    permissions: ["camera"],
    baseURL: running().publicUrl,
  });
  // A gesture that finds nothing says so soon, and not when the whole walk's time is over.
  context.setDefaultTimeout(30_000);
  return { page: await context.newPage(), context, say: wordsIn(language), see };
}

/** The whole walk, in one language. It ends with the letter that was filed, which `keep` may put away. */
export async function tour(
  browser: Browser,
  language: Language,
  see: Visit,
  keep?: (letter: Download) => Promise<void>,
): Promise<void> {
  const asker = await walker(browser, language, see);
  await atTheDoor(asker, "faure");
  await asker.see(asker.page, "worklist-empty");
  await requestScreens(asker, language);
  await outsideScreens(asker, language);
  const expert = await walker(browser, language, async () => undefined);
  await atTheDoor(expert, "kermarrec");
  await expertScreens({ ...expert, see }, language);
  const letter = await afterwards({ ...asker, see }, language);
  await keep?.(letter);
  await asker.context.close();
  await expert.context.close();
}

/** Sign-in, and whatever this person meets there: the sheet with the key, or the question for it. */
async function atTheDoor({ page, say, see }: Walker, name: string): Promise<void> {
  await page.goto("/");
  await page.getByLabel(say("session:form.name")).fill(name);
  await see(page, "sign-in");
  await page.getByLabel(say("session:form.password"), { exact: true }).fill(`${demoPassword}?`);
  await page.getByRole("button", { name: say("session:form.enter") }).click();
  await expect(page.getByRole("alert").filter({ hasText: /\w/ })).toBeVisible();
  await see(page, "sign-in-refused");
  await page.getByLabel(say("session:form.password"), { exact: true }).fill(demoPassword);
  await page.getByRole("button", { name: say("session:form.enter") }).click();
  const sheet = page.getByRole("heading", { name: say("session:key.title") });
  const locked = page.getByRole("heading", { name: say("session:unlock.title") });
  await expect(sheet.or(locked)).toBeVisible({ timeout: 60_000 });
  if (await sheet.isVisible()) {
    await see(page, "recovery-key");
    const shown = await page.getByLabel(say("session:key.label")).textContent();
    keepKey(name, (shown ?? "").replace(/\s+/g, " ").trim());
    await page.getByRole("button", { name: say("session:key.saved") }).click();
  } else {
    await see(page, "new-device");
    await page.getByRole("button", { name: say("session:unlock.lost") }).click();
    await see(page, "start-anew");
    await page.getByRole("button", { name: say("session:anew.back") }).click();
    await page.getByLabel(say("session:unlock.label")).fill(recallKey(name));
    await page.getByRole("button", { name: say("session:unlock.open") }).click();
  }
  await expect(page.getByRole("tablist")).toBeVisible({ timeout: 60_000 });
}

async function requestScreens({ page, say, see }: Walker, language: Language): Promise<void> {
  const sheet = page.getByRole("dialog");
  const said = texts[language];
  await page.getByRole("button", { name: say("cases:ask") }).click();
  await see(page, "request-blank");
  await page
    .getByRole("button", { name: say("request:sentence.patientLabel", { value: "" }).trim() })
    .click();
  await see(page, "patient-search");
  const find = async (family: string) => {
    await sheet.getByLabel(say("request:patient.family")).fill(family);
    await sheet.getByRole("button", { name: say("request:patient.search"), exact: true }).click();
  };
  await find("Zzyzx");
  await expect(sheet.getByText(say("request:patient.none"))).toBeVisible();
  await see(page, "patient-none");
  await find("Moreau");
  await expect(sheet.getByText(say("request:patient.several", { count: 2 }))).toBeVisible();
  await see(page, "patient-choose");
  await sheet.getByRole("button", { name: say("request:patient.narrow") }).click();
  await find("Le Goff");
  await expect(sheet.getByRole("button", { name: say("request:patient.yes_male") })).toBeVisible();
  await see(page, "patient-confirm");
  await sheet.getByRole("button", { name: say("request:patient.yes_male") }).click();
  await page
    .getByRole("button", { name: say("request:sentence.addresseeLabel", { value: "" }).trim() })
    .click();
  await expect(sheet.getByRole("button", { name: "Dr Yann Kermarrec" })).toBeVisible();
  await see(page, "addressee");
  await sheet.getByRole("button", { name: "Dr Yann Kermarrec" }).click();
  const urgency = page.getByRole("button", {
    name: say("request:sentence.urgencyLabel", { value: "" }).trim(),
  });
  await urgency.click();
  await see(page, "urgency");
  await sheet.getByRole("button", { name: say("request:urgency.now") }).click();
  await see(page, "call-instead");
  await urgency.click();
  await sheet.getByRole("button", { name: say("request:urgency.today") }).click();
  await page.getByLabel(say("request:question.label")).fill(said.question);
  await page.getByLabel(say("request:history.label")).fill(said.history);
  await page.getByText(say("request:details.title"), { exact: true }).click();
  await see(page, "request-details");
  await page.getByText(say("request:details.title"), { exact: true }).click();
  await see(page, "request-before-consent");

  await page.goto("/demande/photo");
  await expect(page.getByText(say("capture:refused.title"))).toBeVisible();
  await see(page, "camera-closed");
  await page.getByRole("button", { name: say("capture:refused.back") }).click();
  await page.getByRole("button", { name: say("request:consent.ask_male") }).click();
  await see(page, "consent");
  await page.getByRole("button", { name: say("consent:refuse") }).click();
  await see(page, "consent-refuse");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: say("consent:oral") }).click();
  await see(page, "consent-oral");
  await page.getByRole("button", { name: say("consent:sign") }).click();
  await signWithFinger(page, say("ui:signature.label"));
  await see(page, "consent-signed");
  await page.getByRole("button", { name: say("consent:record") }).click();
  await photoScreens({ page, say, see }, said.place);
}

async function photoScreens({ page, say, see }: Pick<Walker, "page" | "say" | "see">, place: string) {
  await expect(page.getByRole("button", { name: say("capture:shutter"), exact: true })).toBeVisible();
  await see(page, "camera");
  const files = page.locator("input[type=file]");
  const letter = { name: "lettre.jpg", mimeType: "image/jpeg", buffer: Buffer.from("%PDF-1.7\n") };
  await files.setInputFiles(letter);
  await expect(page.getByText(say("capture:fileRefused.title"))).toBeVisible();
  await see(page, "file-refused");
  const made = { name: "photo.jpg", mimeType: "image/jpeg", buffer: await jpegMadeBy(page) };
  await files.setInputFiles(existsSync(retina) ? retina : made);
  await expect(page.getByText(say("capture:preparing"))).toHaveCount(0);
  await expect(page.getByRole("img", { name: say("capture:shot") })).toBeVisible();
  await see(page, "photo-review");
  await page.getByRole("button", { name: say("capture:keep") }).click();
  await see(page, "body-site-blank");
  await page.getByLabel(say("capture:site.list")).selectOption({ label: place });
  await see(page, "body-site");
  await page.getByRole("button", { name: say("capture:site.left") }).click();
  await expect(page.getByLabel(say("request:question.label"))).toBeVisible();
  // A second one, of the camera this time.
  await page.getByRole("button", { name: say("request:photos.addLabel") }).click();
  await page.getByRole("button", { name: say("capture:shutter"), exact: true }).click();
  await page.getByRole("button", { name: say("capture:keep") }).click();
  await page.getByLabel(say("capture:site.list")).selectOption({ label: place });
  await page.getByRole("button", { name: say("capture:site.left") }).click();
  await page.getByRole("button", { name: say("capture:finish", { count: 2 }) }).click();
  await expect(page.getByLabel(say("request:question.label"))).toBeVisible();
  await see(page, "request-ready");
}

/** What stands on no way: the account, a wrong address, a second tab, no network. */
async function outsideScreens({ page, context, say, see }: Walker, language: Language): Promise<void> {
  await page.goto("/");
  await expect(page.getByText(say("cases:drafts.title"), { exact: true })).toBeVisible();
  await see(page, "worklist-draft");
  await page.goto("/compte");
  await expect(page.getByText(say("settings:partState.up")).first()).toBeVisible();
  await see(page, "account");
  await page.getByRole("button", { name: say("settings:signOut") }).click();
  await see(page, "sign-out");
  await page.goto("/nulle-part");
  await expect(page.getByText(say("session:shell.nowhere"))).toBeVisible();
  await see(page, "nowhere");
  const second = await context.newPage();
  await second.setViewportSize({ width: 390, height: 844 });
  await second.goto("/");
  await expect(second.getByRole("heading", { name: say("session:otherTab.title") })).toBeVisible();
  await see(second, "other-tab");
  await second.close();
  await page.goto("/demande");
  await page
    .getByRole("button", { name: /Dr .*Kermarrec$/ })
    .last()
    .click();
  await expect(page).toHaveURL(/\/cas\/|\/$/);
  await page.goto("/");
  await page.getByRole("tab", { name: say("cases:tabs.waiting") }).click();
  await expect(page.getByText(say("cases:outgoing.title"))).toHaveCount(0, { timeout: 60_000 });
  await see(page, "worklist-waiting");
  await openFirst(page, texts[language].question);
  await expect(page.getByText(say("cases:archivist.what")).first()).toBeVisible({ timeout: 60_000 });
  await see(page, "case-waiting");
}

async function openFirst(page: Page, question: string): Promise<void> {
  // The row, or the button of the first case on a phone.
  const row = page.getByRole("link").filter({ hasText: question }).first();
  const hero = page.getByRole("article").filter({ hasText: question }).getByRole("button").first();
  await expect(row.or(hero).first()).toBeVisible({ timeout: 60_000 });
  await row.or(hero).first().click();
}

async function expertScreens({ page, say, see }: Walker, language: Language): Promise<void> {
  const said = texts[language];
  const sheet = page.getByRole("dialog");
  await expect(page.getByText(said.question).first()).toBeVisible({ timeout: 60_000 });
  await see(page, "worklist");
  await openFirst(page, said.question);
  await expect(page.getByRole("img", { name: new RegExp(said.place, "i") }).first()).toBeVisible({
    timeout: 30_000,
  });
  await see(page, "case-to-answer");
  await photoSheets({ page, say, see });
  await page.getByRole("button", { name: say("cases:archivist.what") }).click();
  await see(page, "archivist");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: say("cases:bar.askMore") }).click();
  await see(page, "ask-more");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: say("cases:bar.decline") }).click();
  await see(page, "decline");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: say("cases:bar.accept") }).click();
  await expect(page.getByRole("button", { name: say("cases:bar.answer") })).toBeVisible();
  await see(page, "case-accepted");
  await page.getByRole("button", { name: say("cases:bar.answer") }).click();
  await expect(page.getByLabel(say("opinion:sections.findings"))).toBeVisible();
  await see(page, "opinion-blank");
  for (const part of ["findings", "assessment", "plan", "ifWorse", "limits"] as const)
    await page.getByLabel(say(`opinion:sections.${part}`)).fill(said[part]);
  await page.getByRole("radio", { name: say("opinion:certainty.probable"), exact: true }).click();
  await page.getByRole("radio", { name: say("opinion:inPerson.yes"), exact: true }).click();
  await page.getByLabel(say("opinion:inPerson.when")).fill(said.when);
  await see(page, "opinion");
  await page.getByRole("button", { name: say("opinion:preview") }).click();
  await see(page, "opinion-letter");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: say("opinion:sign") }).click();
  await see(page, "opinion-sign");
  await sheet.getByRole("button", { name: say("opinion:confirm.sign") }).click();
  await expect(page.getByText(say("cases:bar.closed"))).toBeVisible({ timeout: 60_000 });
}

/** What opens over a picture: itself, large, and the proof behind one of its knots. */
async function photoSheets({ page, say, see }: Pick<Walker, "page" | "say" | "see">): Promise<void> {
  const over = page.getByRole("dialog");
  const large = async () => {
    const opener = page.getByRole("button", { name: say("cases:photo.openFull", { what: "" }).trim() });
    if (!(await over.isVisible())) await opener.first().click();
    const widthOnScreen = async () => (await over.getByRole("img").last().boundingBox())?.width ?? 0;
    await expect.poll(widthOnScreen).toBeGreaterThan(200);
  };
  await large();
  await see(page, "photo-viewer", large);
  await page.keyboard.press("Escape");
  await expect(over).toHaveCount(0);
  const proof = async () => {
    const knot = page.getByRole("button", { name: new RegExp(`^${say("cases:knots.consented")}`) });
    if (!(await over.isVisible())) await knot.first().click();
    await expect(over).toBeVisible();
  };
  await proof();
  await see(page, "proof-consent", proof);
  await page.keyboard.press("Escape");
  await expect(over).toHaveCount(0);
}

/** The asker again: the answer, the record, and the same without a network. */
async function afterwards({ page, context, say, see }: Walker, language: Language): Promise<Download> {
  const said = texts[language];
  await page.goto("/");
  await page.getByRole("tab", { name: say("cases:tabs.done") }).click();
  await openFirst(page, said.question);
  await expect(page.getByText(said.assessment).first()).toBeVisible({ timeout: 60_000 });
  const filed = say("cases:archivist.filedAll", { time: "@" }).split("@")[0]?.trim() ?? "";
  await expect(page.getByText(filed).first()).toBeVisible({ timeout: 90_000 });
  await see(page, "case-answered");
  await page.getByRole("link", { name: say("cases:archivist.record") }).click();
  await expect(
    page
      .getByText(said.assessment)
      .or(page.getByText(say("record:same")).first())
      .first(),
  ).toBeVisible();
  // On a telephone a piece unfolds under its row; on a desktop the letter opens by itself.
  const save = page.getByRole("link", { name: say("record:save") });
  await see(page, "record", async () => {
    if ((page.viewportSize()?.width ?? 0) > 1100) await expect(save).toBeVisible();
  });
  const piece = page.getByRole("button", { name: new RegExp(`^${say("record:kind.photo")}`) }).first();
  const opened = async () => {
    if ((await piece.getAttribute("aria-pressed")) !== "true") await piece.click();
    await expect(save).toBeVisible();
    await piece.scrollIntoViewIfNeeded();
  };
  await see(page, "record-photo", opened);
  const opinion = page.getByRole("button", { name: new RegExp(`^${say("record:kind.opinion")}`) }).first();
  if ((await opinion.getAttribute("aria-pressed")) !== "true") await opinion.click();
  const coming = page.waitForEvent("download");
  await save.click();
  const letter = await coming;
  await page.goto("/");
  await page.getByRole("tab", { name: say("cases:tabs.done") }).click();
  await see(page, "worklist-done");
  await context.setOffline(true);
  await expect(page.getByText(say("session:shell.offline", { time: "@" }).split("@")[0] ?? "")).toBeVisible();
  await see(page, "offline");
  await context.setOffline(false);
  return letter;
}
