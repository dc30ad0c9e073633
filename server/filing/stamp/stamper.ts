import { z } from "zod";
import { type Logger, toLog } from "../../kit/log.ts";
import type { Clock } from "../../kit/role.ts";
import type { Database } from "../../store/index.ts";
import type { Leases } from "../leases.ts";
import { attachedJws } from "../plan/signed.ts";
import { planStamp } from "../plan/stamp.ts";
import type { FhirRecord } from "../record/fhir.ts";
import { noNames } from "../record/names.ts";
import type { FilingStore } from "../store.ts";
import type { StampSource } from "./authority.ts";
import { type Stamp, StampFault } from "./token.ts";

/** Which filed opinions have their time stamp. A token is kept until the record has it: the same one is written again after a crash. */
const migrations = [
  `CREATE TABLE filing_stamps (
     event_id TEXT PRIMARY KEY REFERENCES filing_items (event_id),
     token BLOB NOT NULL,
     stamped_at_ms INTEGER NOT NULL,
     by TEXT NOT NULL,
     done_at_ms INTEGER
   );
   CREATE INDEX filing_items_opinions ON filing_items (seq) WHERE kind = 'opinion';`,
  `DROP INDEX filing_items_opinions;
   CREATE INDEX filing_items_opinions ON filing_items (seq) WHERE kind IN ('opinion', 'amendment');`,
];
const waitingRow = z.object({
  event_id: z.string(),
  room_id: z.string(),
  token: z.instanceof(Uint8Array).nullable(),
  stamped_at_ms: z.number().nullable(),
  by: z.string().nullable(),
});
type Waiting = z.infer<typeof waitingRow>;

export type StamperParts = {
  readonly db: Database;
  readonly store: Pick<FilingStore, "itemsUpTo">;
  readonly record: Pick<FhirRecord, "write" | "readBack">;
  readonly leases: Pick<Leases, "take" | "release">;
  readonly source: StampSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
};

const soonestMs = 5_000;
const latestMs = 10 * 60_000;

/**
 * Time stamps for opinions and their later versions, behind filing and never in its way: an opinion is filed without one, and gets it when authority and record both
 * answer. It is asked again for ever, at most every ten minutes; nothing waits for it and nothing is parked. One process at a time.
 */
export async function createStamper(parts: StamperParts) {
  const { db, log, clock } = parts;
  await db.migrate("filing-stamps", migrations);
  let round: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failures = 0;

  function kick(): void {
    if (stopped) return;
    clearTimeout(timer);
    round = round.then(turn);
  }

  async function turn(): Promise<void> {
    try {
      failures = (await runOnce()) ? 0 : failures + 1;
    } catch (fault) {
      failures += 1;
      log.error(toLog(fault), "time stamps wait after a fault");
    }
    const longest = failures === 0 ? latestMs : Math.min(latestMs, soonestMs * 2 ** Math.min(failures, 10));
    const waitMs = longest / 2 + (longest / 2) * parts.random();
    if (!stopped) timer = setTimeout(kick, waitMs).unref();
  }

  /** True when nothing is left that could be done. */
  async function runOnce(): Promise<boolean> {
    const lease = await parts.leases.take("stamp");
    // Another process is at it.
    if (lease === undefined) return false;
    try {
      let allDone = true;
      for (const each of await waiting()) {
        if (stopped) return true;
        try {
          await stampOne(each);
        } catch (fault) {
          allDone = false;
          const about = fault instanceof StampFault ? { reason: fault.reason } : toLog(fault);
          log.warn({ eventId: each.event_id, ...about }, "an opinion waits for its time stamp");
          // No use in asking the same authority for the next one now.
          if (fault instanceof StampFault) return false;
        }
      }
      return allDone;
    } finally {
      await parts.leases.release(lease);
    }
  }

  const waiting = (): Promise<Waiting[]> =>
    db.all(
      waitingRow,
      `SELECT item.event_id, item.room_id, stamp.token, stamp.stamped_at_ms, stamp.by
       FROM filing_items AS item LEFT JOIN filing_stamps AS stamp ON stamp.event_id = item.event_id
       WHERE item.kind IN ('opinion', 'amendment') AND item.state = 'filed' AND stamp.done_at_ms IS NULL ORDER BY item.seq`,
    );

  async function stampOne(row: Waiting): Promise<void> {
    const stamp = keptStamp(row) ?? (await newStamp(row));
    const plan = planStamp(row.event_id, stamp, Buffer.from(parts.source.ca));
    const bytesOf = async (name: string) => plan.blobs[name] ?? new Uint8Array();
    await parts.record.write(plan.writes, noNames, bytesOf);
    for (const write of plan.writes) {
      const answer = await parts.record.readBack(write, noNames, bytesOf);
      if (answer !== "same") throw new Error(`The time stamp read back is ${answer}`);
    }
    await db.run("UPDATE filing_stamps SET done_at_ms = ? WHERE event_id = ?", clock(), row.event_id);
    log.info({ eventId: row.event_id }, "an opinion has its time stamp");
  }

  async function newStamp({ event_id: eventId, room_id: roomId }: Waiting): Promise<Stamp> {
    const event = (await parts.store.itemsUpTo(roomId, eventId)).at(-1)?.event;
    if (event?.kind !== "opinion" && event?.kind !== "amendment")
      throw new Error("A filed opinion can be read");
    const signed = event.kind === "opinion" ? event.opinion : event.amendment;
    const stamp = await parts.source.stamp(new Uint8Array(Buffer.from(attachedJws(signed))));
    await db.run(
      `INSERT INTO filing_stamps (event_id, token, stamped_at_ms, by) VALUES (?, ?, ?, ?)
       ON CONFLICT (event_id) DO NOTHING`,
      eventId,
      stamp.token,
      stamp.atMs,
      stamp.by,
    );
    return stamp;
  }

  kick();
  return {
    /** Looks now: an opinion was filed, or the record is back. */
    kick,
    stop: async (): Promise<void> => {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}

const keptStamp = ({ token, stamped_at_ms: atMs, by }: Waiting): Stamp | undefined =>
  token === null || atMs === null || by === null ? undefined : { token: new Uint8Array(token), atMs, by };
