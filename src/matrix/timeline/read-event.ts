import type { MatrixEvent } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import { DecryptionFailureCode, EventShieldReason } from "matrix-js-sdk/lib/crypto-api/index.js";
import { type RatchetPlace, ratchetPlaceOf } from "#protocol/trust.ts";
import type { UnreadableReason } from "../types.ts";
import type { RoomEvent } from "./admit.ts";

/** Reads an event of the SDK into plain data, decrypting it when that was not done yet. */
export async function readEvent(event: MatrixEvent, crypto: CryptoBackend): Promise<RoomEvent> {
  const encrypted = event.getWireType() === "m.room.encrypted";
  // What was taken out of the room has nothing left to read, and lacks no key.
  const gone = event.isRedacted();
  // Deciding again costs nothing: an event that was read is not read twice.
  if (encrypted && !gone && (event.shouldAttemptDecryption() || event.isBeingDecrypted()))
    await (event.getDecryptionPromise() ?? event.attemptDecryption(crypto));
  const failed = encrypted && !gone && event.isDecryptionFailure();
  return {
    eventId: event.getId() ?? "",
    sender: event.getSender() ?? "",
    atMs: event.getTs(),
    encrypted,
    place: encrypted ? placeOf(event) : null,
    clear: failed ? null : clearOf(event, encrypted),
    failure: failed ? reasonOf(event.decryptionFailureReason) : null,
    forged: encrypted && !gone && !failed && (await isForged(event, crypto)),
  };
}

function clearOf(event: MatrixEvent, encrypted: boolean): RoomEvent["clear"] {
  if (event.isState() || event.isRedacted()) return null;
  // Not getContent: it would give the newest edit in the original's place.
  const content: unknown = encrypted ? event.getClearContent() : event.getOriginalContent();
  return content === null ? null : { type: event.getType(), content };
}

function placeOf(event: MatrixEvent): RatchetPlace | null {
  const place = ratchetPlaceOf(event.getRoomId() ?? "", event.getWireContent());
  return place.ok ? place.value : null;
}

/**
 * Grey shields are handed-over or backed-up keys, whose first owner cannot be proven: what matters clinically is signed besides.
 * Red ones are devices that their owner did not sign, and senders that do not own the session.
 */
async function isForged(event: MatrixEvent, crypto: CryptoBackend): Promise<boolean> {
  const reason = (await crypto.getEncryptionInfoForEvent(event))?.shieldReason ?? null;
  return (
    reason === EventShieldReason.MISMATCHED_SENDER ||
    reason === EventShieldReason.UNSIGNED_DEVICE ||
    reason === EventShieldReason.VERIFICATION_VIOLATION ||
    reason === EventShieldReason.SENT_IN_CLEAR
  );
}

function reasonOf(code: DecryptionFailureCode | null): UnreadableReason {
  switch (code) {
    case DecryptionFailureCode.MEGOLM_UNKNOWN_INBOUND_SESSION_ID:
    case DecryptionFailureCode.OLM_UNKNOWN_MESSAGE_INDEX:
    case DecryptionFailureCode.HISTORICAL_MESSAGE_NO_KEY_BACKUP:
    case DecryptionFailureCode.HISTORICAL_MESSAGE_BACKUP_UNCONFIGURED:
    case DecryptionFailureCode.HISTORICAL_MESSAGE_WORKING_BACKUP:
      return "keys-on-their-way";
    case DecryptionFailureCode.HISTORICAL_MESSAGE_USER_NOT_JOINED:
      return "sent-before-you-joined";
    case DecryptionFailureCode.MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE:
    case DecryptionFailureCode.UNSIGNED_SENDER_DEVICE:
    case DecryptionFailureCode.UNKNOWN_SENDER_DEVICE:
    case DecryptionFailureCode.SENDER_IDENTITY_PREVIOUSLY_VERIFIED:
      return "sender-not-verified";
    default:
      return "unknown";
  }
}
