import { DisconnectReason } from "@livekit/protocol";
import type { WebhookEvent, WebhookReceiver } from "livekit-server-sdk";
import { ColloqueError } from "#protocol/errors.ts";
import type { SfuNews } from "./calls.ts";
import { joinedAtMs } from "./sfu.ts";
import type { IncidentRow } from "./store.ts";

/** What the media server tells of its rooms, in words signed with the key that it shares with us. */
export async function verified(
  receiver: WebhookReceiver,
  body: string,
  authorization: string | undefined,
): Promise<WebhookEvent> {
  try {
    return await receiver.receive(body, authorization);
  } catch (cause) {
    throw new ColloqueError("not-allowed", { cause });
  }
}

/** Null for what is no news of who is in a call. The Matrix room stands in the room's metadata. */
export function newsOf(
  event: Pick<WebhookEvent, "event" | "room" | "participant" | "createdAt">,
): SfuNews | null {
  const roomId = event.room?.metadata ?? "";
  if (roomId === "") return null;
  const atMs = Number(event.createdAt) * 1000;
  const { participant } = event;
  if (event.event === "room_finished") return { kind: "finished", roomId, atMs };
  if (participant === undefined) return null;
  const who = { roomId, sid: participant.sid, identity: participant.identity };
  switch (event.event) {
    case "participant_joined":
      return { kind: "joined", ...who, atMs: joinedAtMs(participant) || atMs };
    case "participant_left":
    case "participant_connection_aborted":
      return { kind: "left", ...who, atMs, incident: incidentOf(participant.disconnectReason) };
    default:
      return null;
  }
}

function incidentOf(reason: DisconnectReason): IncidentRow["kind"] | undefined {
  switch (reason) {
    case DisconnectReason.SIGNAL_CLOSE:
    case DisconnectReason.CONNECTION_TIMEOUT:
    case DisconnectReason.STATE_MISMATCH:
      return "connection-lost";
    case DisconnectReason.JOIN_FAILURE:
    case DisconnectReason.MEDIA_FAILURE:
      return "could-not-join";
    case DisconnectReason.SERVER_SHUTDOWN:
      return "media-server-stopped";
    default:
      return undefined;
  }
}
