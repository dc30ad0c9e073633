import { Encryption_Type, SignalResponse, type TrackInfo } from "@livekit/protocol";
import type { BrowserContext, Page } from "@playwright/test";

/** What a hostile homeserver or media server could do to a call, done between the product and the real ones. */

/** Keeps to-device messages from a page, media keys among them, until they are let through; nothing is lost meanwhile. */
export async function withholdKeys(page: Page) {
  let withheld = false;
  const kept: unknown[] = [];
  await page.route("**/_matrix/client/v3/sync?**", async (route) => {
    const response = await route.fetch().catch(() => null);
    if (response === null) return route.abort();
    if (!response.ok()) return route.fulfill({ response });
    // The page may be gone by the time that the answer is read.
    const body: { to_device?: { events?: unknown[] } } | null = await response.json().catch(() => null);
    if (body === null) return;
    const events = body.to_device?.events ?? [];
    if (withheld) kept.push(...events);
    const given = withheld ? [] : [...kept.splice(0), ...events];
    return route.fulfill({ response, json: { ...body, to_device: { events: given } } });
  });
  return {
    begin: () => {
      withheld = true;
    },
    end: () => {
      withheld = false;
    },
  };
}

/**
 * Between a page and the media server: everything passes as it is, but while it lies every track that the server tells of
 * is said to be unencrypted.
 */
export async function signallingProxy(context: BrowserContext) {
  let lying = false;
  await context.routeWebSocket(/\/rtc/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => server.send(message));
    server.onMessage((message) =>
      socket.send(lying && typeof message !== "string" ? withoutEncryption(message) : message),
    );
  });
  return {
    lie: () => {
      lying = true;
    },
    tellTheTruth: () => {
      lying = false;
    },
  };
}

function withoutEncryption(message: Buffer): Buffer {
  const response = SignalResponse.fromBinary(message);
  const { message: said } = response;
  const strip = (tracks: readonly TrackInfo[]): void => {
    for (const track of tracks) track.encryption = Encryption_Type.NONE;
  };
  if (said.case === "update") for (const each of said.value.participants) strip(each.tracks);
  if (said.case === "join") for (const each of said.value.otherParticipants) strip(each.tracks);
  return Buffer.from(response.toBinary());
}

/** A device without a camera, or one whose person said no to it. The microphone is as it was. */
export const withoutCamera = (page: Page, why: "NotAllowedError" | "NotFoundError"): Promise<unknown> =>
  page.evaluate((name) => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      if (wanted?.video !== undefined && wanted.video !== false) throw new DOMException("", name);
      return open(wanted);
    };
  }, why);
