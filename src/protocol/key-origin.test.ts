import { describe, expect, test } from "vitest";
import { type DeviceBook, decryptByOrigin, makerAmong, type OriginPorts } from "./key-origin.ts";
import type { KeyOrigin } from "./trust.ts";

const archivist = "@archiviste:v";
const unknownDevice = new Error("unknown device");
const noKey = new Error("no key");
const somebodyElse = new Error("somebody else's key");
const signed = { userId: "@martin:v", signed: true };

const ports = (
  given: Partial<OriginPorts<string>> & { readonly origin?: Partial<KeyOrigin> },
): OriginPorts<string> => ({
  strictly: async () => "strict",
  leniently: async () => "lenient",
  isOfUnknownDevice: (error) => error === unknownDevice,
  originOf: async () => ({ sender: "@martin:v", maker: signed, handedOverBy: undefined, ...given.origin }),
  archivist: async () => archivist,
  mistrusted: () => somebodyElse,
  ...given,
});
const refusing = (error: Error) => async (): Promise<string> => Promise.reject(error);

describe("decrypting by the origin of the key", () => {
  test("[T3] what the crypto layer believes is read, from a known maker and from one that nobody knows", async () => {
    expect(await decryptByOrigin(ports({}))).toBe("strict");
    expect(await decryptByOrigin(ports({ origin: { maker: undefined } }))).toBe("strict");
  });

  test("[T3] what the crypto layer believes under another's name is refused", async () => {
    const mallory = ports({ origin: { sender: "@mallory:v" } });
    await expect(decryptByOrigin(mallory)).rejects.toBe(somebodyElse);
  });

  test("[T3] what it refuses for the device alone is read when the sender's signed device made the key", async () => {
    const strictly = refusing(unknownDevice);
    expect(await decryptByOrigin(ports({ strictly }))).toBe("lenient");
    const lost = { maker: undefined, handedOverBy: archivist };
    expect(await decryptByOrigin(ports({ strictly, origin: lost }))).toBe("lenient");
  });

  test("[T3] and stays refused when the maker is another, unsigned, or vouched for by nobody", async () => {
    const strictly = refusing(unknownDevice);
    for (const origin of [
      { sender: "@mallory:v" },
      { maker: { ...signed, signed: false } },
      { maker: undefined, handedOverBy: undefined },
      { maker: undefined, handedOverBy: "@mallory:v" },
    ])
      await expect(decryptByOrigin(ports({ strictly, origin }))).rejects.toBe(unknownDevice);
  });

  test("[T3] a message without a key is never tried leniently", async () => {
    const leniently = () => Promise.reject(new Error("tried all the same"));
    const missing = ports({ strictly: refusing(noKey), leniently });
    await expect(decryptByOrigin(missing)).rejects.toBe(noKey);
  });
});

describe("whose device made a key", () => {
  const devices: Record<string, { deviceId: string; identityKey: string | undefined }[]> = {
    "@martin:v": [
      { deviceId: "OLD", identityKey: "k-old" },
      { deviceId: "BARE", identityKey: undefined },
      { deviceId: "NEW", identityKey: "k-new" },
    ],
    "@faure:v": [{ deviceId: "TEL", identityKey: "k-tel" }],
  };
  const asked: string[] = [];
  const book: DeviceBook = {
    devicesOf: async (userId) => {
      asked.push(userId);
      return devices[userId] ?? [];
    },
    isSigned: async (_userId, deviceId) => deviceId === "NEW",
  };
  const people = ["@martin:v", "@martin:v", "@faure:v", "@nobody:v"];

  test("is found with its owner's word on it, each person asked once and no more than needed", async () => {
    asked.length = 0;
    expect(await makerAmong(people, "k-new", book)).toEqual({ userId: "@martin:v", signed: true });
    expect(asked).toEqual(["@martin:v"]);
    expect(await makerAmong(people, "k-tel", book)).toEqual({ userId: "@faure:v", signed: false });
    expect(asked).toEqual(["@martin:v", "@martin:v", "@faure:v"]);
  });

  test("is nobody known's when no device has it, and when there is no key", async () => {
    expect(await makerAmong(people, "k-gone", book)).toBeUndefined();
    expect(await makerAmong(people, undefined, book)).toBeUndefined();
  });
});
