/**
 * Our side of the bench: the product's own modules (camera frame, strip, gate, receipt, permit, outbox; lease, gate, decrypt) behind a page
 * without screens, so that the time measured is that of the way of a photo and not of a finger. Driven through `window.ours`.
 */

import { createWorkshop } from "../../src/features/capture/workshop.ts";
import type { CaseRecord, Door, PreparedPhoto } from "../../src/matrix/index.ts";
import { createDoor } from "../../src/matrix/index.ts";
import { encodeFrame, openCamera } from "./camera.ts";

const workshop = createWorkshop();
const door: Door = createDoor({ baseUrl: location.origin, language: "fr" });
let camera: HTMLVideoElement;

/** When each photo was first decoded on this screen, by rendition. */
type Decoded = { preview: number | null; full: number | null };
const decoded = new Map<string, Decoded>();
const waiting = new Map<string, (decoded: { preview: number; full: number }) => void>();

const until = <T>(
  read: () => T | undefined,
  store: { subscribe(listener: () => void): () => void },
): Promise<T> =>
  new Promise((resolve) => {
    const now = read();
    if (now !== undefined) return resolve(now);
    const stop = store.subscribe(() => {
      const value = read();
      if (value === undefined) return;
      stop();
      resolve(value);
    });
  });

async function signIn(user: string, password: string): Promise<void> {
  await until(() => (door.session.getState().step === "signed-out" ? true : undefined), door.session);
  const result = await door.signIn(user, password);
  if (!result.ok) throw new Error(result.error);
  await until(() => (door.session.getState().step === "ready" ? true : undefined), door.session);
}

const roomOf = (caseId: string): CaseRecord | undefined =>
  [...door.cases.getState().byRoom.values()].find((each) => each.state.request?.request.caseId === caseId);

/** Shows every photo of the case as it comes: the preview first, then the whole picture. */
async function watch(caseId: string): Promise<void> {
  const known = new Set<string>();
  const look = () => {
    const record = roomOf(caseId);
    for (const { eventId, photo } of record?.state.photos ?? []) {
      if (record === undefined || known.has(eventId)) continue;
      known.add(eventId);
      void show(record.roomId, eventId, photo.photoId, "preview");
      void show(record.roomId, eventId, photo.photoId, "full");
    }
  };
  await until(() => roomOf(caseId), door.cases);
  look();
  door.cases.subscribe(look);
}

async function show(
  roomId: string,
  eventId: string,
  photoId: string,
  rendition: "preview" | "full",
): Promise<void> {
  const picture = await door.readPicture(roomId, eventId, rendition);
  if (!picture.ok) throw new Error(JSON.stringify(picture.error));
  const image = new Image();
  image.src = picture.value.url;
  await image.decode();
  const times = decoded.get(photoId) ?? { preview: null, full: null };
  times[rendition] = Date.now();
  decoded.set(photoId, times);
  picture.value.release();
  if (times.preview !== null && times.full !== null)
    waiting.get(photoId)?.({ preview: times.preview, full: times.full });
}

async function shoot(
  caseId: string,
  consentId: string,
): Promise<{ startedAtMs: number; photoId: string; bytes: number }> {
  const startedAtMs = Date.now();
  const frame = await encodeFrame(camera);
  let preview: PreparedPhoto["preview"] | undefined;
  const prepared = await workshop.prepare(frame, (ahead) => {
    preview = ahead.preview;
  });
  const record = roomOf(caseId);
  if (!prepared.ok || preview === undefined || record === undefined)
    throw new Error("The picture could not be made ready");
  const photoId = crypto.randomUUID();
  const sent = await door.sendPhoto(record.roomId, {
    ...prepared.value,
    photoId,
    consentId,
    preview,
    site: { region: "scapula", laterality: "L" },
    view: "close-up",
    takenAt: new Date(startedAtMs).toISOString(),
    source: "camera",
  });
  if (!sent.ok) throw new Error(sent.error);
  return { startedAtMs, photoId, bytes: prepared.value.jpeg.length };
}

const seen = (photoId: string): Promise<{ preview: number; full: number }> =>
  new Promise((resolve) => {
    const times = decoded.get(photoId);
    if (times !== undefined && times.preview !== null && times.full !== null)
      resolve({ preview: times.preview, full: times.full });
    else waiting.set(photoId, resolve);
  });

const ours = {
  door,
  signIn,
  watch,
  shoot,
  seen,
  openCamera: async () => {
    camera = await openCamera();
  },
};
Object.assign(window, { ours });
export type Ours = typeof ours;
