import { z } from "zod";
import { err, ok, type Result } from "./result.ts";

/**
 * The checks of trust that the Matrix crypto layer does not make, as functions over plain data, asked by the client and the
 * archivist alike. What that layer does make (encrypted, sender not rewritten, device vouched for by its owner) comes from
 * running it in its strict isolation mode.
 */

/** The content of `m.room.encrypted` in a room, as far as it is read here. */
const megolmContentSchema = z.object({
  algorithm: z.literal("m.megolm.v1.aes-sha2"),
  ciphertext: z.string().min(1),
  session_id: z.string().min(1).max(255),
});

/** Where in its sender's ratchet a message was encrypted: each place is used once, ever. */
export type RatchetPlace = {
  readonly roomId: string;
  readonly sessionId: string;
  readonly messageIndex: number;
};

const version = 3;
const indexTag = 0x08;
const ciphertextTag = 0x12;

/**
 * The message index of a Megolm ciphertext (unpadded base64): version byte, then the index as the first field, a varint.
 * Anything else is refused, also a number written longer than it needs, so that one place has one writing.
 * @see Matrix specification, "The Megolm ratchet", message format
 */
export function messageIndexOf(ciphertext: string): Result<number, "not-megolm"> {
  const bytes = firstBytes(ciphertext);
  if (bytes === undefined || bytes[0] !== version || bytes[1] !== indexTag) return err("not-megolm");
  let value = 0;
  for (let at = 2; at < 7; at++) {
    const byte = bytes[at];
    if (byte === undefined) return err("not-megolm");
    value += (byte & 0x7f) * 2 ** (7 * (at - 2));
    if (byte >= 0x80) continue;
    const overlong = byte === 0 && at > 2;
    if (overlong || value > 0xffffffff || bytes[at + 1] !== ciphertextTag) return err("not-megolm");
    return ok(value);
  }
  return err("not-megolm");
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The first nine bytes of a base64 text: enough for version, index and the next tag. */
function firstBytes(text: string): number[] | undefined {
  const letters = [...text.slice(0, 12)].map((letter) => alphabet.indexOf(letter));
  if (letters.length < 12 || letters.includes(-1)) return undefined;
  const bytes: number[] = [];
  for (let at = 0; at < 12; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = letters.slice(at, at + 4);
    const bits = a * 2 ** 18 + b * 2 ** 12 + c * 2 ** 6 + d;
    bytes.push(Math.floor(bits / 65536), Math.floor(bits / 256) % 256, bits % 256);
  }
  return bytes;
}

/** The place of an encrypted event's content, or why it has none. */
export function ratchetPlaceOf(
  roomId: string,
  wireContent: unknown,
): Result<RatchetPlace, "not-encrypted" | "not-megolm"> {
  const content = megolmContentSchema.safeParse(wireContent);
  if (!content.success) return err("not-encrypted");
  const index = messageIndexOf(content.data.ciphertext);
  if (!index.ok) return index;
  return ok({ roomId, sessionId: content.data.session_id, messageIndex: index.value });
}

/** One text for one place, to be remembered with the event that took it first. */
export const placeKey = (place: RatchetPlace): string =>
  JSON.stringify([place.roomId, place.sessionId, place.messageIndex]);

/**
 * Whether an event may take its place in the ratchet: `first` when nobody did, `same` when it did itself (events are read more
 * than once), `replay` when the place belongs to another event. A replay is refused and reported: somebody who can write to the
 * homeserver sends old words as new.
 */
export function judgePlace(takenBy: string | undefined, eventId: string): "first" | "same" | "replay" {
  if (takenBy === undefined) return "first";
  return takenBy === eventId ? "same" : "replay";
}

/** Where the key of a message comes from, as far as a device knows. */
export type KeyOrigin = {
  /** The event's sender, in the homeserver's words. */
  readonly sender: string;
  /** Whose device made the session, by its identity key, and whether its owner vouches for it; undefined when nobody known has it. */
  readonly maker: { readonly userId: string; readonly signed: boolean } | undefined;
  /** Who handed the key over, when it did not come from its maker. */
  readonly handedOverBy: string | undefined;
};

/**
 * Whether words may be believed to be their sender's although the crypto layer cannot tell: it takes every key that came by bundle
 * or backup for one of an unknown device, believes it at first whoever the event names, and refuses it for good once it has met the
 * device. So: a key whose maker is known is that person's, and of a device that they vouch for. A key of nobody known (a device that
 * was given up) is believed on the archivist's word, who had it from the maker, and on nobody else's.
 */
export function judgeOrigin(origin: KeyOrigin, archivist: string): "believe" | "refuse" {
  const { sender, maker, handedOverBy } = origin;
  if (maker !== undefined) return maker.userId === sender && maker.signed ? "believe" : "refuse";
  return handedOverBy === archivist ? "believe" : "refuse";
}
