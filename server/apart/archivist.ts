import type { Bot } from "../bot/index.ts";
import { answerOn, askOn } from "../kit/link.ts";
import { type Logger, toLog } from "../kit/log.ts";
import { archivistContract, archivistSocket } from "./contracts.ts";

/** What the house asks of the archivist, in one process with it or in its own. */
export type ArchivistPort = Pick<
  Bot,
  | "state"
  | "sendFiled"
  | "sendCall"
  | "redactRefused"
  | "askIn"
  | "onUserReady"
  | "onWithdrawn"
  | "unread"
  | "tryAgain"
  | "giveUpUnread"
  | "isAllTaken"
  | "expire"
>;

/** Answers the house from a process of its own. */
export const openArchivist = (folder: string, bot: ArchivistPort, log: Logger): Promise<AsyncDisposable> =>
  answerOn(
    archivistSocket(folder),
    archivistContract,
    {
      state: async () => bot.state(),
      sendFiled: ({ roomId, filed }) => bot.sendFiled(roomId, filed),
      sendCall: ({ roomId, trace }) => bot.sendCall(roomId, trace),
      redactRefused: ({ roomId, eventId }) => done(bot.redactRefused(roomId, eventId)),
      askIn: (invitation) => done(bot.askIn(invitation)),
      onUserReady: ({ userId }) => done(bot.onUserReady(userId)),
      onWithdrawn: ({ roomId }) => done(bot.onWithdrawn(roomId)),
      unread: () => bot.unread(),
      tryAgain: ({ roomId }) => done(bot.tryAgain(roomId)),
      giveUpUnread: ({ eventId }) => bot.giveUpUnread(eventId),
      isAllTaken: ({ roomId }) => bot.isAllTaken(roomId),
      expire: ({ roomId, expired }) => bot.expire(roomId, expired),
    },
    log,
  );

/** How often the house looks whether the archivist is up, and says again what it could not say. */
const againMs = 2_000;

/** An archivist that is a process of its own, as the house sees it. */
export function archivistAt(folder: string, log: Logger): ArchivistPort & AsyncDisposable {
  const ask = askOn(archivistSocket(folder), archivistContract);
  let state: "up" | "down" = "down";
  let unread: Awaited<ReturnType<Bot["unread"]>> = [];
  /** Rooms where something was withdrawn that it was not told of: it looks at every room when it starts, and at these when it can be told. */
  const untold = new Set<string>();

  async function look(): Promise<void> {
    state = await ask.state(null).catch(() => "down" as const);
    if (state === "down") return;
    for (const roomId of untold) {
      await ask.onWithdrawn({ roomId });
      untold.delete(roomId);
    }
  }
  const again = () =>
    void look().catch((error: unknown) =>
      log.warn(toLog(error), "the archivist could not be told; again soon"),
    );
  const timer = setInterval(again, againMs);
  timer.unref();
  again();

  return {
    state: () => state,
    sendFiled: (roomId, filed) => ask.sendFiled({ roomId, filed }),
    sendCall: (roomId, trace) => ask.sendCall({ roomId, trace }),
    redactRefused: async (roomId, eventId) => void (await ask.redactRefused({ roomId, eventId })),
    askIn: async (invitation) => void (await ask.askIn(invitation)),
    onUserReady: async (userId) => void (await ask.onUserReady({ userId })),
    onWithdrawn: async (roomId) => {
      untold.add(roomId);
      await look();
    },
    // The list is known while the archivist is down, too.
    unread: async () => {
      unread = await ask.unread(null).catch(() => unread);
      return unread;
    },
    tryAgain: async (roomId) => void (await ask.tryAgain({ roomId })),
    giveUpUnread: (eventId) => ask.giveUpUnread({ eventId }),
    isAllTaken: (roomId) => ask.isAllTaken({ roomId }),
    expire: (roomId, expired) => ask.expire({ roomId, expired }),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await ask[Symbol.asyncDispose]();
    },
  };
}

const done = (work: Promise<unknown>): Promise<null> => work.then(() => null);
