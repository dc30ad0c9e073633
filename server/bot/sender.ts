import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import { MatrixEvent, Method } from "./sdk.ts";
import { encryptFor } from "./sdk-inside.ts";
import type { Session } from "./session.ts";
import * as store from "./store.ts";

/** What the archivist says in a room: always encrypted, and each thing once, however often it is asked for. */
export type Sender = {
  /** Gives the event id. `key` names the thing said; the same key is the same event for ever. */
  send(message: { roomId: string; type: string; content: Json; key: string }): Promise<string>;
  /** Sends what a crash left unsent. */
  resume(): Promise<void>;
};

const sentSchema = z.object({ event_id: z.string() });

export function createSender(parts: { session: Session; db: Database; sealer: Sealer }): Sender {
  const { session, db, sealer } = parts;
  /** One thing at a time: a room's own words keep their order. */
  let line: Promise<unknown> = Promise.resolve();

  async function deliver(message: {
    roomId: string;
    type: string;
    content: Json;
    key: string;
  }): Promise<string> {
    const txnId = txnIdOf(message.key);
    const known = await store.outgoing(db, message.key);
    if (known?.eventId !== undefined) return known.eventId;
    if (known === undefined) {
      const sealed = sealer.seal(canonicalJson(message.content), sealContext(message.key));
      await store.putOutgoing(db, {
        key: message.key,
        roomId: message.roomId,
        type: message.type,
        txnId,
        sealed,
      });
    }
    const eventId = await put(session, message, txnId);
    await store.markSent(db, message.key, eventId);
    return eventId;
  }

  const send: Sender["send"] = (message) => {
    const turn = line.then(() => deliver(message));
    line = turn.catch(() => undefined);
    return turn;
  };
  return {
    send,
    resume: async () => {
      for (const { key, roomId, type, sealed } of await store.unsent(db)) {
        const content: Json = JSON.parse(sealer.openText(sealed, sealContext(key)));
        await send({ roomId, type, content, key });
      }
    },
  };
}

/** Encrypts and sends without the SDK's send queue: that one sends in the clear to a room that it does not know yet. */
async function put(
  session: Session,
  message: { roomId: string; type: string; content: Json },
  txnId: string,
): Promise<string> {
  const { client, crypto, userId } = session;
  const room = client.getRoom(message.roomId);
  if (room === null || !(await crypto.isEncryptionEnabledInRoom(message.roomId)))
    throw new ColloqueError("not-a-member", { details: { roomId: message.roomId } });
  const event = new MatrixEvent({
    type: message.type,
    content: z.record(z.string(), z.unknown()).parse(message.content),
    room_id: message.roomId,
    sender: userId,
    event_id: `~${txnId}`,
    origin_server_ts: 0,
  });
  await encryptFor(crypto, event, room);
  if (event.getWireType() !== "m.room.encrypted") throw new Error("An event was left in the clear");
  const path = `/rooms/${encodeURIComponent(message.roomId)}/send/m.room.encrypted/${txnId}`;
  const answer = await client.http.authedRequest(Method.Put, path, undefined, event.getWireContent());
  return sentSchema.parse(answer).event_id;
}

/** The homeserver takes a transaction id once: a retry after a crash gives the first event again. */
const txnIdOf = (key: string): string =>
  `colloque-${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
const sealContext = (key: string): string => `bot_outgoing/${key}`;
