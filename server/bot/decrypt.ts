import { z } from "zod";
import { ratchetPlaceOf } from "#protocol/trust.ts";
import { DecryptionFailureCode, EventShieldColour, MatrixEvent } from "./sdk.ts";
import type { Session } from "./session.ts";

/** An event as the homeserver gives it. */
export const rawEventSchema = z.looseObject({
  event_id: z.string(),
  type: z.string(),
  sender: z.string(),
  origin_server_ts: z.number(),
  content: z.record(z.string(), z.unknown()),
  state_key: z.string().optional(),
  unsigned: z.record(z.string(), z.unknown()).optional(),
});
export type RawEvent = z.infer<typeof rawEventSchema>;

export type Decrypted = {
  readonly type: string;
  readonly content: Record<string, unknown>;
  /** Its place in the sender's ratchet, see `#protocol/trust.ts`. */
  readonly place: { readonly roomId: string; readonly sessionId: string; readonly messageIndex: number };
};

/** What reading an event came to. */
export type Reading =
  | { readonly kind: "read"; readonly decrypted: Decrypted }
  /** Not something that a person said in the case: state, redactions, what was redacted, the archivist's own words. */
  | { readonly kind: "passed-over" }
  /** May become readable: the key or the news of the sender's device can still arrive. `ifNever` is what it is otherwise. */
  | { readonly kind: "not-yet"; readonly reason: string; readonly ifNever: "unreadable" | "refused" }
  /** Never to be believed. */
  | { readonly kind: "refused"; readonly reason: string };

/** Failures that speak of the sender's device rather than of a key that is missing. */
const ofTrust = new Set<string>([
  DecryptionFailureCode.UNSIGNED_SENDER_DEVICE,
  DecryptionFailureCode.UNKNOWN_SENDER_DEVICE,
  DecryptionFailureCode.SENDER_IDENTITY_PREVIOUSLY_VERIFIED,
  DecryptionFailureCode.UNKNOWN_ERROR,
]);

/** Those among them that news of the sender's devices may mend. */
const ofUnknown = new Set<string>([
  DecryptionFailureCode.UNSIGNED_SENDER_DEVICE,
  DecryptionFailureCode.UNKNOWN_SENDER_DEVICE,
]);

/** A failure that a key would mend, or the same key from its beginning. */
const isOfKey = (reason: string | null): boolean => reason !== null && !ofTrust.has(reason);

async function decrypt({ client }: Session, roomId: string, raw: RawEvent): Promise<MatrixEvent> {
  const event = new MatrixEvent({
    event_id: raw.event_id,
    room_id: roomId,
    type: raw.type,
    sender: raw.sender,
    origin_server_ts: raw.origin_server_ts,
    content: raw.content,
  });
  await client.decryptEventIfNeeded(event);
  return event;
}

/** Reads one event of a case room: what is not encrypted, by a device that its owner vouches for, is not taken in. */
export async function readEvent(session: Session, roomId: string, raw: RawEvent): Promise<Reading> {
  if (raw.state_key !== undefined || raw.type === "m.room.redaction" || raw.sender === session.userId)
    return { kind: "passed-over" };
  if (raw.unsigned?.redacted_because !== undefined || Object.keys(raw.content).length === 0)
    return { kind: "passed-over" };
  const place = ratchetPlaceOf(roomId, raw.content);
  if (raw.type !== "m.room.encrypted" || !place.ok)
    return { kind: "refused", reason: place.ok ? "not-encrypted" : place.error };

  let event = await decrypt(session, roomId, raw);
  // Somebody who came and went while we were away shares no room with us: nobody told the crypto layer whose device that is.
  if (ofUnknown.has(event.decryptionFailureReason ?? "") && (await session.learnDevices(raw.sender)))
    event = await decrypt(session, roomId, raw);
  // What was said before the archivist was asked in: its keys come with the invitation.
  if (isOfKey(event.decryptionFailureReason) && (await session.takeHandedKeys(roomId)))
    event = await decrypt(session, roomId, raw);
  if (event.isDecryptionFailure()) {
    const reason = event.decryptionFailureReason ?? DecryptionFailureCode.UNKNOWN_ERROR;
    return { kind: "not-yet", reason, ifNever: ofTrust.has(reason) ? "refused" : "unreadable" };
  }
  // Grey is for keys that came from our own backup; red is for a sender who is not who the event says.
  const encryption = await session.crypto.getEncryptionInfoForEvent(event);
  if (encryption === null || encryption.shieldColour === EventShieldColour.RED)
    return { kind: "refused", reason: "sender-not-trusted" };
  return {
    kind: "read",
    decrypted: { type: event.getType(), content: event.getContent(), place: place.value },
  };
}
