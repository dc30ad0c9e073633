import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type Filed, filedSchema } from "#protocol/events.ts";
import { parseInbox, type WorkItem } from "../../server/filing/work.ts";
import type { Settings } from "../points.ts";

const givenSchema = z.object({ at: z.number(), inbox: z.string(), picture: z.base64().optional() });

/**
 * Takes events as the archivist does: to ask for the next is to acknowledge the last, and what was not acknowledged comes again. Ends
 * when the process does.
 */
export async function takeEvents(
  { hospitalUrl, consumer }: Settings,
  take: (item: WorkItem) => Promise<void>,
): Promise<never> {
  let after: number | undefined;
  for (;;) {
    try {
      const query = after === undefined ? "" : `&after=${after}`;
      const answer = await fetch(`${hospitalUrl}/next?consumer=${consumer}${query}`);
      if (answer.status === 204) {
        await answer.arrayBuffer();
        continue;
      }
      const { at, inbox, picture } = givenSchema.parse(await answer.json());
      const { roomId, event } = parseInbox(inbox);
      const { eventId, sender, atMs } = event;
      const bytes = picture === undefined ? undefined : new Uint8Array(Buffer.from(picture, "base64"));
      await take({ eventId, roomId, sender, atMs, event, picture: bytes });
      after = at;
    } catch {
      // The disk, mostly: the same event is asked for again.
      after = undefined;
      await delay(100);
    }
  }
}

/** Tells the room; the same transaction id is the same event. */
export async function tellRoom(
  { hospitalUrl }: Settings,
  roomId: string,
  filed: Filed,
  txnId: string,
): Promise<void> {
  const path = `/room/${encodeURIComponent(roomId)}/${encodeURIComponent(txnId)}`;
  const body = JSON.stringify(filedSchema.parse(filed));
  const answer = await fetch(hospitalUrl + path, { method: "PUT", body });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error("The room was not told");
}
