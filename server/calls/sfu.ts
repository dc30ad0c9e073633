import { createHash } from "node:crypto";
import { AccessToken, type ParticipantInfo, RoomServiceClient, ServerError } from "livekit-server-sdk";
import { callSlot } from "#protocol/calls.ts";
import { ColloqueError } from "#protocol/errors.ts";

/** What we ask of the LiveKit server: rooms, who is in them, and who may enter. It forwards what it cannot read. */
export type Sfu = {
  /** Opens a room, or finds it open. */
  open(roomId: string): Promise<void>;
  /** Leave to enter this room under this name, for a minute. */
  pass(roomId: string, identity: string): Promise<string>;
  /** The Matrix rooms that have a call now. */
  rooms(): Promise<readonly string[]>;
  people(roomId: string): Promise<readonly Participant[]>;
  /** Puts somebody out. Their leave stays good for minutes: see `watch`. */
  remove(roomId: string, identity: string): Promise<void>;
  close(roomId: string): Promise<void>;
};
export type Participant = {
  readonly sid: string;
  readonly identity: string;
  readonly joinedAtMs: number;
};

/** The name of a room's call at LiveKit: unpadded base64 of the SHA-256 of `["<room id>","<slot>"]` (lk-jwt-service, MSC4195). */
export const sfuRoom = (roomId: string): string =>
  createHash("sha256")
    .update(JSON.stringify([roomId, callSlot]))
    .digest("base64")
    .replace(/=+$/, "");

/** When somebody came in, milliseconds since the epoch: to the second from an older LiveKit. */
export const joinedAtMs = ({
  joinedAtMs: ms,
  joinedAt,
}: Pick<ParticipantInfo, "joinedAtMs" | "joinedAt">): number => Number(ms) || Number(joinedAt) * 1000;

/** How long a pass opens the door. Whoever is inside has theirs renewed by LiveKit itself. */
const passSeconds = 60;
/** Up to eight people, each with a second device on its way in. */
const mostParticipants = 16;
const waitSeconds = 5;

export function createSfu(config: {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
}): Sfu {
  const host = config.url.replace(/^ws/, "http");
  const client = new RoomServiceClient(host, config.key, config.secret, {
    requestTimeout: waitSeconds,
    failover: false,
  });
  return {
    open: async (roomId) => {
      await asked(() =>
        client.createRoom({
          name: sfuRoom(roomId),
          metadata: roomId,
          emptyTimeout: 60,
          departureTimeout: 20,
          maxParticipants: mostParticipants,
        }),
      );
    },
    pass: async (roomId, identity) => {
      const token = new AccessToken(config.key, config.secret, { identity, ttl: passSeconds });
      token.addGrant({
        room: sfuRoom(roomId),
        roomJoin: true,
        roomCreate: false,
        canPublish: true,
        canSubscribe: true,
        canPublishData: true,
        canUpdateOwnMetadata: false,
      });
      return token.toJwt();
    },
    rooms: async () =>
      (await asked(() => client.listRooms())).map((room) => room.metadata).filter((roomId) => roomId !== ""),
    people: async (roomId) =>
      (await orNone(() => client.listParticipants(sfuRoom(roomId)), [])).map((each) => ({
        sid: each.sid,
        identity: each.identity,
        joinedAtMs: joinedAtMs(each),
      })),
    remove: (roomId, identity) =>
      orNone(() => client.removeParticipant(sfuRoom(roomId), identity), undefined),
    close: (roomId) => orNone(() => client.deleteRoom(sfuRoom(roomId)), undefined),
  };
}

/** What is not there needs neither to be listed nor to be ended. */
async function orNone<T>(ask: () => Promise<T>, none: T): Promise<T> {
  try {
    return await asked(ask);
  } catch (error) {
    if (error instanceof ColloqueError && error.code === "not-found") return none;
    throw error;
  }
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof ServerError && cause.status === 404) throw new ColloqueError("not-found", { cause });
    throw new ColloqueError("calls-unreachable", { cause });
  }
}
