import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeOrigin, judgePlace, messageIndexOf, placeKey, ratchetPlaceOf } from "./trust.ts";

const message = (...bytes: number[]): string =>
  Buffer.from([...bytes, ...new Array(40).fill(0)])
    .toString("base64")
    .replace(/=+$/, "");

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
}

describe("the message index", () => {
  test("[T1] is read from the first field, whatever its size", () => {
    for (const index of [0, 1, 127, 128, 300, 2 ** 21, 2 ** 32 - 1])
      expect(messageIndexOf(message(3, 8, ...varint(index), 0x12))).toEqual({ ok: true, value: index });
  });

  test("[T1] every index of 32 bits reads back, and none is read from a longer number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (index) => {
        expect(messageIndexOf(message(3, 8, ...varint(index), 0x12))).toEqual({ ok: true, value: index });
      }),
    );
    expect(messageIndexOf(message(3, 8, ...varint(2 ** 32), 0x12)).ok).toBe(false);
  });

  test("[T1] a ciphertext of a real room reads, and the same with one byte of its head changed does not", () => {
    // The head of a message encrypted by the SDK as the fourth of its session.
    const real = message(3, 8, 3, 0x12, 0xc0, 0x02);
    expect(messageIndexOf(real)).toEqual({ ok: true, value: 3 });
    for (const bytes of [
      [4, 8, 3, 0x12],
      [3, 9, 3, 0x12],
      [3, 8, 3, 0x13],
      [3, 8, 3, 8, 4, 0x12],
      [3, 8, 0x83, 0, 0x12],
      [3, 8, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0x12],
    ])
      expect(messageIndexOf(message(...bytes))).toEqual({ ok: false, error: "not-megolm" });
  });

  test("[T1] no text makes it throw", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        messageIndexOf(text);
      }),
    );
    expect(messageIndexOf("AwgA").ok).toBe(false);
  });
});

describe("a place in the ratchet", () => {
  const content = {
    algorithm: "m.megolm.v1.aes-sha2",
    session_id: "s",
    ciphertext: message(3, 8, 7, 0x12),
    sender_key: "ignored",
  };

  test("[T1] is known of an encrypted event alone", () => {
    expect(ratchetPlaceOf("!r", content)).toEqual({
      ok: true,
      value: { roomId: "!r", sessionId: "s", messageIndex: 7 },
    });
    expect(ratchetPlaceOf("!r", { msgtype: "m.text", body: "hello" })).toEqual({
      ok: false,
      error: "not-encrypted",
    });
    expect(ratchetPlaceOf("!r", { ...content, algorithm: "m.olm.v1.curve25519-aes-sha2" }).ok).toBe(false);
  });

  test("[T2] belongs to the first event that took it, which may be read again; a second event is a replay", () => {
    expect(judgePlace(undefined, "$a")).toBe("first");
    expect(judgePlace("$a", "$a")).toBe("same");
    expect(judgePlace("$a", "$b")).toBe("replay");
  });

  test("[T2] two places never share a key", () => {
    const place = fc.record({ roomId: fc.string(), sessionId: fc.string(), messageIndex: fc.nat() });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const same =
          a.roomId === b.roomId && a.sessionId === b.sessionId && a.messageIndex === b.messageIndex;
        expect(placeKey(a) === placeKey(b)).toBe(same);
      }),
    );
  });
});

describe("a key that did not come from its maker", () => {
  const archivist = "@archiviste:v";
  const signed = { userId: "@martin:v", signed: true };

  test("[T3] is believed when a signed device of the sender made it, whoever handed it over", () => {
    for (const handedOverBy of [undefined, archivist])
      expect(judgeOrigin({ sender: "@martin:v", maker: signed, handedOverBy }, archivist)).toBe("believe");
  });

  test("[T3] is refused when somebody else made it, or when its owner does not vouch for the device", () => {
    const handedOverBy = archivist;
    expect(judgeOrigin({ sender: "@mallory:v", maker: signed, handedOverBy }, archivist)).toBe("refuse");
    const unsigned = { ...signed, signed: false };
    expect(judgeOrigin({ sender: "@martin:v", maker: unsigned, handedOverBy }, archivist)).toBe("refuse");
  });

  test("[T3] of a device that nobody has any more is believed on the archivist's word, and on no other", () => {
    const lost = { sender: "@martin:v", maker: undefined };
    expect(judgeOrigin({ ...lost, handedOverBy: archivist }, archivist)).toBe("believe");
    expect(judgeOrigin({ ...lost, handedOverBy: "@mallory:v" }, archivist)).toBe("refuse");
    expect(judgeOrigin({ ...lost, handedOverBy: undefined }, archivist)).toBe("refuse");
  });
});
