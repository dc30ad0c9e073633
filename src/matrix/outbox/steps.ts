import type { PermitAnswer } from "#protocol/api.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { contentKeys } from "#protocol/events.ts";
import type { Rendition } from "#protocol/receipt.ts";
import { err, missingCase, ok, type Result } from "#protocol/result.ts";
import {
  type EncryptedPhoto,
  encryptPhoto,
  gateOne,
  type PhotoPictures,
  photoContent,
  signReceipt,
} from "../media/send.ts";
import { inWords } from "../words.ts";
import type { ItemBody, OutboxItem } from "./item.ts";
import type { OutboxPorts } from "./ports.ts";

export type StepResult = Result<void, ErrorCode | RefusalReason>;

/**
 * One item's way, step by step. What each step reached is kept before the next begins, so that a reload goes on from there:
 * register → room → event, or for a photo gate 1 → encrypt → receipt → permit → event and bytes side by side.
 * It does not rely on the homeserver alone to know a repetition (it forgets transactions): the room is looked at first.
 */
export type StepContext = {
  readonly ports: OutboxPorts;
  /** Keeps a change of the item on the device, and tells who watches. */
  readonly keep: (
    change: Partial<Pick<OutboxItem, "roomId" | "eventId" | "done" | "body">>,
  ) => Promise<OutboxItem>;
  readonly pictures: () => Promise<PhotoPictures | null>;
  readonly onProgress: (share: number) => void;
};

export async function takeSteps(item: OutboxItem, context: StepContext): Promise<StepResult> {
  const { body } = item;
  switch (body.kind) {
    case "register":
      return register(body, context);
    case "room":
      return makeRoom(item, context);
    case "photo":
      return sendPhoto(item, body, context);
    default:
      return sendWords(item, body, context);
  }
}

type BodyOf<K extends ItemBody["kind"]> = Extract<ItemBody, { kind: K }>;

async function register(body: BodyOf<"register">, { ports, keep }: StepContext): Promise<StepResult> {
  const answer = await ports.registerConsent(body.consent);
  if (!answer.ok) return answer;
  if (answer.value.state === "withdrawn") return err("withdrawn");
  await keep({ done: true });
  return ok(undefined);
}

/**
 * The case's room. After a reload in mid-creation it may be there already: its creation names the case, and the gateway opens one
 * room for a case however often it is asked. So it is asked again when this device does not see the room: the first sync of a page
 * may be a copy from the homeserver's cache, older than the room.
 */
async function roomOf(item: OutboxItem, ports: StepContext["ports"]): Promise<Result<string, ErrorCode>> {
  const known = item.roomId ?? ports.findRoom(item.caseId);
  return known === null ? ports.createRoom(item.caseId) : ok(known);
}

async function makeRoom(item: OutboxItem, { ports, keep }: StepContext): Promise<StepResult> {
  const made = await roomOf(item, ports);
  if (!made.ok) return made;
  await keep({ roomId: made.value, done: true });
  return ok(undefined);
}

async function sendWords(
  item: OutboxItem,
  body: Exclude<ItemBody, { kind: "register" | "room" | "photo" }>,
  { ports, keep }: StepContext,
): Promise<StepResult> {
  const room = await roomOf(item, ports);
  if (!room.ok) return room;
  const roomId = room.value;
  const echo = item.eventId ?? ports.findEcho({ ...item, roomId });
  const sent =
    echo === null
      ? await ports.sendEvent(roomId, "m.room.message", contentOf(body, ports.language), item.txnId)
      : ok(echo);
  if (!sent.ok) return sent;
  await keep({ roomId, eventId: sent.value, done: true });
  return ok(undefined);
}

function contentOf(
  body: Exclude<ItemBody, { kind: "register" | "room" | "photo" }>,
  language: OutboxPorts["language"],
): Record<string, unknown> {
  const text = (words: string, key: string, value: unknown) => ({
    msgtype: "m.text",
    body: words,
    [key]: value,
  });
  switch (body.kind) {
    case "consent":
      return text(inWords.consent(body.consent.payload, language), contentKeys.consent, {
        consent: body.consent,
        evidence: body.evidence,
      });
    case "request":
      return text(inWords.request(body.request), contentKeys.request, body.request);
    case "message":
      return text(body.text, contentKeys.message, { clientRef: body.clientRef });
    case "response":
      return text(inWords.response(body.response, language), contentKeys.response, body.response);
    case "opinion":
      return text(inWords.opinion(body.opinion.payload, language), contentKeys.opinion, body.opinion);
    default:
      return missingCase(body);
  }
}

async function sendPhoto(item: OutboxItem, body: BodyOf<"photo">, context: StepContext): Promise<StepResult> {
  const room = await roomOf(item, context.ports);
  if (!room.ok) return room;
  const ready = await makeReady(body, room.value, context);
  if (!ready.ok) return ready;
  // Kept before anything names the reserved addresses: an event must never point where no bytes will come.
  const reserved = await context.keep({ roomId: room.value, body: ready.value.body });
  return deliver(reserved, ready.value, context);
}

type ReadyPhoto = {
  readonly body: BodyOf<"photo">;
  readonly encrypted: EncryptedPhoto;
  readonly permit: PermitAnswer;
  readonly content: Record<string, unknown>;
};

/** Gate 1, then encryption, receipt and permit. */
async function makeReady(
  body: BodyOf<"photo">,
  roomId: string,
  { ports, pictures }: StepContext,
): Promise<Result<ReadyPhoto, ErrorCode | RefusalReason>> {
  const { facts, consent, secrets } = body;
  const decision = gateOne({
    consent,
    photo: facts,
    readers:
      body.addressee === null
        ? { kind: "people", userIds: ports.readersIn(roomId) }
        : { kind: "addressee", addressee: body.addressee },
    sender: ports.userId,
    clinicians: ports.clinicians(),
    status: await ports.statusOf(consent, roomId),
    nowMs: ports.nowMs(),
  });
  if (!decision.allow) return err(decision.reason);
  const plain = await pictures();
  if (plain === null) return err("not-found");
  const encrypted = await encryptPhoto(plain, secrets);
  const receipt = body.receipt ?? (await signReceipt(facts, consent, ports.userId, encrypted, ports.signer));
  const permit = body.permit === null ? await ports.askPermit(roomId, receipt) : ok(body.permit);
  if (!permit.ok) return permit;
  const hashes = { full: encrypted.full.sha256, preview: encrypted.preview.sha256 };
  const content = photoContent(facts, receipt, secrets, hashes, permit.value, ports.language);
  if (!content.ok) return content;
  const ready = { ...body, receipt, permit: permit.value };
  return ok({ body: ready, encrypted, permit: permit.value, content: content.value });
}

/**
 * The gateway holds a reader's download until the bytes are in, so that the event and the small picture travel side by side. The whole
 * picture follows: on a thin line it would hold both of them up.
 */
async function deliver(item: OutboxItem, ready: ReadyPhoto, context: StepContext): Promise<StepResult> {
  const { ports, keep } = context;
  const { encrypted, permit } = ready;
  let { body } = ready;
  const say = async (): Promise<StepResult> => {
    const echo = item.eventId ?? ports.findEcho(item);
    const roomId = item.roomId ?? "";
    const sent =
      echo === null ? await ports.sendEvent(roomId, "m.room.message", ready.content, item.txnId) : ok(echo);
    if (!sent.ok) return sent;
    await keep({ eventId: sent.value });
    return ok(undefined);
  };
  const sentBytes = { preview: 0, full: 0 };
  const totalBytes = encrypted.preview.ciphertext.length + encrypted.full.ciphertext.length;
  const upload = async (rendition: Rendition): Promise<StepResult> => {
    const mxc = permit.files.find((file) => file.rendition === rendition)?.mxc;
    if (mxc === undefined) return err("internal");
    if (body.uploaded.includes(rendition)) return ok(undefined);
    const { ciphertext } = encrypted[rendition];
    const sent = await ports.upload(mxc, ciphertext, (share) => {
      sentBytes[rendition] = share * ciphertext.length;
      context.onProgress((sentBytes.preview + sentBytes.full) / totalBytes);
    });
    if (!sent.ok) return sent;
    body = { ...body, uploaded: [...body.uploaded, rendition] };
    await keep({ body });
    return ok(undefined);
  };
  const ahead = await Promise.all([upload("preview"), say()]);
  const failure = ahead.find((result) => !result.ok);
  if (failure !== undefined) return failure;
  const whole = await upload("full");
  if (!whole.ok) return whole;
  await keep({ done: true });
  return ok(undefined);
}
