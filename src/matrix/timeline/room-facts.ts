import type { Room } from "matrix-js-sdk";
import type { Consent } from "#protocol/consent.ts";
import { caseIdKey, caseRoomType } from "#protocol/events.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import type { RoomView } from "./room-reader.ts";

/** The case that a room was created for; null for any other kind of room. */
export function caseIdOf(room: Room): string | null {
  const content: unknown = room.currentState.getStateEvents("m.room.create", "")?.getContent();
  if (content === null || typeof content !== "object" || !("type" in content)) return null;
  if (content.type !== caseRoomType || !(caseIdKey in content)) return null;
  const parsed = caseIdSchema.safeParse(content[caseIdKey]);
  return parsed.success ? parsed.data : null;
}

export const isJoined = (room: Room | null): boolean => room?.getMyMembership() === "join";
export const isInvited = (room: Room): boolean => room.getMyMembership() === "invite";

export const inviterOf = (room: Room, userId: string): string | undefined =>
  room.getMember(userId)?.events.member?.getSender();

/** In the room, or invited to it. */
export const hasMember = (room: Room, userId: string): boolean =>
  ["join", "invite"].includes(room.getMember(userId)?.membership ?? "");

/** The consents of a case that were not taken back, as the case tells it: what stands beside the one that a picture was taken under. */
export function livingConsents({ events }: Pick<RoomView, "events">, bot: string): Consent[] {
  const gone = new Set<string>(
    events.flatMap((event) =>
      event.kind === "withdrawn" && event.sender === bot ? [event.withdrawn.consentId] : [],
    ),
  );
  return events.flatMap((event) =>
    event.kind === "consent" && !gone.has(event.consent.payload.consentId) ? [event.consent.payload] : [],
  );
}

/** For whom the glass was broken over a consent, as the case tells it. The registry has its own word at each download. */
export const glassesOver = ({ events }: Pick<RoomView, "events">, consentId: string): OpenGlass[] =>
  events.flatMap((event) =>
    event.kind === "glass" && event.glass.payload.consentId === consentId
      ? [{ reader: event.glass.payload.reader, untilMs: Date.parse(event.glass.payload.endsAt) }]
      : [],
  );
