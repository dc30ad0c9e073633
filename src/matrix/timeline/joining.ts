import type { MatrixClient, Room } from "matrix-js-sdk";
import { type Clock, pauseMs } from "../kit/clock.ts";
import { inviterOf, isInvited } from "./room-facts.ts";

/** Follows the archivist, and nobody else, into cases. Resolves when this person is in, or is no longer invited. */
export function createJoiner(deps: {
  readonly client: MatrixClient;
  readonly userId: string;
  readonly bot: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): (room: Room) => Promise<void> {
  const { client, clock, signal } = deps;
  const joining = new Map<string, Promise<void>>();

  const join = async (room: Room): Promise<void> => {
    for (let attempt = 0; isInvited(room) && !signal.aborted; attempt += 1) {
      // The SDK tells of an invitation before it keeps the room, and looks there for the inviter whose keys it then accepts.
      while (client.getRoom(room.roomId) === null && !signal.aborted) await clock.wait(10, signal);
      await client.joinRoom(room.roomId).catch(() => undefined);
      await untilIn(room, pauseMs(attempt));
    }
  };

  /** The answer to a join is a little ahead of the sync that tells of it: joining again meanwhile would lose the keys. */
  const untilIn = async (room: Room, longestMs: number): Promise<void> => {
    const endMs = clock.nowMs() + longestMs;
    while (isInvited(room) && clock.nowMs() < endMs && !signal.aborted) await clock.wait(20, signal);
  };

  return (room) => {
    if (inviterOf(room, deps.userId) !== deps.bot) return Promise.resolve();
    const under = joining.get(room.roomId);
    if (under !== undefined) return under;
    const begun = join(room).finally(() => void joining.delete(room.roomId));
    joining.set(room.roomId, begun);
    return begun;
  };
}
