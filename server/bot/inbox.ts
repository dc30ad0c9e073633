import { z } from "zod";
import { judgePlace, placeKey } from "#protocol/trust.ts";
import type { Audit } from "../audit/index.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import { type RawEvent, type Reading, rawEventSchema, readEvent } from "./decrypt.ts";
import type { Finding, Inspector } from "./inspect.ts";
import { Direction } from "./sdk.ts";
import type { Session } from "./session.ts";
import * as store from "./store.ts";

/** A decrypted event of a case, once. */
export type InboxItem = {
  readonly eventId: string;
  readonly roomId: string;
  readonly sender: string;
  readonly originServerTs: number;
  readonly type: string;
  readonly content: unknown;
};

export type Inbox = {
  /** Looks at a room: takes in what is new and hands over what waits. Says in how many milliseconds to look again, if so. */
  pump(roomId: string): Promise<number | undefined>;
  /** Takes in all that was said in a room, and waits for late keys as long as it would anyway. Not beside `pump` of the same room. */
  drain(roomId: string): Promise<void>;
  /** At the next look, whatever could not be read is tried once more, however old. */
  tryAgain(roomId: string): void;
};

export type InboxParts = {
  readonly session: Session;
  readonly db: Database;
  readonly sealer: Sealer;
  readonly log: Logger;
  readonly clock: Clock;
  readonly audit: Pick<Audit, "note">;
  readonly inspector: Inspector;
  /** Takes events out of their case and says so there. Repeated after a crash. */
  readonly takeOut: (roomId: string, finding: Finding) => Promise<void>;
  /** The case agent's look at each item, before anybody else's: invitations do not wait for the record. */
  readonly onNoted: (item: InboxItem) => Promise<void>;
  /** Filing, once it listens. Awaited before an item counts as finished; may be given the same item again after a crash. */
  readonly consumer: () => ((item: InboxItem) => Promise<void>) | undefined;
  /** How long a room waits for a missing key before it goes on without that event. */
  readonly keyGraceMs?: number;
};

const pageSize = 100;
const retryMs = 2_000;
const unreadableRetryMs = 60_000;
const unreadableForMs = 7 * 24 * 3600 * 1000;

/**
 * From the timeline to work, exactly once and in each room's order. The sync is only a bell; what is in a room is asked of the room:
 *
 *   collect   page back from the newest event to the last one taken in: no gap of a limited sync can hide anything
 *   take in   decrypt, check, and write row and cursor in one transaction; a missing key holds the room for a moment
 *   hand over each row in order, to the case agent, then to filing; a consumer that fails holds its own room only
 *
 * It does not rely on the sync's order, on the SDK's timeline or on being told once.
 */
export function createInbox(parts: InboxParts): Inbox {
  const { session, db, clock, keyGraceMs = 20_000 } = parts;
  /** When each event that is not settled yet was first seen: a burst of keyless events waits once, not one after the other. */
  const firstSeen = new Map<string, number>();

  const asked = new Set<string>();

  async function takeIn(roomId: string): Promise<number | undefined> {
    const news = await collect(session, roomId, await store.cursorOf(db, roomId));
    for (const raw of news) firstSeen.set(raw.event_id, firstSeen.get(raw.event_id) ?? clock());
    for (const raw of news) {
      const reading = await readEvent(session, roomId, raw);
      const waited = clock() - (firstSeen.get(raw.event_id) ?? 0);
      if (reading.kind === "not-yet" && waited < keyGraceMs) return retryMs;
      await settle(parts, roomId, raw, reading);
      firstSeen.delete(raw.event_id);
    }
    return undefined;
  }

  return {
    drain: async (roomId) => {
      for (let again = await takeIn(roomId); again !== undefined; again = await takeIn(roomId))
        await new Promise((resolve) => setTimeout(resolve, again));
    },
    pump: async (roomId) => {
      const again = [
        await retryUnreadable(parts, roomId, asked.delete(roomId) ? 0 : clock() - unreadableForMs),
        await takeIn(roomId),
        await handOver(parts, roomId),
      ];
      const times = again.filter((each) => each !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    tryAgain: (roomId) => void asked.add(roomId),
  };
}

/** Everything after the cursor, oldest first. */
export async function collect(
  session: Session,
  roomId: string,
  cursor: string | undefined,
): Promise<RawEvent[]> {
  const found: RawEvent[] = [];
  let from: string | null = null;
  for (;;) {
    const page = await session.client.createMessagesRequest(roomId, from, pageSize, Direction.Backward);
    for (const event of z.array(rawEventSchema).parse(page.chunk)) {
      if (event.event_id === cursor) return found.reverse();
      found.push(event);
    }
    if (page.end === undefined || page.end === from || page.chunk.length === 0) return found.reverse();
    from = page.end;
  }
}

/** Writes down what an event came to, its place in the ratchet and the cursor: all or nothing. */
async function settle(parts: InboxParts, roomId: string, raw: RawEvent, reading: Reading): Promise<void> {
  const { db, sealer } = parts;
  const row = { eventId: raw.event_id, roomId, sender: raw.sender, atMs: raw.origin_server_ts };
  const finding = reading.kind === "read" ? await inspect(parts, roomId, raw, reading) : undefined;
  const refused = await db.transaction(async (tx) => {
    await store.setCursor(tx, roomId, raw.event_id);
    if (reading.kind === "passed-over") return undefined;
    const verdict =
      reading.kind === "read" ? await judge(tx, raw.event_id, reading, finding) : verdictOn(reading);
    if (verdict !== undefined) {
      await store.putInbox(tx, { ...row, ...verdict, sealed: null });
      return verdict;
    }
    if (reading.kind !== "read") return undefined;
    const text = JSON.stringify({ type: reading.decrypted.type, content: reading.decrypted.content });
    const sealed = sealer.seal(text, sealContext(raw.event_id));
    await store.putInbox(tx, { ...row, state: "new", reason: null, sealed });
    return undefined;
  });
  if (refused !== undefined) await tell(parts, roomId, raw, refused);
}

type Verdict = { readonly state: "unreadable" | "refused"; readonly reason: string };

const verdictOn = (reading: Extract<Reading, { kind: "not-yet" | "refused" }>): Verdict => ({
  state: reading.kind === "refused" ? "refused" : reading.ifNever,
  reason: reading.reason,
});

async function judge(
  tx: Parameters<typeof store.takePlace>[0],
  eventId: string,
  reading: Extract<Reading, { kind: "read" }>,
  finding: Finding | undefined,
): Promise<Verdict | undefined> {
  const place = placeKey(reading.decrypted.place);
  const judgement = judgePlace(await store.placeHolder(tx, place), eventId);
  if (judgement === "replay") return { state: "refused", reason: "replayed" };
  if (judgement === "first") await store.takePlace(tx, place, eventId);
  return finding === undefined ? undefined : { state: "refused", reason: finding.fault };
}

/** Looks at what was read. What must not be there is out of the case before it is written down: a crash in between repeats it. */
async function inspect(
  { inspector, takeOut }: InboxParts,
  roomId: string,
  raw: RawEvent,
  { decrypted: { type, content } }: Extract<Reading, { kind: "read" }>,
): Promise<Finding | undefined> {
  const { event_id: eventId, sender } = raw;
  const finding = await inspector.inspect({ eventId, roomId, sender, type, content });
  if (finding !== undefined) await takeOut(roomId, finding);
  return finding;
}

async function tell(parts: InboxParts, roomId: string, raw: RawEvent, verdict: Verdict): Promise<void> {
  const details = { roomId, eventId: raw.event_id, reason: verdict.reason };
  parts.log.warn(details, verdict.state === "refused" ? "an event was refused" : "an event cannot be read");
  await parts.audit.note({ event: `bot-event-${verdict.state}`, actor: raw.sender, details });
}

/** Keys may come late (a backup, a device that wakes up): asks again, for a week, or when a human does. */
async function retryUnreadable(
  parts: InboxParts,
  roomId: string,
  sinceMs: number,
): Promise<number | undefined> {
  const { session, db } = parts;
  const ids = await store.unreadable(db, roomId, sinceMs);
  for (const eventId of ids) {
    const raw = rawEventSchema.parse(await session.client.fetchRoomEvent(roomId, eventId));
    const reading = await readEvent(session, roomId, raw);
    if (reading.kind === "read") await settleLate(parts, roomId, raw, reading);
  }
  return ids.length === 0 ? undefined : unreadableRetryMs;
}

/** As `settle`, with the cursor left where it is. */
async function settleLate(
  parts: InboxParts,
  roomId: string,
  raw: RawEvent,
  reading: Extract<Reading, { kind: "read" }>,
): Promise<void> {
  const cursor = await store.cursorOf(parts.db, roomId);
  await settle(parts, roomId, raw, reading);
  if (cursor !== undefined) await store.setCursor(parts.db, roomId, cursor);
}

async function handOver(parts: InboxParts, roomId: string): Promise<number | undefined> {
  const { db, sealer, log } = parts;
  const rows = await store.openInbox(db, roomId);
  const item = (row: store.InboxRow): InboxItem => ({
    eventId: row.eventId,
    roomId,
    sender: row.sender,
    originServerTs: row.atMs,
    ...clearSchema.parse(JSON.parse(sealer.openText(row.sealed, sealContext(row.eventId)))),
  });
  try {
    for (const row of rows.filter((each) => !each.noted)) {
      await parts.onNoted(item(row));
      await store.markNoted(db, row.eventId);
    }
    const consume = parts.consumer();
    if (consume === undefined) return undefined;
    for (const row of rows) {
      await consume(item(row));
      await store.markFinished(db, row.eventId);
    }
    return undefined;
  } catch (error) {
    log.warn({ roomId, ...toLog(error) }, "an item could not be handed over; its room waits");
    return retryMs;
  }
}

const clearSchema = z.object({ type: z.string(), content: z.unknown() });
const sealContext = (eventId: string): string => `bot_inbox/${eventId}`;
