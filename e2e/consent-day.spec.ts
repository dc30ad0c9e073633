import { expect, type Page, test } from "@playwright/test";
import { openDevice, signIn } from "./support/clinician.ts";
import * as day from "./support/day.ts";
import { picture, reader, sendCase } from "./support/eye-case.ts";
import { asker, signIn as signInByHand } from "./support/raw-client.ts";
import { running } from "./support/stack.ts";
import { signWithFinger } from "./support/trouble.ts";

/**
 * The consent, from the hand that gives it to the hand that takes it back: every way of giving it, a colleague beyond its reach, an
 * emergency, and a withdrawal while somebody looks at the picture. Each refusal stands beside what is allowed.
 */

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** When the last picture left the page, by the page's own clock, and whether its bytes can still be had. */
async function watchPictures(page: Page): Promise<() => Promise<{ goneMs: number; readable: boolean }>> {
  await page.evaluate(() => {
    const urls = new Set<string>();
    const look = () => {
      const shown = [...document.images].filter((image) => image.src.startsWith("blob:"));
      for (const image of shown) urls.add(image.src);
      const gone = Reflect.get(window, "picturesGoneMs");
      if (shown.length === 0 && gone === undefined) Reflect.set(window, "picturesGoneMs", Date.now());
      if (shown.length > 0) Reflect.deleteProperty(window, "picturesGoneMs");
      Reflect.set(window, "pictureUrls", [...urls]);
    };
    look();
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  });
  return async () => {
    await expect.poll(() => page.evaluate(() => Reflect.get(window, "picturesGoneMs"))).toBeDefined();
    return page.evaluate(async () => {
      const urls: unknown = Reflect.get(window, "pictureUrls");
      // As the page's own policy lets a picture be had: by an image.
      const drawable = async (url: string) => {
        const image = new Image();
        image.src = url;
        return image.decode().then(
          () => true,
          () => false,
        );
      };
      const tried = await Promise.all((Array.isArray(urls) ? urls : []).map(drawable));
      return { goneMs: Number(Reflect.get(window, "picturesGoneMs")), readable: tried.includes(true) };
    });
  };
}

/** Whether an image on screen can be drawn a second time from its address: the control of the check above. */
const drawablePictures = (page: Page): Promise<boolean> =>
  page.evaluate(async () => {
    const image = new Image();
    image.src = [...document.images].find((each) => each.src.startsWith("blob:"))?.src ?? "";
    return image.decode().then(
      () => true,
      () => false,
    );
  });

test("@consent a withdrawal takes the photo off a colleague's screen within two seconds, and every later way to it is refused", async ({
  browser,
}) => {
  const { publicUrl, synapseSocket } = running();
  const question = "Tache sombre au fond de l’œil gauche : faut-il le voir cette semaine ?";
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);
  const roomId = await sendCase(nurse.page, "Dr Yann Kermarrec", question);
  const doctor = await reader(browser, "kermarrec", question);
  await expect(picture(doctor.page).first()).toBeVisible({ timeout: 60_000 });
  await doctor.page
    .getByRole("button", { name: /^Agrandir : / })
    .first()
    .click();
  const viewer = doctor.page.getByRole("dialog");
  await expect(viewer.getByRole("img")).toBeVisible();

  const paths = [...new Set(doctor.downloads.map((request) => new URL(request.url()).pathname))];
  expect(paths.length).toBeGreaterThan(0);
  const token = (await doctor.downloads[0]?.allHeaders())?.authorization ?? "";
  const member = asker(publicUrl, token.replace("Bearer ", ""));
  const stranger = await signInByHand(publicUrl, "aubry");
  const statusesFor = async (ask: typeof member) =>
    Promise.all(paths.map(async (path) => (await ask("GET", path)).status));
  const inProfile = () =>
    doctor.page.evaluate(
      ({ paths, token }) =>
        Promise.all(
          // The default cache mode: a copy that the browser kept would be given back.
          paths.map((path) => fetch(path, { headers: { authorization: token } }).then((got) => got.status)),
        ),
      { paths, token },
    );
  await test.step("before: a member has it by each of these ways, somebody who was never in the room by none", async () => {
    expect(await statusesFor(member)).toEqual(paths.map(() => 200));
    expect(await inProfile()).toEqual(paths.map(() => 200));
    for (const status of await statusesFor(stranger.ask)) expect([403, 404]).toContain(status);
  });
  await test.step("the log of accesses tells who looked from what machines read", async () => {
    const { body } = await member("GET", `/colloque/v1/cases/${encodeURIComponent(roomId)}/accesses`);
    const accesses = field(body, "accesses");
    expect(accesses).toContainEqual(
      expect.objectContaining({ by: "@kermarrec:valombre.example", how: "view" }),
    );
    expect(accesses).toContainEqual(
      expect.objectContaining({ by: "@archiviste:valombre.example", how: "machine" }),
    );
  });

  const gone = await watchPictures(doctor.page);
  expect(await drawablePictures(doctor.page), "while it is allowed, its bytes draw").toBe(true);
  const told = nurse.page.waitForRequest(/\/consents\/[^/]+\/withdraw$/);
  await test.step("the patient changes his mind, and the nurse says so", async () => {
    await nurse.page.getByRole("button", { name: "Retirer l’accord", exact: true }).click();
    const sheet = nurse.page.getByRole("dialog");
    await expect(sheet.getByText(/marquée «\saccord retiré\s»/)).toBeVisible();
    await sheet.getByRole("button", { name: "Retirer l’accord et les photos" }).click();
  });
  const { goneMs, readable } = await gone();
  const withdrawnMs = (await told).timing().startTime;
  const afterMs = goneMs - withdrawnMs;
  test.info().annotations.push({ type: "gone after", description: `${Math.round(afterMs)} ms` });
  console.info(`gone after ${Math.round(afterMs)} ms`);
  expect(afterMs).toBeLessThanOrEqual(2000);
  expect(readable, "an object URL still gives the picture").toBe(false);
  await expect(viewer.getByText(/Photo retirée/)).toBeVisible();

  await test.step("the case says in words what happened, and what stays", async () => {
    await doctor.page.keyboard.press("Escape");
    for (const page of [doctor.page, nurse.page]) {
      if (await page.getByRole("dialog").isVisible()) await page.keyboard.press("Escape");
      await expect(page.getByText(/Le patient a retiré son accord/)).toBeVisible({ timeout: 30_000 });
      await expect(page.getByText(/comme la loi le demande/).first()).toBeVisible();
    }
  });
  await test.step("afterwards: refused to the product, the profile, the member, a stranger, and a kicked member", async () => {
    for (const status of [
      ...(await statusesFor(member)),
      ...(await inProfile()),
      ...(await statusesFor(stranger.ask)),
    ])
      expect([403, 404, 410]).toContain(status);
    await doctor.page.reload();
    await expect(doctor.page.getByText(question).first()).toBeVisible({ timeout: 60_000 });
    await expect(doctor.page.getByText(/retirée/).first()).toBeVisible();
    await expect(doctor.page.getByText(/en route/)).toHaveCount(0);
    await expect(picture(doctor.page)).toHaveCount(0);
    // Around the gateway, as nobody can: the homeserver itself puts the member out.
    const owner = await signInByHand(publicUrl, "leroy");
    const kicked = await asker("http://localhost", owner.token, synapseSocket)(
      "POST",
      `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/kick`,
      { user_id: "@kermarrec:valombre.example" },
    );
    expect(kicked.status).toBe(200);
    for (const status of await statusesFor(member)) expect([403, 404, 410]).toContain(status);
  });
  await doctor.context.close();
  await nurse.context.close();
});

test("@consent a colleague beyond the consent is refused, then let in by the patient's word or by an emergency that everybody sees", async ({
  browser,
}) => {
  test.setTimeout(400_000);
  const question = "Papille gauche asymétrique, tension normale : faut-il un champ visuel ?";
  // Who is to be let in has to have been here once: keys cannot be given to nobody.
  for (const name of ["faure", "haddad"]) {
    const person = await openDevice(browser, name);
    await signIn(person);
    await person.context.close();
  }
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);
  await sendCase(nurse.page, "Dr Yann Kermarrec", question);
  const { page } = nurse;
  const sheet = page.getByRole("dialog");

  const refuse = async (name: string) => {
    await page.getByRole("button", { name: "Ajouter un confrère" }).click();
    await sheet.getByRole("button", { name: new RegExp(name) }).click();
    await expect(sheet.getByRole("heading", { name: new RegExp(`ne couvre pas .*${name}`) })).toBeVisible();
    await expect(sheet.getByText("Dr Kermarrec", { exact: true })).toBeVisible();
  };
  await test.step("the consent is asked for anew, names the colleague, and lets him in: he sees the photo taken before", async () => {
    await refuse("Paul Faure");
    await sheet.getByRole("button", { name: "Recueillir l’accord du patient" }).click();
    await expect(page.getByText(/Paul Faure/).first()).toBeVisible();
    await page.getByRole("button", { name: /oui aux deux, à l’oral/i }).click();
    await page.getByRole("textbox", { name: "Témoin" }).fill("Samia Benali");
    await page.getByRole("button", { name: "Enregistrer l’accord" }).click();
    await expect(page.getByText(/a recueilli un nouvel accord/)).toBeVisible({ timeout: 30_000 });
    const faure = await reader(browser, "faure", question);
    await expect(picture(faure.page).first()).toBeVisible({ timeout: 60_000 });
    await faure.context.close();
  });
  await test.step("in an emergency a reason of some length opens the glass, and the one let in sees the photo", async () => {
    await refuse("Nadia Haddad");
    await sheet.getByRole("button", { name: "Accès d’urgence" }).click();
    await sheet.getByLabel("Pourquoi c’est une urgence").fill("urgent");
    await sheet.getByRole("button", { name: /^Ouvrir l’accès/ }).click();
    await expect(sheet.getByText(/en 10 lettres au moins/).last()).toBeVisible();
    await sheet.getByLabel("Pourquoi c’est une urgence").fill("Patient inconscient, famille injoignable.");
    await sheet.getByRole("button", { name: /^Ouvrir l’accès/ }).click();
    await expect(sheet.getByText(/L’accès d’urgence est ouvert/)).toBeVisible({ timeout: 30_000 });
    await sheet.getByRole("button", { name: "Revenir au cas" }).click();
    const haddad = await reader(browser, "haddad", question);
    await expect(picture(haddad.page).first()).toBeVisible({ timeout: 60_000 });
    await expect(
      haddad.page.getByText("« Patient inconscient, famille injoignable. »").first(),
    ).toBeVisible();
    await haddad.context.close();
  });
  await test.step("everybody is reminded until the patient was told", async () => {
    const doctor = await reader(browser, "kermarrec", question);
    const owed = "Le patient n’en est pas encore informé.";
    await expect(doctor.page.getByText(owed)).toBeVisible({ timeout: 30_000 });
    await page.getByRole("button", { name: "Noter que c’est dit" }).click();
    await sheet.getByRole("button", { name: "Le patient a été informé" }).click();
    await expect(doctor.page.getByText(owed)).toHaveCount(0, { timeout: 30_000 });
    await expect(doctor.page.getByText("a informé le patient de l’accès d’urgence.")).toBeVisible();
    await doctor.context.close();
  });
  await nurse.context.close();
});

test("@consent each way of giving it: spoken, signed, no objection, emergency; a child with both parents", async ({
  browser,
}) => {
  const nurse = await openDevice(browser, "leroy");
  await signIn(nurse);
  const { page } = nurse;
  const given: unknown[] = [];
  page.on("request", (request) => {
    if (/\/colloque\/v1\/consents$/.test(request.url()))
      given.push(field(field(request.postDataJSON(), "consent"), "payload"));
  });
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  const turn = (name: RegExp) => page.getByRole("switch", { name }).click();
  /** Recorded: the camera opens, which only a live consent lets it. */
  const recorded = async (method: string) => {
    await expect(button("Fermer l’appareil photo")).toBeVisible({ timeout: 30_000 });
    expect(given.at(-1)).toMatchObject({ method });
    await button("Fermer l’appareil photo").click();
    await expect(page.getByText("Consentie", { exact: true })).toBeVisible();
  };
  /** Taken back with a trace, and asked for anew. */
  const again = async () => {
    const told = page.waitForResponse(/\/consents\/[^/]+\/withdraw$/);
    await button("Recueilli par erreur : recommencer").click();
    await page.getByRole("dialog").getByRole("button", { name: "Annuler l’accord et recommencer" }).click();
    const answer = await told;
    expect(answer.status()).toBe(200);
    expect(answer.request().postDataJSON()).toEqual({ reason: "collected-in-error" });
    await button("Recueillir son accord").click();
  };

  await day.startRequest(page);
  await day.choosePatient(page, "DELATTRE", "14/03/1959", "elle");
  await day.chooseColleague(page, "Dr Hélène Martin");
  await button("Recueillir son accord").click();
  await test.step("spoken, for care: yes; for teaching a signature lacks, in words", async () => {
    await button(/oui aux deux, à l’oral/i).click();
    await page.getByRole("textbox", { name: "Témoin" }).fill("Paul Faure");
    await button(/^Autres usages/).click();
    await turn(/Pour enseigner/);
    await expect(page.getByText(/Pour enseigner, il faut une signature/)).toBeVisible();
    await turn(/Pour enseigner/);
    await button("Enregistrer et photographier").click();
    await recorded("oral-witnessed");
  });
  await test.step("signed, for care and for teaching", async () => {
    await again();
    await turn(/^L’avis/);
    await turn(/^Des photos/);
    await button(/^Autres usages/).click();
    await turn(/Pour enseigner/);
    await signWithFinger(page);
    await button("Enregistrer et photographier").click();
    await recorded("signed-on-screen");
    expect(field(given.at(-1), "decisions")).toContainEqual({ purpose: "teaching", granted: true });
  });
  await test.step("informed and not objecting, to a colleague by name", async () => {
    await again();
    await button("Informé, sans opposition").click();
    await button("Enregistrer et photographier").click();
    await recorded("non-opposition");
  });
  await test.step("an emergency, with its reason", async () => {
    await again();
    await button("Urgence, ne peut pas répondre").click();
    await expect(page.getByText(/pourquoi personne n’a pu être interrogé/).last()).toBeVisible();
    await page.getByLabel("Pourquoi personne n’a pu être interrogé").fill("Inconsciente, venue seule.");
    await button("Enregistrer l’urgence").click();
    await recorded("emergency");
    expect(given.at(-1)).toMatchObject({ givenBy: "nobody" });
  });
  await test.step("a child: another patient takes the first consent back; one parent may not let publish, both may", async () => {
    const told = page.waitForResponse(/\/consents\/[^/]+\/withdraw$/);
    await day.choosePatient(page, "BERNARD", null, "lui");
    expect((await told).status()).toBe(200);
    await button("Recueillir son accord").click();
    await turn(/^L’avis/);
    await turn(/^Des photos/);
    await button(/^Autres usages/).click();
    await turn(/Pour publier/);
    await page.getByLabel("Prénom et nom du représentant").fill("Lina Bernard");
    await page.getByRole("radio", { name: "oui", exact: true }).click();
    await signWithFinger(page);
    await expect(page.getByText(/Pour publier, l’accord des deux parents est nécessaire/)).toBeVisible();
    await page.getByRole("radio", { name: "les deux" }).click();
    await page.getByLabel("Prénom et nom de l’autre parent").fill("Karim Bernard");
    await button("Enregistrer et photographier").click();
    await recorded("signed-on-screen");
    expect(given.at(-1)).toMatchObject({ givenBy: "both-parents", assent: "yes" });
    expect(field(given.at(-1), "decisions")).toContainEqual({ purpose: "publication", granted: true });
  });
  await nurse.context.close();
});
