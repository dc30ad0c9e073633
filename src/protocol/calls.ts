import { z } from "zod";
import { instantSchema, userIdSchema } from "./ids.ts";

/**
 * What a call needs of our own server; everything else about a call is MatrixRTC (MSC4143, MSC4195): memberships in state, keys by
 * encrypted to-device messages, pictures and sound through LiveKit, encrypted from end to end.
 */

/**
 * POST /cases/:roomId/call: leave for the asking device to enter the call of a case. Empty body. Refused with `not-a-member`,
 * `gate-refused` (no consent covers this person now), `withdrawn` (the case has its opinion), `not-found` where there are no calls.
 */
export const callPassSchema = z.object({
  /** Address of the LiveKit server, for a browser. */
  url: z.string().regex(/^wss?:\/\//),
  /** LiveKit's access token: this room alone, this identity alone. */
  jwt: z.string().max(4096),
  /** The participant's name at LiveKit: user and device, as the memberships of MatrixRTC have it. */
  identity: z.string().max(400),
});
export type CallPass = z.infer<typeof callPassSchema>;

/** A device's name at LiveKit while memberships are room state: `@user:server:DEVICE` (as in lk-jwt-service). */
export const callIdentity = (userId: string, deviceId: string): string => `${userId}:${deviceId}`;

/** Whose device this participant is; null for a name of another shape. */
export function deviceOfIdentity(identity: string): { userId: string; deviceId: string } | null {
  const match = /^(@[^\s:]+:[^\s]+):([A-Za-z0-9_-]{1,64})$/.exec(identity);
  return match?.[1] === undefined || match[2] === undefined ? null : { userId: match[1], deviceId: match[2] };
}

/** State event in which each device says that it is in a call (MSC3401 as MatrixRTC uses it). */
export const callMemberType = "org.matrix.msc3401.call.member";
/** The one slot of a room's call (MSC4143). */
export const callSlot = "m.call#ROOM";

/** Why a call ended: everybody left, the patient's consent no longer covers it, the case ended, or the media server went away. */
export const callEndSchema = z.enum(["left", "consent-ended", "case-ended", "lost"]);
export type CallEnd = z.infer<typeof callEndSchema>;

/** What went wrong with somebody's connection, as the media server saw it. */
export const callIncidentSchema = z.enum(["connection-lost", "could-not-join", "media-server-stopped"]);
export type CallIncident = z.infer<typeof callIncidentSchema>;

/**
 * The archivist's word that a call took place: start, end, who was in it, technical incidents (CSP R6316-3). Nothing of picture or sound is
 * kept. Filed like what was written.
 */
export const callTraceSchema = z.object({
  callId: z.uuid(),
  startedAt: instantSchema,
  endedAt: instantSchema,
  ended: callEndSchema,
  participants: z
    .array(z.object({ userId: userIdSchema, joinedAt: instantSchema, leftAt: instantSchema }))
    .min(1)
    .max(200),
  incidents: z
    .array(z.object({ at: instantSchema, kind: callIncidentSchema, userId: userIdSchema }))
    .max(200),
});
export type CallTrace = z.infer<typeof callTraceSchema>;
