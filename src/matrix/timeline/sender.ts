import type { Room } from "matrix-js-sdk";
import { Method } from "matrix-js-sdk/lib/http-api/method.js";
import { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import { z } from "zod";
import type { ErrorCode } from "#protocol/errors.ts";
import { caseIdKey, caseRoomType } from "#protocol/events.ts";
import { eventIdSchema, roomIdSchema } from "#protocol/ids.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { codeOfBody } from "../api.ts";
import type { Clock } from "../kit/clock.ts";
import type { Sdk } from "../session/sdk.ts";
import { knowsArchivist } from "./archivist-device.ts";
import { hasMember } from "./room-facts.ts";

/** Creates case rooms and sends encrypted events, without the SDK's own local echoes: what is pending is the outbox's to say. */
export type Sender = {
  createRoom(caseId: string): Promise<Result<string, ErrorCode>>;
  sendEvent(
    roomId: string,
    type: string,
    content: Record<string, unknown>,
    txnId: string,
  ): Promise<Result<string, ErrorCode>>;
};

const sentSchema = z.object({ event_id: eventIdSchema });
const createdSchema = z.object({ room_id: roomIdSchema });

/** A room that was just created is a sync away. */
const roomWaitMs = 20_000;

export function createSender(deps: {
  readonly sdk: Sdk;
  readonly bot: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Sender {
  const { client, crypto } = deps.sdk;
  const knows = knowsArchivist(crypto, deps.bot);

  const put = async (room: Room, type: string, content: Record<string, unknown>, txnId: string) => {
    const event = new MatrixEvent({ type, content, room_id: room.roomId });
    await crypto.encryptEvent(event, room);
    // Fails closed: nothing of ours ever leaves in the clear.
    if (event.getWireType() !== "m.room.encrypted") throw new Error("The event was not encrypted");
    const path = `/rooms/${encodeURIComponent(room.roomId)}/send/m.room.encrypted/${encodeURIComponent(txnId)}`;
    return client.http.authedRequest<unknown>(Method.Put, path, undefined, event.getWireContent());
  };

  return {
    createRoom: (caseId) =>
      answered(async () => {
        const body = caseRoom(caseId, deps.bot);
        const answer = await client.http.authedRequest<unknown>(Method.Post, "/createRoom", undefined, body);
        return createdSchema.parse(answer).room_id;
      }),
    async sendEvent(roomId, type, content, txnId) {
      const room = await readyRoom(roomId, { ...deps, knows });
      if (room === null) return err("homeserver-unreachable");
      return answered(async () => sentSchema.parse(await put(room, type, content, txnId)).event_id);
    },
  };
}

/**
 * A case room: private, encrypted, readable from its beginning by whoever is invited later, with the archivist from the start.
 * Only the archivist invites. No name, no topic: state is not encrypted. The creator's power is the room version's own.
 */
export function caseRoom(caseId: string, bot: string): Record<string, unknown> {
  return {
    preset: "private_chat",
    visibility: "private",
    creation_content: { type: caseRoomType, [caseIdKey]: caseId },
    initial_state: [
      {
        type: "m.room.encryption",
        state_key: "",
        content: { algorithm: "m.megolm.v1.aes-sha2" },
      },
      { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
      { type: "m.room.guest_access", state_key: "", content: { guest_access: "forbidden" } },
    ],
    invite: [bot],
    power_level_content_override: {
      users: { [bot]: 100 },
      users_default: 0,
      invite: 100,
      redact: 50,
      events: { "org.matrix.msc3401.call.member": 0 },
    },
  };
}

/**
 * Waits for a room to be as this device must know it before it says anything there: encrypted, its history for those who come
 * later, the archivist in it, and a device of the archivist to write to. What was said before would be locked for them.
 */
async function readyRoom(
  roomId: string,
  { sdk, bot, clock, signal, knows }: Parameters<typeof createSender>[0] & { knows: () => Promise<boolean> },
): Promise<Room | null> {
  const endMs = clock.nowMs() + roomWaitMs;
  let isAsked = false;
  while (!signal.aborted) {
    const room = sdk.client.getRoom(roomId);
    const encrypted = room !== null && (await sdk.crypto.isEncryptionEnabledInRoom(roomId));
    if (encrypted && isShared(room) && hasMember(room, bot)) {
      if (await knows()) return room;
      // The SDK asks for the devices of those to whom it is about to write.
      if (!isAsked) sdk.crypto.prepareToEncrypt(room);
      isAsked = true;
    }
    if (clock.nowMs() > endMs) return null;
    await clock.wait(20, signal);
  }
  return null;
}

const isShared = (room: Room): boolean =>
  room.currentState.getStateEvents("m.room.history_visibility", "")?.getContent().history_visibility ===
  "shared";

/** Turns what the SDK's HTTP layer throws into a code of our table. Anything that is no answer of a server is a lost network. */
async function answered<T>(call: () => Promise<T>): Promise<Result<T, ErrorCode>> {
  try {
    return ok(await call());
  } catch (cause) {
    if (cause instanceof z.ZodError) return err("internal");
    if (cause !== null && typeof cause === "object" && "httpStatus" in cause && "data" in cause)
      return err(codeOfBody(Number(cause.httpStatus ?? 0), cause.data));
    return err("homeserver-unreachable");
  }
}
