import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { z } from "zod";
import { connectStack } from "../stack/control.ts";
import { demoPassword } from "../stack/demo/hospital.ts";
import { chromiumBinary } from "../stack/install.ts";
import { unixRequest } from "../stack/unix-http.ts";
import { serveBare } from "./bare-server.ts";
import { buildPages } from "./build-pages.ts";
import { writeFilm } from "./film.ts";
import type { Bare } from "./pages/bare.ts";
import type { Ours } from "./pages/ours.ts";
import { ci95Of, medianOf } from "./statistics.ts";

/**
 * `npm run bench -- photo [--pairs N] [--handicap MS]`: from the shutter to the picture decoded on the colleague's screen.
 *
 *   ours   the product's own modules behind a page without screens, through the gateway, everything on: consent, receipt, permit, leases,
 *          the archivist that files each photo in the record
 *   bare   matrix-js-sdk in an afternoon: encode, encrypt, upload, send; no thumbnail, no consent; straight to Synapse
 *
 * Same camera frame, same encoder and quality, same Synapse, a room each with a nurse's or doctor's device and a colleague's. Ours and bare
 * take turns (A B B A); every photo is filed before the next is taken, so that one side's filing does not slow the other.
 */

declare global {
  interface Window {
    readonly ours: Ours;
    readonly bare: Bare;
  }
}

const { values: options } = parseArgs({
  options: {
    pairs: { type: "string", default: "30" },
    /** Milliseconds added to ours: a control that the bench sees a difference. */
    handicap: { type: "string", default: "0" },
    /** Prints each pair. */
    verbose: { type: "boolean", default: false },
  },
});
const pairs = Math.max(2, Number(options.pairs));
const handicapMs = Number(options.handicap);
const warmUp = 3;
/** Photos of one case: a real one has a handful. */
const photosOfCase = 12;
const pauseMs = 300;

type Shot = { readonly fullMs: number; readonly previewMs: number; readonly bytes: number };

const { facts } = connectStack();
const pages = process.env.COLLOQUE_BENCH_PAGES ?? "";
const busyBefore = loadavg()[0] ?? 0;
if (busyBefore > cpus().length)
  console.error(
    `The machine is busy (load ${busyBefore.toFixed(1)}): what follows compares, and says little in milliseconds.`,
  );

const folder = await mkdtemp(join(tmpdir(), "colloque-film-"));
try {
  const film = join(folder, "film.y4m");
  await Promise.all([buildPages(pages), writeFilm(film)]);
  const places = await reservePlaces("faure", warmUp + pairs);
  await using server = await serveBare(pages, facts.synapseSocket, places);
  const browser = await openBrowser(film);
  try {
    await measure(browser, server.url);
  } finally {
    await browser.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function openBrowser(film: string): Promise<Browser> {
  const executablePath = chromiumBinary();
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${film}`,
      "--mute-audio",
      "--disable-background-networking",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
}

async function measure(browser: Browser, bareUrl: string): Promise<void> {
  const openPage = async (url: string) => {
    const context = await browser.newContext({ permissions: ["camera"] });
    const page = await context.newPage();
    page.on("pageerror", (error) => console.error(`${url}: ${error.message}`));
    await page.goto(url);
    return page;
  };
  const openOurs = async (account: string) => {
    const page = await openPage(`${facts.publicUrl}/ours.html`);
    await page.evaluate(([name, password]) => window.ours.signIn(name, password), [
      account,
      demoPassword,
    ] as const);
    return page;
  };
  const openBare = async (account: string) => {
    const page = await openPage(`${bareUrl}/bare.html`);
    await page.evaluate(([name, password]) => window.bare.signIn(name, password), [
      account,
      demoPassword,
    ] as const);
    return page;
  };
  const userId = (account: string) => `@${account}:${facts.serverName}`;

  // The bare room is a case room like ours (Synapse has no others), without the archivist, and with devices that know nothing of consent.
  const faure = await openOurs("faure");
  const haddad = await openOurs("haddad");
  const bareCase = await faure.evaluate((to) => window.ours.openCase("LE GOFF", to), userId("haddad"));
  const bareRoom = await haddad.evaluate((caseId) => window.ours.roomOf(caseId), bareCase.caseId);
  // Not before it has filed what it owes that case.
  await faure.evaluate((caseId) => window.ours.settled(caseId), bareCase.caseId);
  await letArchivistLeave(bareRoom);
  await faure.evaluate(() => window.ours.door.signOut());
  await haddad.evaluate(() => window.ours.door.signOut());
  await Promise.all([faure.context().close(), haddad.context().close()]);
  const bareSender = await openBare("faure");
  const bareReader = await openBare("haddad");
  await bareSender.evaluate(() => window.bare.openCamera());

  const sender = await openOurs("leroy");
  const reader = await openOurs("martin");
  await sender.evaluate(() => window.ours.openCamera());
  let ourCase = { caseId: "", consentId: "" };
  const beginCase = async () => {
    ourCase = await sender.evaluate((to) => window.ours.openCase("DELATTRE", to), userId("martin"));
    await reader.evaluate((caseId) => window.ours.watch(caseId), ourCase.caseId);
    await sender.evaluate((caseId) => window.ours.settled(caseId), ourCase.caseId);
  };

  const shootOurs = async (): Promise<Shot> => {
    const { caseId, consentId } = ourCase;
    const shot = await sender.evaluate(([of, consent, ms]) => window.ours.shoot(of, consent, ms), [
      caseId,
      consentId,
      handicapMs,
    ] as const);
    const seen = await reader.evaluate((photoId) => window.ours.seen(photoId), shot.photoId);
    await tell(shot.startedAtMs, sender, reader, (page, at) =>
      page.evaluate((ms) => window.ours.timings(ms), at),
    );
    await sender.evaluate((of) => window.ours.settled(of), caseId);
    return {
      fullMs: seen.full - shot.startedAtMs,
      previewMs: seen.preview - shot.startedAtMs,
      bytes: shot.bytes,
    };
  };
  const shootBare = async (): Promise<Shot> => {
    const name = crypto.randomUUID();
    const shot = await bareSender.evaluate(([room, photo]) => window.bare.shoot(room, photo), [
      bareRoom,
      name,
    ] as const);
    const at = await bareReader.evaluate((photo) => window.bare.decoded(photo), name);
    await tell(shot.startedAtMs, bareSender, bareReader, (page, ms) =>
      page.evaluate((since) => window.bare.timings(since), ms),
    );
    return { fullMs: at - shot.startedAtMs, previewMs: at - shot.startedAtMs, bytes: shot.bytes };
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs));

  const ours: Shot[] = [];
  const bare: Shot[] = [];
  for (let pair = 0; pair < warmUp + pairs; pair += 1) {
    if (pair % photosOfCase === 0) await beginCase();
    const turns = pair % 2 === 0 ? (["ours", "bare"] as const) : (["bare", "ours"] as const);
    for (const turn of turns) {
      await pause();
      const shot = turn === "ours" ? await shootOurs() : await shootBare();
      if (pair >= warmUp) (turn === "ours" ? ours : bare).push(shot);
      if (options.verbose)
        console.error(`${pair < warmUp ? "warm-up" : pair - warmUp + 1} ${turn} ${JSON.stringify(shot)}`);
    }
  }
  report(ours, bare);
}

/** Where the time went, on both pages. */
async function tell(
  startedAtMs: number,
  sender: Page,
  reader: Page,
  timings: (page: Page, startedAtMs: number) => Promise<string>,
): Promise<void> {
  if (!options.verbose) return;
  console.error(`  sender ${await timings(sender, startedAtMs)}`);
  console.error(`  reader ${await timings(reader, startedAtMs)}`);
}

/**
 * Media addresses of this person, which the ledger takes for bundles of keys: what nobody announced would be refused by the policy in
 * Synapse and taken out by the sweeper. Reserved before the first shot, so that it costs the bare page nothing.
 */
async function reservePlaces(account: string, count: number): Promise<string[]> {
  const ask = async (path: string, body: object, token?: string): Promise<unknown> => {
    const options = { ...(token === undefined ? {} : { token }), body };
    return (await unixRequest(facts.synapseSocket, "POST", path, options)).body;
  };
  const login = z.object({ access_token: z.string() }).parse(
    await ask("/_matrix/client/v3/login", {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: account },
      password: demoPassword,
    }),
  );
  using ledger = new DatabaseSync(join(facts.dataDir, "server", "colloque.db"), { timeout: 5000 });
  const add = ledger.prepare(
    "INSERT INTO tickets (ticket_id, room_id, invitee, mxc, expires_at) VALUES (?, '', ?, ?, ?)",
  );
  const places: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const made = z
      .object({ content_uri: z.string() })
      .parse(await ask("/_matrix/media/v1/create", {}, login.access_token));
    add.run(crypto.randomUUID(), account, made.content_uri, Date.now() + 24 * 3600_000);
    places.push(made.content_uri);
  }
  return places;
}

/** The room of the bare page is for two: with the server's own leave, the archivist goes. */
async function letArchivistLeave(roomId: string): Promise<void> {
  const bot = `@archiviste:${facts.serverName}`;
  const call = async (path: string, token: string | null): Promise<unknown> => {
    const options = { ...(token === null ? {} : { token }), body: {} };
    const answer = await unixRequest(facts.synapseSocket, "POST", path, options);
    if (answer.status !== 200) throw new Error(`${path.split("/").at(-1)}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const login = await call(`/_synapse/admin/v1/users/${encodeURIComponent(bot)}/login`, facts.adminToken);
  const token =
    login !== null && typeof login === "object" && "access_token" in login
      ? String(login.access_token)
      : null;
  await call(`/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/leave`, token);
}

function report(ours: readonly Shot[], bare: readonly Shot[]): void {
  const ratios = ours.map((shot, at) => shot.fullMs / (bare[at]?.fullMs ?? Number.NaN));
  const previewRatios = ours.map((shot, at) => shot.previewMs / (bare[at]?.fullMs ?? Number.NaN));
  const bytes = medianOf(ours.map((shot) => shot.bytes));
  const bareBytes = medianOf(bare.map((shot) => shot.bytes));
  if (Math.abs(bytes - bareBytes) > 0.02 * bareBytes)
    throw new Error(`The two sides did not send the same picture: ${bytes} and ${bareBytes} bytes`);
  const times = {
    oursMs: medianOf(ours.map((shot) => shot.fullMs)),
    previewMs: medianOf(ours.map((shot) => shot.previewMs)),
    bareMs: medianOf(bare.map((shot) => shot.fullMs)),
  };
  const result = {
    bench: "photo",
    ratio: round(medianOf(ratios)),
    ci95: ci95Of(ratios).map(round),
    previewRatio: round(medianOf(previewRatios)),
    previewCi95: ci95Of(previewRatios).map(round),
    ...times,
    pairs: ours.length,
    bytes,
    handicapMs,
    load: [round(busyBefore), round(loadavg()[0] ?? 0)],
  };
  const [low, high] = result.ci95;
  const [previewLow, previewHigh] = result.previewCi95;
  console.log(
    `A photo of ${(bytes / 1e6).toFixed(1)} MB is on the colleague's screen ${times.oursMs} ms after the shutter, and a useful preview of it after ` +
      `${times.previewMs} ms; a bare page without consent, receipt, permit or filing takes ${times.bareMs} ms. Median of ${ours.length} paired ` +
      `ratios: ${result.ratio} for the whole picture (95 %: ${low} to ${high}), ${result.previewRatio} for the preview (${previewLow} to ${previewHigh}).`,
  );
  console.log(JSON.stringify(result));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
