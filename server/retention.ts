import type { Bot } from "./bot/index.ts";
import type { Registry } from "./consent/index.ts";
import type { FilingRetention } from "./filing/index.ts";
import { type Logger, toLog } from "./kit/log.ts";

export type RetentionParts = {
  readonly filing: FilingRetention;
  readonly bot: Pick<Bot, "isAllTaken" | "expire">;
  readonly registry: Pick<
    Registry,
    "closeRoom" | "reopenRoom" | "closedRooms" | "hasOpenWithdrawal" | "eraseRoom"
  >;
  /** 0 keeps everything. */
  readonly days: number;
  readonly log: Logger;
  readonly everyMs?: number;
  /** For how long nothing came in any more before anything is taken out: what was under way when the case was closed has arrived by then. */
  readonly quietMs?: number;
};

export type Retention = AsyncDisposable & { look(): Promise<void> };

/**
 * The content of a case leaves the messenger when all of it is in the record and its time is over, in this order:
 *
 *   close    nothing new comes in; then a while nothing happens
 *   decide   all three are asked again: the archivist, the registry, and filing, whose word is the last and is written down
 *   take out the archivist says what stays and redacts the rest; the registry removes the media and what was said
 *
 * Before the decision any doubt opens the case again. After it each step may be repeated, and what breaks off goes on at the next look.
 */
export function startRetention(parts: RetentionParts): Retention {
  const { filing, bot, registry, days, log, everyMs = 60_000, quietMs = 30_000 } = parts;
  let round: Promise<void> = Promise.resolve();

  const isSettled = async (roomId: string): Promise<boolean> =>
    !(await registry.hasOpenWithdrawal(roomId)) && (await bot.isAllTaken(roomId));

  async function consider(roomId: string): Promise<void> {
    if (!(await isSettled(roomId))) return registry.reopenRoom(roomId);
    if ((await registry.closeRoom(roomId)) < quietMs) return;
    // Asked again of a closed case: what came in until then is filed first.
    const stays = (await isSettled(roomId)) ? await filing.begin(roomId, days) : undefined;
    if (stays === undefined) return registry.reopenRoom(roomId);
    await takeOut(roomId);
  }

  async function takeOut(roomId: string): Promise<void> {
    const stays = await filing.begin(roomId, days);
    if (stays === undefined) throw new Error("What was decided is written down");
    await registry.closeRoom(roomId);
    await registry.eraseRoom(roomId, await bot.expire(roomId, stays));
    await filing.through(roomId);
    log.info({ roomId }, "the content of a case has left the messenger");
  }

  async function lookOnce(): Promise<void> {
    const [begun, over] = [await filing.begun(), await filing.over(days)];
    for (const roomId of begun) await patiently(roomId, () => filing.alone(roomId, () => takeOut(roomId)));
    for (const roomId of over) await patiently(roomId, () => filing.alone(roomId, () => consider(roomId)));
    // What was closed and is not over after all.
    const gone = new Set(await filing.left());
    for (const roomId of await registry.closedRooms())
      if (!over.includes(roomId) && !gone.has(roomId)) await registry.reopenRoom(roomId);
  }

  /** One case that does not get on holds up no other. */
  async function patiently(roomId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warn({ roomId, ...toLog(error) }, "the content of a case could not be taken out yet");
    }
  }

  const look = (): Promise<void> => {
    round = round
      .then(lookOnce)
      .catch((error: unknown) => log.error(toLog(error), "cases that are over could not be looked for"));
    return round;
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  void look();
  return {
    look,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await round;
    },
  };
}
