import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { z } from "zod";
import { decryptByOrigin, makerAmong } from "#protocol/key-origin.ts";
import { AllDevicesIsolationMode, DecryptionError, DecryptionFailureCode } from "./sdk.ts";
import { methodOf } from "./sdk-inside.ts";

const resultSchema = z.looseObject({
  senderCurve25519Key: z.string().optional(),
  keyForwardedBy: z.string().optional(),
});

/** Puts our own rule of trust (T3) around the SDK's decryption, for good. `decryptByOrigin` says why. */
export function decryptStrictly(client: MatrixClient, crypto: CryptoApi, archivist: string): void {
  const strict = methodOf(crypto, "decryptEvent");
  const lenient = methodOf(Reflect.get(crypto, "eventDecryptor"), "attemptEventDecryption");
  const book = {
    devicesOf: async (userId: string) =>
      [...((await crypto.getUserDeviceInfo([userId])).get(userId)?.values() ?? [])].map((device) => ({
        deviceId: device.deviceId,
        identityKey: device.getIdentityKey(),
      })),
    isSigned: async (userId: string, deviceId: string) =>
      (await crypto.getDeviceVerificationStatus(userId, deviceId))?.signedByOwner === true,
  };

  const decryptEvent = (event: MatrixEvent): Promise<unknown> => {
    const sender = event.getSender() ?? "";
    const members = client.getRoom(event.getRoomId() ?? "")?.getMembers() ?? [];
    const people = [sender, ...members.map((member) => member.userId)];
    return decryptByOrigin({
      strictly: async () => resultSchema.parse(await strict(event)),
      leniently: async () => resultSchema.parse(await lenient(event, new AllDevicesIsolationMode(false))),
      isOfUnknownDevice: (error) =>
        error instanceof DecryptionError && error.code === DecryptionFailureCode.UNKNOWN_SENDER_DEVICE,
      originOf: async ({ senderCurve25519Key, keyForwardedBy }) => ({
        sender,
        maker: await makerAmong(people, senderCurve25519Key, book),
        handedOverBy: keyForwardedBy,
      }),
      archivist: async () => archivist,
      mistrusted: () =>
        new DecryptionError(
          DecryptionFailureCode.UNKNOWN_ERROR,
          "The key of this message is somebody else's",
        ),
    });
  };
  Reflect.set(crypto, "decryptEvent", decryptEvent);
}
