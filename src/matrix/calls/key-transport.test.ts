import { describe, expect, test } from "vitest";
import { callKeysType } from "#protocol/call-events.ts";
import { type CallDevice, deviceOf } from "./devices.ts";
import type { MediaKey } from "./key-rules.ts";
import { createKeyTransport, judgeKeyMessage, type KeyPort, type ReceivedKey } from "./key-transport.ts";

const leroy = deviceOf("@leroy:valombre.example", "NURSE");
const martin = deviceOf("@martin:valombre.example", "DOCTOR");
const roomId = "!case:valombre.example";
const key: MediaKey = { index: 255, bytes: new Uint8Array(16).fill(7) };

type Received = Parameters<typeof judgeKeyMessage>[0];

/** A key as it comes: encrypted by the nurse's device, which she vouches for, and she is in the room. Each test changes one thing. */
const message: Received = {
  message: {
    type: callKeysType,
    sender: leroy.userId,
    content: {
      keys: { index: 255, key: "BwcHBwcHBwcHBwcHBwcHBw" },
      member: { id: leroy.identity, claimed_device_id: leroy.deviceId },
      room_id: roomId,
      session: { application: "m.call", call_id: "", scope: "m.room" },
      sent_ts: 1,
    },
  },
  encryptionInfo: { sender: leroy.userId, senderDevice: leroy.deviceId },
};
const trust = { isSigned: async () => true, isJoined: () => true };

describe("a media key from another device", () => {
  test("is taken when it came encrypted from the device that it names", async () => {
    expect(await judgeKeyMessage(message, trust)).toEqual({ roomId, from: leroy, key });
  });

  test("is refused in the clear", async () => {
    expect(await judgeKeyMessage({ ...message, encryptionInfo: null }, trust)).toBe("not-encrypted");
  });

  test("is refused from another device than it names", async () => {
    const other = { sender: leroy.userId, senderDevice: "STOLEN" };
    expect(await judgeKeyMessage({ ...message, encryptionInfo: other }, trust)).toBe("of-another-device");
    const unknown = { sender: leroy.userId };
    expect(await judgeKeyMessage({ ...message, encryptionInfo: unknown }, trust)).toBe("of-another-device");
  });

  test("is refused when its sender was rewritten", async () => {
    const rewritten = { ...message.message, sender: martin.userId };
    expect(await judgeKeyMessage({ ...message, message: rewritten }, trust)).toBe("of-another-device");
  });

  test("is refused of a device that its owner does not vouch for", async () => {
    expect(await judgeKeyMessage(message, { ...trust, isSigned: async () => false })).toBe(
      "device-not-signed",
    );
  });

  test("is refused of somebody who is not in the room", async () => {
    expect(await judgeKeyMessage(message, { ...trust, isJoined: () => false })).toBe("sender-not-in-room");
  });

  test.each([
    ["index", { keys: { index: 256, key: "BwcHBwcHBwcHBwcHBwcHBw" } }],
    ["length", { keys: { index: 0, key: "Bw" } }],
    ["room", { room_id: "case" }],
    ["session", { session: { application: "m.call", call_id: "x", scope: "m.room" } }],
  ])("is none with another %s", async (_, change) => {
    const { content } = message.message;
    const changed = { ...message.message, content: { ...(content as object), ...change } };
    expect(await judgeKeyMessage({ ...message, message: changed }, trust)).toBe("not-a-key");
  });
});

/** A homeserver and a crypto layer that keep what they are told. */
function fakePort({ unsigned = [], unreachable = [] }: { unsigned?: string[]; unreachable?: string[] } = {}) {
  const sent: Map<string, Map<string, Record<string, unknown>>>[] = [];
  const listeners = new Set<Parameters<KeyPort["onMessage"]>[0]>();
  const encrypted: { type: string; deviceId: string }[] = [];
  const port: KeyPort = {
    crypto: {
      encryptToDeviceMessages: async (type, devices) => {
        const known = devices.filter(({ deviceId }) => !unreachable.includes(deviceId));
        encrypted.push(...known.map(({ deviceId }) => ({ type, deviceId })));
        return {
          eventType: "m.room.encrypted",
          batch: known.map((each) => ({ ...each, payload: { ciphertext: each.deviceId } })),
        };
      },
      getDeviceVerificationStatus: async (_userId, deviceId) =>
        ({ signedByOwner: !unsigned.includes(deviceId) }) as never,
      getUserDeviceInfo: async () =>
        new Map([
          [
            martin.userId,
            new Map([
              ["DOCTOR", {}],
              ["OLD", {}],
            ]),
          ],
        ]) as never,
    },
    sendToDevice: async (_type, messages) => void sent.push(messages),
    onMessage(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isJoined: () => true,
  };
  return { port, sent, encrypted, listeners };
}

const devicesOf = (messages: Map<string, Map<string, unknown>> | undefined) =>
  [...(messages ?? [])].flatMap(([userId, devices]) =>
    [...devices.keys()].map((each) => `${userId} ${each}`),
  );

describe("telling a media key", () => {
  const send = (fake: ReturnType<typeof fakePort>, to: CallDevice[]) =>
    createKeyTransport(fake.port).send(roomId, leroy, key, to);

  test("goes encrypted, to each device by itself", async () => {
    const fake = fakePort();
    await send(fake, [martin]);
    expect(devicesOf(fake.sent[0])).toEqual([`${martin.userId} DOCTOR`]);
    expect(fake.encrypted).toEqual([{ type: callKeysType, deviceId: "DOCTOR" }]);
  });

  test("never goes to a device that its owner does not vouch for", async () => {
    const fake = fakePort({ unsigned: ["DOCTOR"] });
    await expect(send(fake, [martin])).rejects.toThrow();
    expect(fake.sent).toEqual([]);
  });

  test("counts as failed when one device was left out, and the others have it all the same", async () => {
    const fake = fakePort({ unreachable: ["OLD"] });
    await expect(send(fake, [martin, deviceOf(martin.userId, "OLD")])).rejects.toThrow();
    expect(devicesOf(fake.sent[0])).toEqual([`${martin.userId} DOCTOR`]);
  });

  test("somebody's devices are those that they vouch for", async () => {
    const { port } = fakePort({ unsigned: ["OLD"] });
    expect(await createKeyTransport(port).devicesOf(martin.userId)).toEqual([martin]);
    const all = await createKeyTransport(fakePort().port).devicesOf(martin.userId);
    expect(all).toHaveLength(2);
  });

  test("what comes is judged before anybody hears of it", async () => {
    const { port, listeners } = fakePort();
    const heard: ReceivedKey[] = [];
    const refused: string[] = [];
    createKeyTransport(port).listen(
      (each) => heard.push(each),
      (why) => refused.push(why),
    );
    for (const listener of listeners) {
      listener(message as never);
      listener({ ...message, encryptionInfo: null } as never);
    }
    await new Promise((done) => setTimeout(done, 0));
    expect(heard).toEqual([{ roomId, from: leroy, key }]);
    expect(refused).toEqual(["not-encrypted"]);
  });
});
