import { z } from "zod";
import type { Cover } from "#protocol/disclose.ts";
import type { Audit } from "../audit/index.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Database, Queries } from "../store/index.ts";

/** Somebody whom a broken glass let into a case. */
export type Guest = { readonly roomId: string; readonly userId: string; readonly caseId: string };

export type GuestParts = {
  readonly db: Database;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bot: string;
  readonly audit: Pick<Audit, "note">;
  readonly coverOf: (caseId: string, userId: string) => Promise<Cover>;
  readonly hall: {
    standingOf(roomId: string, userId: string): "in" | "invited" | "out" | "gone";
    takeOut(roomId: string, userId: string): Promise<void>;
  };
  /** Says in the case that this person has to go, once for the same end. */
  readonly say: (guest: Guest, endedMs: number) => Promise<unknown>;
};

/**
 * Who is in a case by a broken glass alone goes when the last glass over it ends, unless the patient's word covers them by then: nobody
 * else could be shown a new photo as long as they stay. Each guest is a row, written before the invitation, so that no crash forgets one.
 */
export type Guests = AsyncDisposable & {
  /** Takes note of what lets somebody in, before they are invited. */
  admit(guest: Guest, cover: Exclude<Cover, { by: "nothing" }>): Promise<void>;
  /** What a consent said is over in this room: its guests are looked at now. */
  hurry(roomId: string): Promise<void>;
  /** Looks at those whose time is over. One pass at a time. */
  run(): Promise<void>;
};

const againMs = 15_000;

export function createGuests(parts: GuestParts): Guests {
  const { db, log, clock } = parts;
  let timer: NodeJS.Timeout | undefined;
  let line: Promise<void> = Promise.resolve();
  let closed = false;

  const pass = async (): Promise<void> => {
    let failed = false;
    for (const guest of await dueGuests(db, clock())) {
      if (closed) return;
      try {
        await look(parts, guest);
      } catch (error) {
        failed = true;
        const { roomId, userId } = guest;
        log.warn(
          { roomId, userId, ...toLog(error) },
          "a guest could not be taken out yet; it is tried again",
        );
      }
    }
    await wakeAt(failed ? clock() + againMs : undefined);
  };

  /** At the next end of a glass, and at least every quarter of a minute: a clock may be set meanwhile. */
  const wakeAt = async (againAtMs: number | undefined): Promise<void> => {
    const endMs = againAtMs ?? (await nextEnd(db));
    clearTimeout(timer);
    if (closed || endMs === undefined) return;
    timer = setTimeout(() => drop(run()), Math.min(againMs, Math.max(0, endMs - clock())));
    timer.unref();
  };

  const run = (): Promise<void> => {
    line = line.catch(() => undefined).then(pass);
    return line;
  };
  const drop = (work: Promise<void>): void =>
    void work.catch((error: unknown) => {
      log.warn(toLog(error), "the pass over the guests failed; it will be repeated");
      drop(wakeAt(clock() + againMs));
    });

  return {
    admit: async ({ roomId, userId, caseId }, cover) => {
      if (cover.by === "consent") await forgetGuest(db, { roomId, userId });
      else await putGuest(db, { roomId, userId, caseId }, cover.untilMs);
      await wakeAt(undefined);
    },
    hurry: async (roomId) => {
      if ((await endNow(db, roomId, clock())) > 0) await run();
    },
    run,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      clearTimeout(timer);
      await line.catch(() => undefined);
    },
  };
}

async function look(parts: GuestParts, guest: Guest & { untilMs: number }): Promise<void> {
  const { db, hall, log, audit, bot } = parts;
  const { roomId, userId, caseId, untilMs } = guest;
  const standing = hall.standingOf(roomId, userId);
  const cover = standing === "in" || standing === "invited" ? await parts.coverOf(caseId, userId) : null;
  if (cover?.by === "glass") return void (await putGuest(db, guest, cover.untilMs));
  if (cover?.by === "nothing") {
    // Said first: after a crash between the two, it is said once and done again.
    await parts.say(guest, untilMs);
    await hall.takeOut(roomId, userId);
    await audit.note({
      event: "guest-taken-out",
      actor: bot,
      details: { roomId, userId, reason: cover.reason },
    });
    log.info({ roomId, userId }, "a colleague whose emergency access ended was taken out of a case");
  }
  await forgetGuest(db, guest);
}

const guestRow = z
  .object({ room_id: z.string(), user_id: z.string(), case_id: z.string(), until_at: z.number() })
  .transform((row) => ({
    roomId: row.room_id,
    userId: row.user_id,
    caseId: row.case_id,
    untilMs: row.until_at,
  }));

const putGuest = (q: Queries, { roomId, userId, caseId }: Guest, untilMs: number) =>
  q.run(
    `INSERT INTO bot_guests (room_id, user_id, case_id, until_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (room_id, user_id) DO UPDATE SET until_at = excluded.until_at`,
    roomId,
    userId,
    caseId,
    untilMs,
  );
const forgetGuest = (q: Queries, { roomId, userId }: Pick<Guest, "roomId" | "userId">) =>
  q.run("DELETE FROM bot_guests WHERE room_id = ? AND user_id = ?", roomId, userId);
const dueGuests = (q: Queries, now: number) =>
  q.all(guestRow, "SELECT room_id, user_id, case_id, until_at FROM bot_guests WHERE until_at <= ?", now);
const endNow = (q: Queries, roomId: string, now: number) =>
  q.run("UPDATE bot_guests SET until_at = ? WHERE room_id = ? AND until_at > ?", now, roomId, now);
const nextEnd = async (q: Queries): Promise<number | undefined> =>
  (await q.one(z.object({ at: z.number().nullable() }), "SELECT MIN(until_at) AS at FROM bot_guests"))?.at ??
  undefined;
