import type { Admission } from "#protocol/admission.ts";
import type { CallTrace } from "#protocol/calls.ts";
import { canonicalJson } from "#protocol/canonical.ts";
import { type EncryptedFile, type Expired, type Filed, machineTypes } from "#protocol/events.ts";
import { userIdSchema } from "#protocol/ids.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import { createBell } from "./bell.ts";
import { createCaseAgent } from "./case-agent.ts";
import { expireRoom, isAllTaken } from "./expiry.ts";
import type { FailStop } from "./fail-stop.ts";
import { createGuests } from "./guests.ts";
import { createHistory } from "./history.ts";
import type { Http } from "./http.ts";
import { createInbox, type InboxItem } from "./inbox.ts";
import { createInspector, type Finding } from "./inspect.ts";
import { answerKeyRequests } from "./key-requests.ts";
import { readMedia } from "./media.ts";
import type { ArchivistParts } from "./needs.ts";
import { isCaseRoom, isIn, isInvited, joinCase } from "./rooms.ts";
import { ClientEvent, Method, RoomEvent } from "./sdk.ts";
import { createSender, type Sender } from "./sender.ts";
import type { Session } from "./session.ts";
import { markPhotoFiled, roomsToLookAt } from "./store.ts";
import { createWithdrawals } from "./withdrawals.ts";

/** The archivist at work, on an open session. */
export type Archivist = AsyncDisposable & {
  sendFiled(roomId: string, content: Filed): Promise<string>;
  sendCall(roomId: string, trace: CallTrace): Promise<string>;
  readMedia(file: EncryptedFile): Promise<Uint8Array<ArrayBuffer>>;
  /** Something was withdrawn in this room. */
  onWithdrawn(roomId: string): void;
  /** Redacts an event that gate 4 refused. */
  redactRefused(roomId: string, eventId: string): Promise<void>;
  /** Whether all that was said in a room until now was read and handed over. */
  isAllTaken(roomId: string): Promise<boolean>;
  /** Takes the content of a case out of its room, all but what stays of it, whose event it gives. */
  expire(roomId: string, content: Expired): Promise<string>;
  onUserReady(userId: string): Promise<void>;
  /** Tries once more what of a room could not be read, however old. */
  tryAgain(roomId: string): void;
  /** Looks again at every room where something waits. */
  lookAgain(): Promise<void>;
  /** Stops for good, and then takes in everything that was said in any case: the device may leave. */
  drain(): Promise<void>;
};

export async function startArchivist(
  parts: ArchivistParts & {
    readonly session: Session;
    readonly http: Http;
    readonly brake: FailStop;
    readonly log: Logger;
    readonly consumer: () => ((item: InboxItem) => Promise<void>) | undefined;
  },
): Promise<Archivist> {
  const { session, http, log, db } = parts;
  const { client } = session;
  const stack = new AsyncDisposableStack();
  const history = createHistory({ session, http, tickets: parts });
  const sender = createSender(parts);
  const admitting = { ...parts, hall: history, bot: session.userId };
  const sayAdmission = (roomId: string, content: Admission) => {
    const key = `admission ${roomId} ${canonicalJson(content)}`;
    return sender.send({ roomId, type: machineTypes.admission, content, key });
  };
  const guests = stack.use(
    createGuests({
      ...admitting,
      say: ({ roomId, userId }, endedMs) =>
        sayAdmission(roomId, {
          userId: userIdSchema.parse(userId),
          at: new Date(endedMs).toISOString(),
          outcome: { state: "glass-ended" },
        }),
    }),
  );
  const agent = stack.use(createCaseAgent({ ...admitting, guests, say: sayAdmission }));
  const withdrawals = createWithdrawals({
    db,
    registry: parts.withdrawals,
    note: parts.noteWithdrawal,
    redact: (roomId, eventId) => redact(session, roomId, eventId, "withdrawn"),
    say: sender.send,
  });
  const inbox = createInbox({
    ...parts,
    inspector: createInspector(parts.fileCheck, parts.clock),
    takeOut: (roomId, finding) => takeOut({ ...parts, sender }, roomId, finding),
    onNoted: agent.note,
  });

  const look = async (roomId: string): Promise<number | undefined> => {
    const room = client.getRoom(roomId);
    if (isInvited(room) && !(await joinCase(session, room, log))) return undefined;
    if (!isIn(room) || !isCaseRoom(room)) return undefined;
    // What is known goes before anything else; then what the room had besides; and then the word.
    await withdrawals.redact(roomId);
    const again = await inbox.pump(roomId);
    await withdrawals.redact(roomId);
    await withdrawals.tell(roomId);
    return again;
  };
  const bell = stack.use(createBell({ look, log, brake: parts.brake }));
  stack.use(ringOnNews(session, (roomId) => bell.ring(roomId)));
  stack.use(answerKeyRequests({ ...parts, history }));

  const drop = (work: Promise<unknown>, words: string): void =>
    void work.catch((error: unknown) => log.warn(toLog(error), words));
  for (const room of client.getRooms()) bell.ring(room.roomId);
  drop(sender.resume(), "what a crash left unsent could not be sent yet");
  drop(agent.run(), "the case agent's first pass failed; it will be repeated");
  drop(guests.run(), "the first pass over the guests failed; it will be repeated");

  return {
    sendFiled: async (roomId, content) => {
      if (content.kind === "photo" && content.outcome.state === "filed")
        await markPhotoFiled(db, content.ofEvent);
      const key = `filed ${roomId} ${canonicalJson(content)}`;
      return sender.send({ roomId, type: machineTypes.filed, content, key });
    },
    sendCall: (roomId, content) =>
      sender.send({ roomId, type: machineTypes.call, content, key: `call ${roomId} ${content.callId}` }),
    readMedia: (file) => readMedia(http, session.token, file),
    onWithdrawn: (roomId) => {
      bell.ring(roomId);
      drop(guests.hurry(roomId), "the guests of a case could not be looked at; they are at their end");
    },
    redactRefused: (roomId, eventId) => redact(session, roomId, eventId, "refused"),
    isAllTaken: (roomId) => isAllTaken(session, db, roomId),
    expire: (roomId, content) =>
      expireRoom(
        { session, sender, redact: (room, eventId) => redact(session, room, eventId, "expired") },
        roomId,
        content,
      ),
    onUserReady: agent.onUserReady,
    tryAgain: (roomId) => {
      inbox.tryAgain(roomId);
      bell.ring(roomId);
    },
    lookAgain: async () => {
      for (const roomId of await roomsToLookAt(db)) bell.ring(roomId);
    },
    drain: async () => {
      await stack.disposeAsync();
      for (const room of client.getRooms())
        if (isIn(room) && isCaseRoom(room)) await inbox.drain(room.roomId);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A room is looked at when something was said in it, and when the archivist is asked in. */
function ringOnNews(session: Session, ring: (roomId: string) => void): Disposable {
  const { client } = session;
  const onMembership = (room: { roomId: string }): void => ring(room.roomId);
  client.on(RoomEvent.MyMembership, onMembership);
  // The news of a first invitation comes before the SDK has stored the room, and again after.
  client.on(ClientEvent.Room, onMembership);
  const news = session.onNews(ring);
  return {
    [Symbol.dispose]: () => {
      news[Symbol.dispose]();
      client.off(RoomEvent.MyMembership, onMembership);
      client.off(ClientEvent.Room, onMembership);
    },
  };
}

/** Redacts what may not be in a case, and says there that it was taken out and why. Each of it twice is once. */
async function takeOut(
  parts: { session: Session; sender: Sender; clock: Clock },
  roomId: string,
  { fault, eventIds }: Finding,
): Promise<void> {
  const { session, sender, clock } = parts;
  for (const eventId of eventIds) {
    await redact(session, roomId, eventId, "refused");
    const at = new Date(clock()).toISOString();
    await sender.send({
      roomId,
      type: machineTypes.filed,
      content: { ofEvent: eventId, kind: "message", outcome: { state: "refused", at, reason: fault } },
      key: `taken-out ${eventId}`,
    });
  }
}

/** A transaction id that the event gives: redacting twice is once, and each event is redacted (Synapse counts them by room). */
async function redact(
  { client }: Session,
  roomId: string,
  eventId: string,
  why: "withdrawn" | "refused" | "expired",
): Promise<void> {
  const [room, event] = [roomId, eventId].map(encodeURIComponent);
  const path = `/rooms/${room}/redact/${event}/colloque-${why}-${eventId.slice(1, 20)}`;
  await client.http.authedRequest(Method.Put, path, undefined, {});
}
