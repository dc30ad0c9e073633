import type { MatrixEvent } from "matrix-js-sdk";
import { ClientEvent } from "matrix-js-sdk/lib/client.js";
import { Method } from "matrix-js-sdk/lib/http-api/method.js";
import { RoomStateEvent } from "matrix-js-sdk/lib/models/room-state.js";
import { z } from "zod";
import { callMemberKey } from "#protocol/call-events.ts";
import { callMemberType } from "#protocol/calls.ts";
import { eventIdSchema } from "#protocol/ids.ts";
import type { Sdk } from "../session/sdk.ts";
import { type CallDevice, type CallMember, devicesInCall } from "./devices.ts";
import type { KeyPort } from "./key-transport.ts";
import { DelayGoneError, type MembershipPort } from "./membership.ts";

/** What calls need of Matrix, over the SDK. */
export type CallLink = {
  /** Who is in the call of a room, this device included. */
  readonly membersOf: (roomId: string) => CallMember[];
  /** Whether this device's last word in the room was that it lost its connection. */
  readonly lostConnection: (roomId: string, device: CallDevice) => boolean;
  readonly rooms: () => string[];
  /** Told of each room in which somebody came, left, or is no member any more. */
  readonly onChange: (listener: (roomId: string) => void) => () => void;
  readonly keyPort: KeyPort;
  readonly membershipPort: MembershipPort;
};

const sentSchema = z.object({ event_id: eventIdSchema });
const delayedSchema = z.object({ delay_id: z.string().min(1) });
const delayed = "/_matrix/client/unstable/org.matrix.msc4140";
const leftSchema = z.object({ leave_reason: z.literal("LOST_CONNECTION") });

export function createCallLink({ client, crypto }: Sdk, nowMs: () => number): CallLink {
  const isJoined = (roomId: string, userId: string): boolean =>
    client.getRoom(roomId)?.getMember(userId)?.membership === "join";

  const statesOf = (roomId: string): MatrixEvent[] =>
    client.getRoom(roomId)?.currentState.getStateEvents(callMemberType) ?? [];

  const statePath = (roomId: string, key: string): string =>
    `/rooms/${encodeURIComponent(roomId)}/state/${callMemberType}/${encodeURIComponent(key)}`;

  return {
    rooms: () => client.getRooms().map((room) => room.roomId),
    membersOf: (roomId) =>
      devicesInCall(
        statesOf(roomId).map((event) => ({
          stateKey: event.getStateKey() ?? "",
          sender: event.getSender() ?? "",
          content: event.getContent(),
          atMs: event.getTs(),
        })),
        (userId) => isJoined(roomId, userId),
        nowMs(),
      ),
    lostConnection(roomId, { userId, deviceId }) {
      const key = callMemberKey(userId, deviceId);
      const word = statesOf(roomId).find((event) => event.getStateKey() === key);
      return leftSchema.safeParse(word?.getContent()).success;
    },
    onChange(listener) {
      const onState = (event: MatrixEvent): void => {
        if (event.getType() === callMemberType || event.getType() === "m.room.member")
          listener(event.getRoomId() ?? "");
      };
      client.on(RoomStateEvent.Events, onState);
      return () => void client.off(RoomStateEvent.Events, onState);
    },
    keyPort: {
      crypto,
      sendToDevice: (type, messages) => client.sendToDevice(type, messages),
      onMessage(listener) {
        client.on(ClientEvent.ReceivedToDeviceMessage, listener);
        return () => void client.off(ClientEvent.ReceivedToDeviceMessage, listener);
      },
      isJoined,
    },
    membershipPort: {
      async put(roomId, key, content) {
        const answer = await client.http.authedRequest<unknown>(
          Method.Put,
          statePath(roomId, key),
          undefined,
          content,
        );
        return sentSchema.parse(answer).event_id;
      },
      async putLater(roomId, key, delayMs) {
        const query = { "org.matrix.msc4140.delay": String(delayMs) };
        const gone = { leave_reason: "LOST_CONNECTION" };
        const answer = await client.http.authedRequest<unknown>(
          Method.Put,
          statePath(roomId, key),
          query,
          gone,
        );
        return delayedSchema.parse(answer).delay_id;
      },
      async putOff(delayId) {
        const path = `/delayed_events/${encodeURIComponent(delayId)}/restart`;
        try {
          await client.http.authedRequest(Method.Post, path, undefined, {}, { prefix: delayed });
        } catch (cause) {
          if (
            cause !== null &&
            typeof cause === "object" &&
            "httpStatus" in cause &&
            cause.httpStatus === 404
          )
            throw new DelayGoneError("The homeserver has sent it");
          throw cause;
        }
      },
      async cancel(delayId) {
        const path = `/delayed_events/${encodeURIComponent(delayId)}/cancel`;
        await client.http.authedRequest(Method.Post, path, undefined, {}, { prefix: delayed });
      },
      sendNow(delayId) {
        const url = `${client.getHomeserverUrl()}${delayed}/delayed_events/${encodeURIComponent(delayId)}/send`;
        const token = client.getAccessToken() ?? "";
        void fetch(url, {
          method: "POST",
          keepalive: true,
          body: "{}",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        }).catch(() => undefined);
      },
    },
  };
}
