import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { OlmEncryptionInfo } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { ReceivedToDeviceMessage } from "matrix-js-sdk/lib/sync-accumulator.js";
import { callKeysSchema, callKeysType, mediaKeyBytes } from "#protocol/call-events.ts";
import { fromBase64, toUnpaddedBase64 } from "../kit/bytes.ts";
import { type CallDevice, deviceOf } from "./devices.ts";
import type { MediaKey } from "./key-rules.ts";

/** A media key that a device told this one. Whether that device is in the call is judged when the key is used. */
export type ReceivedKey = { readonly roomId: string; readonly from: CallDevice; readonly key: MediaKey };

export type KeyRefusal =
  | "not-a-key"
  | "not-encrypted"
  | "of-another-device"
  | "device-not-signed"
  | "sender-not-in-room";

export type KeyTrust = {
  /** Whether the owner of a device vouches for it. */
  readonly isSigned: (userId: string, deviceId: string) => Promise<boolean>;
  readonly isJoined: (roomId: string, userId: string) => boolean;
};

/**
 * Judges a to-device message that says it carries a media key. The SDK's own transport listens to messages in the clear and believes
 * the device that the message names; here it must have come encrypted, from the very device that it names, for which its owner
 * vouches, of somebody who is in the room.
 */
export async function judgeKeyMessage(
  received: { readonly message: Message; readonly encryptionInfo: Encrypted },
  trust: KeyTrust,
): Promise<ReceivedKey | KeyRefusal> {
  const { message, encryptionInfo } = received;
  const parsed = callKeysSchema.safeParse(message.content);
  if (message.type !== callKeysType || !parsed.success) return "not-a-key";
  if (encryptionInfo === null) return "not-encrypted";
  const { sender } = message;
  const { claimed_device_id: deviceId } = parsed.data.member;
  if (encryptionInfo.sender !== sender || encryptionInfo.senderDevice !== deviceId)
    return "of-another-device";
  if (!trust.isJoined(parsed.data.room_id, sender)) return "sender-not-in-room";
  if (!(await trust.isSigned(sender, deviceId))) return "device-not-signed";
  const bytes = fromBase64(parsed.data.keys.key);
  if (bytes.length < mediaKeyBytes) return "not-a-key";
  return {
    roomId: parsed.data.room_id,
    from: deviceOf(sender, deviceId),
    key: { index: parsed.data.keys.index, bytes },
  };
}

type Message = { readonly type: string; readonly sender: string; readonly content: unknown };
type Encrypted = Pick<OlmEncryptionInfo, "sender" | "senderDevice"> | null;

/** What a transport needs of the SDK. */
export type KeyPort = {
  readonly crypto: Pick<
    CryptoBackend,
    "encryptToDeviceMessages" | "getDeviceVerificationStatus" | "getUserDeviceInfo"
  >;
  readonly sendToDevice: (
    type: string,
    messages: Map<string, Map<string, Record<string, unknown>>>,
  ) => Promise<unknown>;
  /** Messages as they came, with how they were encrypted; returns how to stop. */
  readonly onMessage: (listener: (received: ReceivedToDeviceMessage) => void) => () => void;
  readonly isJoined: KeyTrust["isJoined"];
};

export type KeyTransport = {
  /** Those of these devices for which their owners vouch: nobody else is ever told a key. */
  signed(devices: readonly CallDevice[]): Promise<CallDevice[]>;
  /** Every device of somebody for which they vouch. */
  devicesOf(userId: string): Promise<CallDevice[]>;
  /** Tells each of these devices the key, encrypted. Throws unless every one was told. */
  send(roomId: string, from: CallDevice, key: MediaKey, to: readonly CallDevice[]): Promise<void>;
  listen(onKey: (received: ReceivedKey) => void, onRefused?: (why: KeyRefusal) => void): () => void;
};

export function createKeyTransport(port: KeyPort): KeyTransport {
  const { crypto } = port;
  const isSigned = async (userId: string, deviceId: string): Promise<boolean> =>
    (await crypto.getDeviceVerificationStatus(userId, deviceId))?.signedByOwner === true;

  const signed: KeyTransport["signed"] = async (devices) => {
    const checked = await Promise.all(devices.map((each) => isSigned(each.userId, each.deviceId)));
    return devices.filter((_, at) => checked[at]);
  };

  return {
    signed,
    async devicesOf(userId) {
      const known = (await crypto.getUserDeviceInfo([userId], true)).get(userId);
      return signed([...(known?.keys() ?? [])].map((deviceId) => deviceOf(userId, deviceId)));
    },
    async send(roomId, from, key, to) {
      const content = {
        keys: { index: key.index, key: toUnpaddedBase64(key.bytes) },
        member: { id: from.identity, claimed_device_id: from.deviceId },
        room_id: roomId,
        session: { application: "m.call", call_id: "", scope: "m.room" },
        sent_ts: Date.now(),
      };
      const targets = await signed(to);
      if (targets.length === 0) throw new Error("Nobody may be told the key");
      const { batch, eventType } = await crypto.encryptToDeviceMessages(
        callKeysType,
        targets.map(({ userId, deviceId }) => ({ userId, deviceId })),
        content,
      );
      const messages = new Map<string, Map<string, Record<string, unknown>>>();
      for (const { userId, deviceId, payload } of batch) {
        const devices = messages.get(userId) ?? new Map<string, Record<string, unknown>>();
        messages.set(userId, devices.set(deviceId, payload));
      }
      if (batch.length > 0) await port.sendToDevice(eventType, messages);
      // The SDK skips devices that it cannot reach, without a word.
      if (batch.length < to.length) throw new Error("Not every device was told the key");
    },
    listen: (onKey, onRefused = () => undefined) =>
      port.onMessage(({ message, encryptionInfo }) => {
        if (message.type !== callKeysType) return;
        judgeKeyMessage({ message, encryptionInfo }, { isSigned, isJoined: port.isJoined }).then(
          (judged) => (typeof judged === "string" ? onRefused(judged) : onKey(judged)),
          () => onRefused("device-not-signed"),
        );
      }),
  };
}
