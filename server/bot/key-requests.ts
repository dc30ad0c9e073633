import { z } from "zod";
import type { Cover } from "#protocol/disclose.ts";
import { roomIdSchema } from "#protocol/ids.ts";
import { keyRequestType } from "#protocol/to-device.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { History } from "./history.ts";
import { ClientEvent } from "./sdk.ts";
import type { Session } from "./session.ts";

const requestSchema = z.object({
  type: z.literal(keyRequestType),
  sender: z.string(),
  content: z.object({ room_id: roomIdSchema }),
});

type Origin = { readonly sender: string; readonly senderDevice?: string | undefined };

const atMostEveryMs = 30_000;

/**
 * A member's new device lacks what was said while that person's other devices slept: their backup cannot have it. It asks the archivist,
 * by an encrypted to-device message from a device that its owner vouches for, and gets the room's keys again if the gate still
 * allows that person.
 */
export function answerKeyRequests(parts: {
  readonly session: Session;
  readonly history: History;
  readonly coverOf: (caseId: string, userId: string) => Promise<Cover>;
  readonly log: Logger;
  readonly clock: Clock;
}): Disposable {
  const { session, history, log, clock } = parts;
  const answeredAt = new Map<string, number>();

  async function answer(roomId: string, userId: string): Promise<void> {
    const key = `${roomId} ${userId}`;
    const caseId = history.caseIdOf(roomId);
    if (caseId === undefined || history.standingOf(roomId, userId) !== "in") return;
    if (clock() - (answeredAt.get(key) ?? 0) < atMostEveryMs) return;
    const isCreator = history.creatorOf(roomId) === userId;
    if (!isCreator && (await parts.coverOf(caseId, userId)).by === "nothing") return;
    answeredAt.set(key, clock());
    await history.shareAgain(roomId, userId);
    log.info({ roomId, userId }, "the keys of a case were handed to a member's new device");
  }

  /** The SDK's own `senderVerified` means verified by us in person; here the owner's signature counts. */
  async function isSignedDevice(from: Origin): Promise<boolean> {
    if (from.senderDevice === undefined) return false;
    const status = await session.crypto.getDeviceVerificationStatus(from.sender, from.senderDevice);
    return status?.signedByOwner === true;
  }

  const onMessage = (payload: { message: unknown; encryptionInfo: Origin | null }) => {
    const request = requestSchema.safeParse(payload.message);
    const from = payload.encryptionInfo;
    if (!request.success || from === null || from.sender !== request.data.sender) return;
    isSignedDevice(from)
      .then((signed) => (signed ? answer(request.data.content.room_id, from.sender) : undefined))
      .catch((error: unknown) =>
        log.warn(toLog(error), "a member's device could not be given the keys that it asked for"),
      );
  };
  session.client.on(ClientEvent.ReceivedToDeviceMessage, onMessage);
  return {
    [Symbol.dispose]: () => void session.client.off(ClientEvent.ReceivedToDeviceMessage, onMessage),
  };
}
