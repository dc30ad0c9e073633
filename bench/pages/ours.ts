/**
 * Our side of the bench: the product's own modules (camera frame, strip, gate, receipt, permit, outbox; lease, gate, decrypt) behind a page
 * without screens, so that the time measured is that of the way of a photo and not of a finger. Driven through `window.ours`.
 */

import type { Purpose } from "#protocol/consent.ts";
import { caseIdSchema, consentIdSchema, userIdSchema } from "#protocol/ids.ts";
import type { CameraSession } from "../../src/features/capture/camera.ts";
import { createWorkshop } from "../../src/features/capture/workshop.ts";
import type { CaseRecord, Door, PhotoFacts, PreparedPreview } from "../../src/matrix/index.ts";
import { createDoor } from "../../src/matrix/index.ts";
import { openCamera } from "./camera.ts";
import { createTimings } from "./timings.ts";

const workshop = createWorkshop();
const door: Door = createDoor({ baseUrl: location.origin, language: "fr" });
const timings = createTimings();
let camera: CameraSession;

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
  const result = await door.signIn(user, password, "own");
  if (!result.ok) throw new Error(result.error);
  // On a stack that ran before, this person had another device, whose recovery key is gone with it.
  if (door.session.getState().step === "recovery-needed") await door.startAnew(password);
  await until(() => (door.session.getState().step === "ready" ? true : undefined), door.session);
}

const recordOf = (caseId: string): CaseRecord | undefined =>
  [...door.cases.getState().byRoom.values()].find((each) => each.state.request?.request.caseId === caseId);

const inRoom = (caseId: string): Promise<CaseRecord> => until(() => recordOf(caseId), door.cases);

/** Opens a case with the patient's consent for a colleague to see pictures, and a request without photos. */
async function openCase(family: string, colleague: string): Promise<{ caseId: string; consentId: string }> {
  const session = door.session.getState();
  const found = await door.searchPatients({ family });
  const patient = found.ok ? found.value.matches[0] : undefined;
  if (patient === undefined || session.step !== "ready") throw new Error(`No patient ${family}`);
  const caseId = caseIdSchema.parse(crypto.randomUUID());
  const consentId = consentIdSchema.parse(crypto.randomUUID());
  const userId = userIdSchema.parse(colleague);
  const nowMs = Date.now();
  const at = (ms: number) => new Date(nowMs + ms).toISOString();
  const decide = (purpose: Purpose) => ({ purpose, granted: true });
  const recorded = await door.recordConsent(
    {
      consentId,
      caseId,
      pseudonym: "BENCHBENCHBENCHBENCH00",
      decisions: [decide("opinion"), decide("care-named"), decide("care-team"), decide("care-outside-team")],
      recipients: [{ kind: "person", userId }],
      method: "oral-witnessed",
      givenBy: "patient",
      notice: { version: "bench", sha256: "0".repeat(64), language: "fr" },
      collectedAt: at(-1000),
      expiresAt: at(86_400_000),
    },
    { consentId, noticeText: "bench", witness: "bench" },
  );
  if (!recorded.ok) throw new Error(recorded.error);
  const asked = await door.sendRequest(
    {
      caseId,
      patient,
      addressee: { kind: "person", userId },
      specialty: "dermatology",
      urgency: "today",
      dueAt: at(86_400_000),
      question: "bench",
      history: "",
      requester: userIdSchema.parse(session.userId),
      createdAt: at(0),
    },
    consentId,
    [],
  );
  if (!asked.ok) throw new Error(asked.error);
  return { caseId, consentId };
}

/** Resolves when nothing of the case is under way any more: all is sent, the colleague is in, everything is filed. */
const settled = (caseId: string): Promise<boolean> =>
  until(() => {
    const record = recordOf(caseId);
    const due =
      record === undefined ? [] : [record.state.request, ...record.state.consents, ...record.state.photos];
    const done =
      record !== undefined &&
      record.state.request !== null &&
      record.members.length > 2 &&
      record.pending.length === 0 &&
      due.every((each) => each !== null && record.state.filed.get(each.eventId)?.outcome.state === "filed");
    return done ? true : undefined;
  }, door.cases);

/** Shows every photo of the case as it comes: the preview first, then the whole picture. */
async function watch(caseId: string): Promise<void> {
  const known = new Set<string>();
  const look = () => {
    const record = recordOf(caseId);
    if (record === undefined) return;
    const { photos, previews } = record.state;
    // As the case's screen does: each is asked for when its event is there.
    for (const [rendition, list] of [["preview", previews] as const, ["full", photos] as const])
      for (const { eventId, photo } of list) {
        if (known.has(eventId)) continue;
        known.add(eventId);
        void show(record.roomId, eventId, photo.photoId, rendition);
      }
  };
  const { roomId } = await inRoom(caseId);
  // As the case's screen does: what the next photo needs is fetched ahead.
  door.markSeen(roomId, []);
  look();
  door.cases.subscribe(look);
}

async function show(
  roomId: string,
  eventId: string,
  photoId: string,
  rendition: "preview" | "full",
): Promise<void> {
  const picture = await door.readPicture(roomId, eventId, rendition, "view");
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

async function sendEarly(roomId: string, photo: PreparedPreview): Promise<PreparedPreview> {
  const sent = await door.sendPreview(roomId, photo);
  if (!sent.ok) throw new Error(sent.error);
  timings.mark("preview in the outbox");
  return photo;
}

async function shoot(
  caseId: string,
  consentId: string,
  handicapMs: number,
): Promise<{ startedAtMs: number; photoId: string; bytes: number }> {
  const startedAtMs = Date.now();
  timings.begin(startedAtMs);
  if (handicapMs > 0) await new Promise((resolve) => setTimeout(resolve, handicapMs));
  const frame = await camera.shoot();
  timings.mark("frame");
  const roomId = recordOf(caseId)?.roomId;
  if (roomId === undefined) throw new Error("No such case");
  const photoId = crypto.randomUUID();
  const facts: PhotoFacts = {
    photoId,
    consentId,
    site: { region: "scapula", laterality: "L" },
    view: "close-up",
    takenAt: new Date(startedAtMs).toISOString(),
    source: "camera",
  };
  let early: Promise<PreparedPreview> | undefined;
  // As the product does when a photo is kept before the whole of it is made.
  const prepared = await workshop.prepare(frame, ({ preview }) => {
    timings.mark("preview drawn");
    early = sendEarly(roomId, { ...facts, preview });
  });
  timings.mark("prepared");
  if (!prepared.ok || early === undefined) throw new Error("The picture could not be made ready");
  const sent = await door.sendPhoto(roomId, { ...(await early), ...prepared.value });
  if (!sent.ok) throw new Error(sent.error);
  timings.mark("in the outbox");
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
  timings: timings.since,
  signIn,
  openCase,
  settled,
  roomOf: async (caseId: string) => (await inRoom(caseId)).roomId,
  watch,
  shoot,
  seen,
  openCamera: async () => {
    camera = await openCamera();
  },
};
Object.assign(window, { ours });
export type Ours = typeof ours;
