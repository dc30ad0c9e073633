import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { z } from "zod";
import { judgeOrigin, type KeyOrigin } from "#protocol/trust.ts";
import { AllDevicesIsolationMode, DecryptionError, DecryptionFailureCode } from "./sdk.ts";
import { methodOf } from "./sdk-inside.ts";

const resultSchema = z.looseObject({
  senderCurve25519Key: z.string().optional(),
  keyForwardedBy: z.string().optional(),
});
type DecryptionResult = z.infer<typeof resultSchema>;

/**
 * Puts our own rule of trust around the SDK's decryption, for good.
 *
 * The crypto layer (0.19.1) takes a session that came by key bundle or backup for "unknown, from old times". It believes it whoever
 * the event names as its sender; and when it later meets the device that made the session, it marks the session as failed and refuses
 * every event of it for ever. Whether that happens depends on which request is faster. Here both are decided by `judgeOrigin`.
 */
export function decryptStrictly(client: MatrixClient, crypto: CryptoApi, archivist: string): void {
  const strict = methodOf(crypto, "decryptEvent");
  const lenient = methodOf(Reflect.get(crypto, "eventDecryptor"), "attemptEventDecryption");

  const originOf = async (event: MatrixEvent, result: DecryptionResult): Promise<KeyOrigin> => ({
    sender: event.getSender() ?? "",
    maker: await makerOf(client, crypto, event, result.senderCurve25519Key),
    handedOverBy: result.keyForwardedBy,
  });

  const decryptEvent = async (event: MatrixEvent): Promise<unknown> => {
    try {
      const result = resultSchema.parse(await strict(event));
      const { sender, maker } = await originOf(event, result);
      if (maker !== undefined && maker.userId !== sender) throw mistrusted();
      return result;
    } catch (error) {
      if (!(error instanceof DecryptionError) || error.code !== DecryptionFailureCode.UNKNOWN_SENDER_DEVICE)
        throw error;
      const result = resultSchema.parse(await lenient(event, new AllDevicesIsolationMode(false)));
      if (judgeOrigin(await originOf(event, result), archivist) === "refuse") throw error;
      return result;
    }
  };
  Reflect.set(crypto, "decryptEvent", decryptEvent);
}

const mistrusted = () =>
  new DecryptionError(DecryptionFailureCode.UNKNOWN_ERROR, "The key of this message is somebody else's");

/** The member of the room, or former sender, whose device has that identity key. */
async function makerOf(
  client: MatrixClient,
  crypto: CryptoApi,
  event: MatrixEvent,
  curve25519Key: string | undefined,
): Promise<KeyOrigin["maker"]> {
  if (curve25519Key === undefined) return undefined;
  const members = client.getRoom(event.getRoomId() ?? "")?.getMembers() ?? [];
  const people = new Set([event.getSender() ?? "", ...members.map((member) => member.userId)]);
  for (const [userId, devices] of await crypto.getUserDeviceInfo([...people]))
    for (const device of devices.values()) {
      if (device.getIdentityKey() !== curve25519Key) continue;
      const status = await crypto.getDeviceVerificationStatus(userId, device.deviceId);
      return { userId, signed: status?.signedByOwner === true };
    }
  return undefined;
}
