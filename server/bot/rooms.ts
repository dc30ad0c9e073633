import type { Room } from "matrix-js-sdk";
import { caseIdKey, caseRoomType } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { type Logger, toLog } from "../kit/log.ts";
import { KnownMembership } from "./sdk.ts";
import type { Session } from "./session.ts";

const createOf = (room: Room): Record<string, unknown> | undefined =>
  room.currentState.getStateEvents("m.room.create", "")?.getContent();

export const isCaseRoom = (room: Room): boolean => createOf(room)?.type === caseRoomType;

/** The case that a room was created for. */
export const caseIdOf = (room: Room): string | undefined =>
  caseIdSchema.safeParse(createOf(room)?.[caseIdKey]).data;

/** Whether the archivist may follow an invitation: to a case, from a colleague of this homeserver. */
function mayJoin(room: Room, own: string): boolean {
  const inviter = room.getMember(own)?.events.member?.getSender();
  return isCaseRoom(room) && inviter !== undefined && serverOf(inviter) === serverOf(own);
}

const serverOf = (userId: string): string => userId.slice(userId.indexOf(":") + 1);

/** Joins a case that it was invited to, and leaves what turns out to be something else. True when it is in a case now. */
export async function joinCase(session: Session, room: Room, log: Logger): Promise<boolean> {
  const { client, userId } = session;
  if (!mayJoin(room, userId)) {
    log.warn(
      { roomId: room.roomId },
      "an invitation to something that is no case of this hospital was left alone",
    );
    return false;
  }
  try {
    await client.joinRoom(room.roomId);
    return true;
  } catch (error) {
    log.warn({ roomId: room.roomId, ...toLog(error) }, "a case could not be joined yet");
    throw error;
  }
}

export const isIn = (room: Room | null): room is Room => room?.getMyMembership() === KnownMembership.Join;
export const isInvited = (room: Room | null): room is Room =>
  room?.getMyMembership() === KnownMembership.Invite;

/** Whether a person is in a room, or has been asked in. */
export function standingOf(room: Room, userId: string): "in" | "invited" | "out" {
  const membership = room.getMember(userId)?.membership;
  if (membership === KnownMembership.Join) return "in";
  return membership === KnownMembership.Invite ? "invited" : "out";
}
