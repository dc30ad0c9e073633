import { z } from "zod";
import { type Expired, machineTypes } from "#protocol/events.ts";
import type { Database } from "../store/index.ts";
import { rawEventSchema } from "./decrypt.ts";
import { collect } from "./inbox.ts";
import { Direction } from "./sdk.ts";
import type { Sender } from "./sender.ts";
import type { Session } from "./session.ts";
import * as store from "./store.ts";

const pageSize = 100;

/**
 * Takes the content of a case out of its room: says what stays of it, redacts whatever else was said, and says it once more. The first word is
 * for who is there; the last stands alone when the homeserver has let go of the rest, and is what a device that was away finds. After a crash
 * it goes on: each word is said once, and what was redacted is empty.
 */
export async function expireRoom(
  parts: {
    readonly session: Session;
    readonly sender: Sender;
    readonly redact: (roomId: string, eventId: string) => Promise<void>;
  },
  roomId: string,
  content: Expired,
): Promise<string> {
  const say = (key: string) => parts.sender.send({ roomId, type: machineTypes.expired, content, key });
  const first = await say(`expired ${roomId}`);
  for (const eventId of await whatWasSaid(parts.session, roomId))
    if (eventId !== first) await parts.redact(roomId, eventId);
  return say(`expired ${roomId} last`);
}

/** Nothing of the room waits to be read or handed over, and nothing came in since we last looked: our own words are filed, too, some of them. */
export async function isAllTaken(session: Session, db: Database, roomId: string): Promise<boolean> {
  if (await store.isOpen(db, roomId)) return false;
  const news = await collect(session, roomId, await store.cursorOf(db, roomId));
  return news.length === 0;
}

async function whatWasSaid({ client }: Session, roomId: string): Promise<string[]> {
  const found: string[] = [];
  let from: string | null = null;
  for (;;) {
    const page = await client.createMessagesRequest(roomId, from, pageSize, Direction.Backward);
    for (const raw of z.array(rawEventSchema).parse(page.chunk))
      if (
        raw.state_key === undefined &&
        raw.type === "m.room.encrypted" &&
        Object.keys(raw.content).length > 0
      )
        found.push(raw.event_id);
    if (page.end === undefined || page.end === from || page.chunk.length === 0) return found;
    from = page.end;
  }
}
