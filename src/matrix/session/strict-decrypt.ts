import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import {
  type CryptoBackend,
  DecryptionError,
  type EventDecryptionResult,
} from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import { AllDevicesIsolationMode, DecryptionFailureCode } from "matrix-js-sdk/lib/crypto-api/index.js";
import { type DeviceBook, decryptByOrigin, makerAmong } from "#protocol/key-origin.ts";

/** Puts our own rule of trust (T3) around the SDK's decryption, for good. `decryptByOrigin` says why. */
export function decryptStrictly(
  client: Pick<MatrixClient, "getRoom">,
  crypto: CryptoBackend,
  archivist: () => Promise<string>,
): void {
  const strict = crypto.decryptEvent.bind(crypto);
  const lenient = lenientOf(crypto);
  const book: DeviceBook = {
    devicesOf: async (userId) =>
      [...((await crypto.getUserDeviceInfo([userId])).get(userId)?.values() ?? [])].map((device) => ({
        deviceId: device.deviceId,
        identityKey: device.getIdentityKey(),
      })),
    isSigned: async (userId, deviceId) =>
      (await crypto.getDeviceVerificationStatus(userId, deviceId))?.signedByOwner === true,
  };

  crypto.decryptEvent = (event) => {
    const sender = event.getSender() ?? "";
    const members = client.getRoom(event.getRoomId())?.getMembers() ?? [];
    const people = [sender, ...members.map((member) => member.userId)];
    return decryptByOrigin({
      strictly: () => strict(event),
      leniently: () => lenient(event),
      isOfUnknownDevice: (error) =>
        error instanceof DecryptionError && error.code === DecryptionFailureCode.UNKNOWN_SENDER_DEVICE,
      originOf: async ({ senderCurve25519Key, keyForwardedBy }) => ({
        sender,
        maker: await makerAmong(people, senderCurve25519Key, book),
        handedOverBy: keyForwardedBy,
      }),
      archivist,
      mistrusted: () =>
        new DecryptionError(
          DecryptionFailureCode.UNKNOWN_ERROR,
          "The key of this message is somebody else's",
        ),
    });
  };
}

type Decryptor = {
  attemptEventDecryption(event: MatrixEvent, mode: AllDevicesIsolationMode): Promise<EventDecryptionResult>;
};

/** The SDK's decryption with any key there is: it has no public name. Throws when the SDK (pinned exactly) no longer has it. */
function lenientOf(crypto: CryptoBackend): (event: MatrixEvent) => Promise<EventDecryptionResult> {
  const decryptor: unknown = Reflect.get(crypto, "eventDecryptor");
  if (!isDecryptor(decryptor)) throw new Error("matrix-js-sdk has changed inside: eventDecryptor");
  return (event) => decryptor.attemptEventDecryption(event, new AllDevicesIsolationMode(false));
}

const isDecryptor = (inside: unknown): inside is Decryptor =>
  typeof inside === "object" && inside !== null && "attemptEventDecryption" in inside;
