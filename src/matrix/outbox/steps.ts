import { inForce } from "#protocol/consent.ts";
import { clockSkewMs, type RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { contentKeys } from "#protocol/events.ts";
import { err, missingCase, ok, type Result } from "#protocol/result.ts";
import type { Bytes } from "../kit/bytes.ts";
import { encryptFile } from "../media/attachment.ts";
import { gateOne, pictureContent, signReceipt } from "../media/send.ts";
import { inWords } from "../words.ts";
import type { ItemBody, OutboxItem } from "./item.ts";
import type { OutboxPorts } from "./ports.ts";

export type StepResult = Result<void, ErrorCode | RefusalReason>;

/**
 * One item's way, step by step. What each step reached is kept before the next begins, so that a reload goes on from there:
 * register → room → event, or for a picture gate 1 → encrypt → receipt → permit → event and bytes side by side.
 * It does not rely on the homeserver alone to know a repetition (it forgets transactions): the room is looked at first.
 */
export type StepContext = {
  readonly ports: OutboxPorts;
  /** Keeps a change of the item on the device, and tells who watches. */
  readonly keep: (
    change: Partial<Pick<OutboxItem, "roomId" | "eventId" | "done" | "body">>,
  ) => Promise<OutboxItem>;
  readonly picture: () => Promise<Bytes | null>;
  readonly onProgress: (share: number) => void;
};

export async function takeSteps(item: OutboxItem, context: StepContext): Promise<StepResult> {
  const { body } = item;
  switch (body.kind) {
    case "register":
      return register(body, context);
    case "withdraw":
      return withdraw(body, context);
    case "journal":
      return reconcile(body, context);
    case "room":
      return makeRoom(item, context);
    case "picture":
      return sendPicture(item, body, context);
    default:
      return sendWords(item, body, context);
  }
}

type BodyOf<K extends ItemBody["kind"]> = Extract<ItemBody, { kind: K }>;
/** What is said in the case: one event each. */
type Words = Exclude<ItemBody, { kind: "register" | "withdraw" | "journal" | "room" | "picture" }>;

async function register(body: BodyOf<"register">, { ports, keep }: StepContext): Promise<StepResult> {
  const answer = await ports.registerConsent(body.consent);
  if (!answer.ok) return answer;
  if (answer.value.state === "withdrawn") return err("withdrawn");
  await keep({ done: true });
  return ok(undefined);
}

async function withdraw(body: BodyOf<"withdraw">, { ports, keep }: StepContext): Promise<StepResult> {
  const answer = await ports.withdraw(body.consentId, body.reason);
  // What the registry never heard of cannot be shown to anybody.
  if (!answer.ok && answer.error !== "not-found") return answer;
  await keep({ done: true });
  return ok(undefined);
}

/** The registry is told of an emergency that it was away for, with the time that it had. */
async function reconcile(body: BodyOf<"journal">, { ports, keep }: StepContext): Promise<StepResult> {
  const answer = await ports.breakGlass(body.glass);
  if (!answer.ok) {
    // What the patient took back meanwhile it takes as past alone, and so not for the first minutes.
    const isYoung = ports.nowMs() - Date.parse(body.glass.payload.openedAt) < 2 * clockSkewMs;
    const isNo = answer.error === "withdrawn" || answer.error === "gate-refused";
    return isNo && isYoung ? err("status-unknown") : answer;
  }
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

async function sendWords(item: OutboxItem, body: Words, { ports, keep }: StepContext): Promise<StepResult> {
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

function contentOf(body: Words, language: OutboxPorts["language"]): Record<string, unknown> {
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
    case "misfiled":
      return text(
        inWords.misfiled(body.misfiling.payload.reason, language),
        contentKeys.misfiled,
        body.misfiling,
      );
    case "question":
      return text(inWords.question(body.amendment.payload, language), contentKeys.question, body.amendment);
    case "identity":
      return text(inWords.identity(body.correction.payload, language), contentKeys.identity, body.correction);
    case "amendment":
      return text(inWords.amendment(body.amendment.payload, language), contentKeys.amendment, body.amendment);
    case "glass":
      return text(inWords.glass(body.reason, language), contentKeys.glass, {
        glass: body.glass,
        reason: body.reason,
      });
    case "informed":
      return text(inWords.informed(body.informed, language), contentKeys.informed, body.informed);
    default:
      return missingCase(body);
  }
}

async function sendPicture(
  item: OutboxItem,
  body: BodyOf<"picture">,
  context: StepContext,
): Promise<StepResult> {
  const room = await roomOf(item, context.ports);
  if (!room.ok) return room;
  const ready = await makeReady(body, room.value, context);
  if (!ready.ok) return ready;
  // Kept before anything names the reserved address: an event must never point where no bytes will come.
  const reserved = await context.keep({ roomId: room.value, body: ready.value.body });
  return deliver(reserved, ready.value, context);
}

type ReadyPicture = {
  readonly body: BodyOf<"picture">;
  readonly ciphertext: Bytes;
  readonly mxc: string;
  readonly content: Record<string, unknown>;
};

/** Gate 1, then encryption, receipt and permit. */
async function makeReady(
  body: BodyOf<"picture">,
  roomId: string,
  { ports, picture }: StepContext,
): Promise<Result<ReadyPicture, ErrorCode | RefusalReason>> {
  const { facts, consent, secret } = body;
  const decision = gateOne({
    // The patient's newest word, as every other gate has it (rule G14); receipt and status stay those of the one that it was taken under.
    consent: inForce(consent, ports.consentsIn(roomId)),
    photo: facts,
    readers:
      body.addressee === null
        ? { kind: "people", userIds: ports.readersIn(roomId) }
        : { kind: "addressee", addressee: body.addressee },
    sender: ports.userId,
    clinicians: ports.clinicians(),
    glasses: ports.glassesIn(roomId, consent.consentId),
    status: await ports.statusOf(consent, roomId),
    nowMs: ports.nowMs(),
  });
  if (!decision.allow) return err(decision.reason);
  const plain = await picture();
  if (plain === null) return err("not-found");
  // The same secret gives the same bytes again after a reload.
  const encrypted = await encryptFile(plain, secret);
  const receipt = body.receipt ?? (await signReceipt(facts, consent, ports.userId, encrypted, ports.signer));
  const permit = body.permit === null ? await ports.askPermit(roomId, receipt) : ok(body.permit);
  if (!permit.ok) return permit;
  const content = pictureContent(facts, receipt, secret, encrypted.sha256, permit.value, ports.language);
  if (!content.ok) return content;
  const mxc = permit.value.files[0]?.mxc;
  if (mxc === undefined) return err("internal");
  const { ciphertext } = encrypted;
  return ok({ body: { ...body, receipt, permit: permit.value }, ciphertext, mxc, content: content.value });
}

/** The gateway holds a reader's download until the bytes are in, so that the event and the bytes travel side by side. */
async function deliver(item: OutboxItem, ready: ReadyPicture, context: StepContext): Promise<StepResult> {
  const { ports, keep } = context;
  const { body, ciphertext, mxc, content } = ready;
  const say = async (): Promise<StepResult> => {
    const echo = item.eventId ?? ports.findEcho(item);
    const sent =
      echo === null
        ? await ports.sendEvent(item.roomId ?? "", "m.room.message", content, item.txnId)
        : ok(echo);
    if (!sent.ok) return sent;
    await keep({ eventId: sent.value });
    return ok(undefined);
  };
  const upload = async (): Promise<StepResult> => {
    if (body.uploaded) return ok(undefined);
    const sent = await ports.upload(mxc, ciphertext, context.onProgress);
    if (!sent.ok) return sent;
    await keep({ body: { ...body, uploaded: true } });
    return ok(undefined);
  };
  const both = await Promise.all([upload(), say()]);
  const failure = both.find((result) => !result.ok);
  if (failure !== undefined) return failure;
  await keep({ done: true });
  return ok(undefined);
}
