/**
 * The peer: what a programmer writes in an afternoon with matrix-js-sdk to send an encrypted picture. No consent, no receipt, no
 * thumbnail. Same camera frame, same encoder as ours. The bench drives it through `window.bare`.
 */

import { ClientEvent, createClient, type MatrixClient, MatrixEventEvent, SyncState } from "matrix-js-sdk";
import { type Logger, logger as sdkLogger } from "matrix-js-sdk/lib/logger.js";
import type { RoomMessageEventContent } from "matrix-js-sdk/lib/types.js";
import { z } from "zod";
import type { CameraSession } from "../../src/features/capture/camera.ts";
import { createEncoder, openCamera } from "./camera.ts";
import { createTimings } from "./timings.ts";

const fileSchema = z.object({
  url: z.string(),
  iv: z.string(),
  key: z.object({ k: z.string() }),
  hashes: z.object({ sha256: z.string() }),
});
const uploadedSchema = z.object({ content_uri: z.string() });

// What the SDK prints costs time, the more with a driver that listens: it would only slow the peer down.
const silent: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  getChild: () => silent,
};
sdkLogger.getChild = () => silent;

let client: MatrixClient;
const timings = createTimings();
let camera: CameraSession;
let encode: ReturnType<typeof createEncoder>;
const arrivals = new Map<string, (at: number) => void>();
const arrived = new Map<string, number>();

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
const unbase64 = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

async function signIn(user: string, password: string): Promise<void> {
  const signedIn = await createClient({ baseUrl: location.origin }).loginRequest({
    type: "m.login.password",
    identifier: { type: "m.id.user", user },
    password,
  });
  client = createClient({
    logger: silent,
    baseUrl: location.origin,
    userId: signedIn.user_id,
    deviceId: signedIn.device_id,
    accessToken: signedIn.access_token,
  });
  await client.initRustCrypto({ cryptoDatabasePrefix: `bare-${signedIn.device_id}` });
  client.on(MatrixEventEvent.Decrypted, (event) => {
    if (event.getSender() !== signedIn.user_id) void show(event.getContent());
  });
  const ready = new Promise<void>((resolve) =>
    client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve()),
  );
  await client.startClient({ initialSyncLimit: 1 });
  await ready;
}

async function show(content: unknown): Promise<void> {
  const parsed = z.object({ body: z.string(), file: fileSchema }).safeParse(content);
  if (!parsed.success) return;
  const { file, body } = parsed.data;
  const [, server, media] = /^mxc:\/\/([^/]+)\/(.+)$/.exec(file.url) ?? [];
  const answer = await fetch(`/_matrix/client/v1/media/download/${server}/${media}`, {
    headers: { authorization: `Bearer ${client.getAccessToken()}` },
  });
  const ciphertext = await answer.arrayBuffer();
  const digest = base64(new Uint8Array(await crypto.subtle.digest("SHA-256", ciphertext)));
  if (digest !== file.hashes.sha256) throw new Error("The hash differs");
  const key = await crypto.subtle.importKey("raw", unbase64(file.key.k), "AES-CTR", false, ["decrypt"]);
  const plain = await crypto.subtle.decrypt(
    { name: "AES-CTR", counter: unbase64(file.iv), length: 64 },
    key,
    ciphertext,
  );
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([plain], { type: "image/jpeg" }));
  await image.decode();
  const at = Date.now();
  arrived.set(body, at);
  arrivals.get(body)?.(at);
  URL.revokeObjectURL(image.src);
}

async function shoot(roomId: string, name: string): Promise<{ startedAtMs: number; bytes: number }> {
  const startedAtMs = Date.now();
  timings.begin(startedAtMs);
  const jpeg = await encode(camera);
  const plain = await jpeg.arrayBuffer();
  timings.mark("encoded");
  const iv = new Uint8Array(16);
  crypto.getRandomValues(iv.subarray(0, 8));
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey("raw", raw, "AES-CTR", false, ["encrypt"]);
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-CTR", counter: iv, length: 64 }, key, plain);
  const sha256 = base64(new Uint8Array(await crypto.subtle.digest("SHA-256", ciphertext)));
  const uploaded = await fetch("/_matrix/media/v3/upload", {
    method: "POST",
    headers: {
      authorization: `Bearer ${client.getAccessToken()}`,
      "content-type": "application/octet-stream",
    },
    body: ciphertext,
  });
  const { content_uri } = uploadedSchema.parse(await uploaded.json());
  const k = base64(raw).replaceAll("+", "-").replaceAll("/", "_");
  const file = {
    url: content_uri,
    v: "v2",
    iv: base64(iv),
    hashes: { sha256 },
    key: { kty: "oct", alg: "A256CTR", ext: true, key_ops: ["encrypt", "decrypt"], k },
  };
  await client.sendMessage(roomId, {
    msgtype: "m.image",
    body: name,
    file,
    info: { mimetype: "image/jpeg", size: plain.byteLength },
  } as RoomMessageEventContent);
  return { startedAtMs, bytes: plain.byteLength };
}

const decoded = (name: string): Promise<number> =>
  new Promise((resolve) => {
    const at = arrived.get(name);
    if (at === undefined) arrivals.set(name, resolve);
    else resolve(at);
  });

const bare = {
  timings: timings.since,
  signIn,
  openCamera: async () => {
    camera = await openCamera();
    encode = createEncoder();
  },
  shoot,
  decoded,
};
Object.assign(window, { bare });
export type Bare = typeof bare;
