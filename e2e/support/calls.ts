import { closeSync, mkdtempSync, openSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, expect, type Page } from "@playwright/test";
import { z } from "zod";
import { chromiumBinary } from "../../stack/install.ts";
import { type Clinician, type Device, telephone } from "./clinician.ts";
import { running } from "./stack.ts";

/** Clinicians in calls: each in a browser of their own, whose camera films a picture that is known. */

/** Red, green, blue, each 0 to 255. */
type Colour = readonly [number, number, number];
/** A picture in two halves, left and right: neither upside down nor of somebody else. */
export type Scene = { readonly left: Colour; readonly right: Colour };

export const ofTheNurse: Scene = { left: [200, 30, 30], right: [30, 30, 200] };
export const ofTheDoctor: Scene = { left: [30, 160, 30], right: [220, 200, 40] };

const size = { width: 640, height: 360 } as const;

/** Writes a film that shows this scene, as Chromium's make-believe camera takes it (YUV4MPEG2). */
function filmOf(scene: Scene): string {
  const path = join(mkdtempSync(join(tmpdir(), "colloque-film-")), "scene.y4m");
  const file = openSync(path, "w");
  const { width, height } = size;
  writeSync(file, `YUV4MPEG2 W${width} H${height} F15:1 Ip A1:1 C420jpeg\n`);
  const plane = (w: number, h: number, of: (colour: Colour) => number): Buffer => {
    const row = Buffer.alloc(w);
    row.fill(of(scene.left), 0, w / 2);
    row.fill(of(scene.right), w / 2);
    return Buffer.concat(Array.from({ length: h }, () => row));
  };
  const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
  const y = plane(width, height, ([r, g, b]) => clamp(0.299 * r + 0.587 * g + 0.114 * b));
  const u = plane(width / 2, height / 2, ([r, g, b]) => clamp(128 - 0.168736 * r - 0.331264 * g + 0.5 * b));
  const v = plane(width / 2, height / 2, ([r, g, b]) => clamp(128 + 0.5 * r - 0.418688 * g - 0.081312 * b));
  for (let frame = 0; frame < 15; frame += 1) {
    writeSync(file, "FRAME\n");
    for (const each of [y, u, v]) writeSync(file, each);
  }
  closeSync(file);
  return path;
}

export type Caller = Clinician & { readonly close: () => Promise<void> };

/** Opens a browser whose camera films this scene. What the page asks of hosts that are not the product's is kept. */
export async function openFilming(name: string, scene: Scene, device: Device = telephone): Promise<Caller> {
  const executablePath = chromiumBinary();
  const browser: Browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${filmOf(scene)}`,
      "--mute-audio",
      "--disable-background-networking",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  const context: BrowserContext = await browser.newContext({
    viewport: { width: device.width, height: device.height },
    hasTouch: device.touch,
    permissions: ["camera", "microphone"],
    baseURL: running().publicUrl,
    locale: "fr-FR",
    timezoneId: "Europe/Paris",
  });
  await watchConnections(context);
  const page = await context.newPage();
  return { page, context, name, close: () => browser.close() };
}

/** Keeps hold of every peer connection of the page, to ask it what came and what was decoded. */
const watchConnections = (context: BrowserContext) =>
  context.addInitScript(() => {
    const made: RTCPeerConnection[] = [];
    Reflect.set(window, "connections", made);
    window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
      construct(target, given: [RTCConfiguration?]) {
        const connection = new target(...given);
        made.push(connection);
        return connection;
      },
    });
  });

const arrivedSchema = z.object({ packets: z.number(), decoded: z.number() });

/** What came of pictures over all connections of the page, and how much of it could be decoded. */
export async function pictures(page: Page): Promise<z.infer<typeof arrivedSchema>> {
  const counted = await page.evaluate(async () => {
    const connections: unknown = Reflect.get(window, "connections");
    const all = { packets: 0, decoded: 0 };
    for (const each of Array.isArray(connections) ? connections : [])
      for (const report of (await each.getStats()).values())
        if (report.type === "inbound-rtp" && report.kind === "video") {
          all.packets += report.packetsReceived ?? 0;
          all.decoded += report.framesDecoded ?? 0;
        }
    return all;
  });
  return arrivedSchema.parse(counted);
}

const coloursSchema = z.array(z.array(z.number()).length(3)).length(2);

/** The colours in the middle of the left and of the right half of the large picture, as a canvas reads them; null while there is none. */
export async function coloursOf(page: Page, selector = "video"): Promise<number[][] | null> {
  const read = await page.evaluate((query) => {
    const video = document.querySelector(query);
    if (!(video instanceof HTMLVideoElement) || video.videoWidth === 0) return null;
    const canvas = new OffscreenCanvas(32, 18);
    const context = canvas.getContext("2d");
    if (context === null) return null;
    context.drawImage(video, 0, 0, 32, 18);
    return [8, 24].map((x) => [...context.getImageData(x, 9, 1, 1).data].slice(0, 3));
  }, selector);
  return read === null ? null : coloursSchema.parse(read);
}

/** The other's picture is on screen, such as it was filmed. */
export async function expectScene(page: Page, scene: Scene, selector = mainVideo): Promise<void> {
  await expect
    .poll(async () => distance(await coloursOf(page, selector), scene), { timeout: 30_000 })
    .toBeLessThan(60);
}

/** How far the picture is from the scene, in its worst colour. */
function distance(found: number[][] | null, { left, right }: Scene): number {
  if (found === null) return Number.POSITIVE_INFINITY;
  const wanted = [...left, ...right];
  return Math.max(...found.flat().map((value, at) => Math.abs(value - (wanted[at] ?? 999))));
}

export const mainVideo = "[data-tile^='camera @'] video";

/** "Appeler", in the case that is open. */
export const ring = (page: Page, who: string | RegExp): Promise<void> =>
  page.getByRole("region", { name: "Actions" }).getByRole("button", { name: who }).click();
export const answer = (page: Page): Promise<void> =>
  page.getByRole("button", { name: "Répondre, voix seule" }).click();
export const film = (page: Page): Promise<void> => page.getByRole("button", { name: "Filmer" }).click();
export const hangUp = (page: Page): Promise<void> => page.getByRole("button", { name: "Raccrocher" }).click();
export const expectLive = (page: Page): Promise<void> =>
  expect(page.getByText("en direct")).toBeVisible({ timeout: 30_000 });
