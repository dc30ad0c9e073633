import type { CallTrace } from "#protocol/calls.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { EncryptedFile, Expired, Filed } from "#protocol/events.ts";
import type { Logger } from "../kit/log.ts";
import { toLog } from "../kit/log.ts";
import type { Clock, Role, RoleContext } from "../kit/role.ts";
import { createSealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import { type Archivist, startArchivist } from "./archivist.ts";
import { come, type EpochParts, endOthers, endOthersLater, isDue, turn } from "./epochs.ts";
import { createFailStop } from "./fail-stop.ts";
import { createHttp, type Homeserver } from "./http.ts";
import type { InboxItem } from "./inbox.ts";
import { type Account, ArchivistRefuses } from "./login.ts";
import type { BotNeeds } from "./needs.ts";
import { openSession, type Session } from "./session.ts";
import { allUnread, askIn, giveUpUnread, migrations, type Unread } from "./store.ts";

export type { InboxItem } from "./inbox.ts";
export type { BotNeeds } from "./needs.ts";
export { recoveryKeyFile } from "./recovery-key.ts";
export type { Unread } from "./store.ts";

/** What the archivist does for the other roles. Calls wait until it is up, and are refused once it has stopped. */
export type Bot = AsyncDisposable & {
  readonly state: () => "up" | "down";
  /** Resolves when the archivist reads and can speak. */
  readonly whenUp: () => Promise<void>;
  /**
   * Filing's ear: each decrypted event of each case, in its room's order, awaited before it counts as finished; after a crash the last
   * one may come again. One consumer at a time.
   */
  deliverTo(onInbox: (item: InboxItem) => Promise<void>): Disposable;
  /** The word "filed" (or why not yet), once for the same content. Gives the event id. */
  sendFiled(roomId: string, content: Filed): Promise<string>;
  /** That a call took place, once for the same call. Gives the event id. */
  sendCall(roomId: string, trace: CallTrace): Promise<string>;
  /** The plain bytes of a file of a case. Throws `not-found` when it was withdrawn. */
  readMedia(file: EncryptedFile): Promise<Uint8Array<ArrayBuffer>>;
  /** A consent was taken back in this room: its photos are redacted and the room is told, whenever the archivist is up. */
  onWithdrawn(roomId: string): Promise<void>;
  /** Lets a colleague into a case, with its history, once they are ready and as long as the gate allows it. Durable when it resolves. */
  askIn(invitation: { roomId: string; caseId: string; userId: string; askedBy: string }): Promise<void>;
  /** Redacts an event that gate 4 refused. */
  redactRefused(roomId: string, eventId: string): Promise<void>;
  /** What could not be read, for the administrator's desk: kept by us, so that it is known while the archivist is down, too. */
  unread(): Promise<Unread[]>;
  /** Tries once more what of a room could not be read, however old. */
  tryAgain(roomId: string): Promise<void>;
  /** A human has seen to what could not be read. False when it was read meanwhile. */
  giveUpUnread(eventId: string): Promise<boolean>;
  /** Whether all that was said in a room until now was read and handed over. */
  isAllTaken(roomId: string): Promise<boolean>;
  /** Takes the content of a case out of its room; gives the event of what stays. Goes on where it broke off. */
  expire(roomId: string, content: Expired): Promise<string>;
  /** Called when a person has a device that may be written to, or when the gate may have changed its mind about them. */
  onUserReady(userId: string): Promise<void>;
};

export type BotParts = BotNeeds & {
  readonly homeserver: Homeserver;
  readonly account: Account;
  readonly storeKey: Uint8Array;
  readonly dataDir: string;
  readonly db: Database;
  readonly log: Logger;
  readonly clock: Clock;
  /** How old a device may become, and how long the next one listens beside it; no end unless it is said. */
  readonly epochMs?: number;
  readonly overlapMs?: number;
};

type Acting = { readonly session: Session; readonly archivist: Archivist };

/** The archivist: a Matrix device that reads in order to file, and invites on behalf of a case. It holds no key of the record. */
export const botRole = (needs: BotNeeds): Role<Bot> => ({
  name: "bot",
  start: async (context) => {
    const bot = await startBot({ ...needs, ...partsOf(context) });
    const ready = context.events.on("user-ready", ({ userId }) =>
      leave(bot.onUserReady(userId), context.log),
    );
    const withdrawn = context.events.on("consent-withdrawn", ({ roomId }) => {
      if (roomId !== undefined) leave(bot.onWithdrawn(roomId), context.log);
    });
    return {
      ...bot,
      [Symbol.asyncDispose]: async () => {
        ready[Symbol.dispose]();
        withdrawn[Symbol.dispose]();
        await bot[Symbol.asyncDispose]();
      },
    };
  },
});

function partsOf({ config, db, log, clock }: RoleContext) {
  const { userId, keys } = config.bot;
  if (keys === undefined) throw new Error("The archivist is a process apart");
  return {
    homeserver: { socketPath: config.synapseSocket },
    account: { userId, password: keys.password },
    storeKey: keys.storeKey,
    dataDir: config.dataDir,
    db,
    log: log.child({ role: "bot" }),
    clock,
    epochMs: keys.epochMs,
  };
}

const leave = (work: Promise<unknown>, log: Logger): void =>
  void work.catch((error: unknown) =>
    log.warn(toLog(error), "the archivist could not act on a message of another role"),
  );

/**
 * Starts in the background: the other roles serve while the homeserver is still coming up. Keeps trying while it is unreachable,
 * and stops for good on anything else.
 */
export async function startBot(parts: BotParts): Promise<Bot> {
  const { db, log } = parts;
  await db.migrate("bot", migrations);
  const stack = new AsyncDisposableStack();
  const brake = createFailStop(parts.onFatal ?? ((cause) => exitWith(log, cause)));
  const http = stack.use(createHttp(parts.homeserver, brake));
  const sealer = createSealer(parts.storeKey, "bot");
  const stopping = new AbortController();
  let consumer: ((item: InboxItem) => Promise<void>) | undefined;
  const whole: EpochParts = {
    ...parts,
    http,
    sealer,
    brake,
    signal: stopping.signal,
    overlapMs: parts.overlapMs ?? 10 * 60_000,
    isClosed: parts.isClosed ?? (async () => false),
  };
  const work = async (session: Session): Promise<Acting> => ({
    session,
    archivist: await startArchivist({ ...whole, ...parts, session, consumer: () => consumer }),
  });
  /** Who acts now; while the devices take turns, who will. */
  let acting = (async (): Promise<Acting> => {
    const session = await openPatiently(whole);
    const opened = await work(session);
    log.info({ deviceId: session.deviceId }, "the archivist is up");
    await endOthersLater(whole, session);
    return opened;
  })();
  let isUp = (): boolean => false;
  const fail = (error: unknown): void => {
    if (!stopping.signal.aborted) brake.fail(error);
  };
  acting.then(({ session }) => {
    isUp = session.isUp;
  }, fail);
  const up = async (): Promise<Archivist> => (await acting).archivist;

  /** Another device takes over, if it is time. What goes wrong before it acts costs nothing; after it, the next start goes on. */
  async function turnIfDue(): Promise<void> {
    const old = await acting;
    if (!(await isDue(whole, parts.epochMs ?? 0, parts.clock()))) return;
    await endOthers(whole, old.session);
    await using coming = new AsyncDisposableStack();
    const session = coming.use(await come(whole));
    acting = (async () => {
      await old.archivist.drain();
      await turn(whole, old.session, session);
      await old.session[Symbol.asyncDispose]();
      return await work(session);
    })();
    // Half way there is no way back but a new start.
    acting.catch(fail);
    await acting;
    coming.move();
    isUp = session.isUp;
    await endOthersLater(whole, session);
  }
  const lookAtEpoch = (): void => leave(turnIfDue(), log);
  const epochTimer = setInterval(
    lookAtEpoch,
    Math.min(3_600_000, Math.max(1_000, parts.epochMs ?? 3_600_000)),
  );
  epochTimer.unref();
  leave(acting.then(turnIfDue), log);

  return {
    state: () => (isUp() ? "up" : "down"),
    whenUp: async () => {
      await up();
    },
    deliverTo: (onInbox) => {
      if (consumer !== undefined) throw new Error("The archivist hands its inbox to one consumer");
      consumer = onInbox;
      leave(
        up().then((archivist) => archivist.lookAgain()),
        log,
      );
      return {
        [Symbol.dispose]: () => {
          consumer = undefined;
        },
      };
    },
    sendFiled: async (roomId, content) => (await up()).sendFiled(roomId, content),
    sendCall: async (roomId, trace) => (await up()).sendCall(roomId, trace),
    readMedia: async (file) => (await up()).readMedia(file),
    onWithdrawn: async (roomId) => (await up()).onWithdrawn(roomId),
    askIn: async (invitation) => {
      await askIn(db, invitation);
      leave(
        up().then((archivist) => archivist.onUserReady(invitation.userId)),
        log,
      );
    },
    redactRefused: async (roomId, eventId) => (await up()).redactRefused(roomId, eventId),
    unread: () => allUnread(db),
    tryAgain: async (roomId) => (await up()).tryAgain(roomId),
    giveUpUnread: (eventId) => giveUpUnread(db, eventId),
    isAllTaken: async (roomId) => (await up()).isAllTaken(roomId),
    expire: async (roomId, content) => (await up()).expire(roomId, content),
    onUserReady: async (userId) => (await up()).onUserReady(userId),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      clearInterval(epochTimer);
      const last = await acting.catch(() => undefined);
      await last?.archivist[Symbol.asyncDispose]();
      await last?.session[Symbol.asyncDispose]();
      await stack.disposeAsync();
    },
  };
}

const retryMs = 2_000;

async function openPatiently(parts: EpochParts): Promise<Session> {
  for (;;) {
    parts.signal.throwIfAborted();
    try {
      return await openSession(parts);
    } catch (error) {
      if (!(error instanceof ColloqueError) || error.code !== "homeserver-unreachable") throw error;
      parts.log.warn(toLog(error), "the homeserver does not answer the archivist yet");
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

function exitWith(log: Logger, cause: unknown): never {
  if (cause instanceof ArchivistRefuses) log.fatal(cause.message);
  else log.fatal(toLog(cause), "the archivist stops, so that nothing is lost; it must be started anew");
  process.exit(70);
}
