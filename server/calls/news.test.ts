import { createHash } from "node:crypto";
import { DisconnectReason } from "@livekit/protocol";
import { AccessToken, WebhookReceiver } from "livekit-server-sdk";
import { describe, expect, test } from "vitest";
import { newsOf, verified } from "./news.ts";

const key = "key";
const secret = "a-secret-of-thirty-two-characters!";
const receiver = new WebhookReceiver(key, secret);

const bodyOf = (event: string, participant: object = {}, room: object = { metadata: "!case" }) =>
  JSON.stringify({
    event,
    room: { name: "hash", ...room },
    participant: { sid: "PA_1", identity: "@martin:x:PHONE", joinedAtMs: "1000", ...participant },
    createdAt: "2",
  });

/** Signed as LiveKit signs: a token that holds the hash of the body. */
async function signed(body: string, by = secret): Promise<string> {
  const token = new AccessToken(key, by);
  token.sha256 = createHash("sha256").update(body).digest("base64");
  return token.toJwt();
}

const newsIn = async (body: string) => newsOf(await verified(receiver, body, await signed(body)));

describe("what LiveKit tells", () => {
  test("is heard when it is signed with the shared key, over that very body", async () => {
    const body = bodyOf("participant_joined");
    expect(await newsIn(body)).toEqual({
      kind: "joined",
      roomId: "!case",
      sid: "PA_1",
      identity: "@martin:x:PHONE",
      atMs: 1000,
    });
    const others = await signed(body, "another-secret-of-thirty-two-chars");
    await expect(verified(receiver, body, others)).rejects.toMatchObject({ code: "not-allowed" });
    await expect(verified(receiver, body, undefined)).rejects.toMatchObject({ code: "not-allowed" });
    const changed = bodyOf("participant_left");
    await expect(verified(receiver, changed, await signed(body))).rejects.toMatchObject({
      code: "not-allowed",
    });
  });

  test.each([
    [DisconnectReason.CLIENT_INITIATED, undefined],
    [DisconnectReason.PARTICIPANT_REMOVED, undefined],
    [DisconnectReason.SIGNAL_CLOSE, "connection-lost"],
    [DisconnectReason.CONNECTION_TIMEOUT, "connection-lost"],
    [DisconnectReason.STATE_MISMATCH, "connection-lost"],
    [DisconnectReason.JOIN_FAILURE, "could-not-join"],
    [DisconnectReason.MEDIA_FAILURE, "could-not-join"],
    [DisconnectReason.SERVER_SHUTDOWN, "media-server-stopped"],
  ])("a leave with reason %s is an incident: %s", async (disconnectReason, incident) => {
    for (const event of ["participant_left", "participant_connection_aborted"])
      expect(await newsIn(bodyOf(event, { disconnectReason }))).toEqual({
        kind: "left",
        roomId: "!case",
        sid: "PA_1",
        identity: "@martin:x:PHONE",
        atMs: 2000,
        incident,
      });
  });

  test("is the end of a call; tracks, and rooms of nobody's case, are no news", async () => {
    expect(await newsIn(bodyOf("room_finished"))).toEqual({ kind: "finished", roomId: "!case", atMs: 2000 });
    expect(await newsIn(bodyOf("track_published"))).toBeNull();
    expect(await newsIn(bodyOf("room_finished", {}, {}))).toBeNull();
  });
});
