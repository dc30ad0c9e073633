import { WebhookReceiver } from "livekit-server-sdk";
import type { CallPass } from "#protocol/calls.ts";
import { toLog } from "../kit/log.ts";
import type { RoleContext } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { type CallsParts, createCalls } from "./calls.ts";
import { createHomeserver, openIdRequest } from "./homeserver.ts";
import { newsOf, verified } from "./news.ts";
import { createSfu } from "./sfu.ts";
import { migrations } from "./store.ts";

/** The calls as the gateway sees them. */
export type CallsPort = {
  pass(who: { roomId: string; userId: string; deviceId: string }): Promise<CallPass>;
  /** The same for another client, which proves whose it is by an OpenID token of its homeserver (lk-jwt-service, `/sfu/get`). */
  passByOpenId(asked: unknown): Promise<{ url: string; jwt: string }>;
  /** What the media server tells, in its own signed words. Throws `not-allowed` for anybody else's. */
  webhook(body: string, authorization: string | undefined): Promise<void>;
};

export type CallsNeeds = Pick<CallsParts, "mayBeIn" | "isEnded" | "tell"> & {
  readonly synapse: Pick<SynapseClient, "call">;
};

/** How often every call is looked at, whatever was told of it meanwhile; and those that somebody was put out of. */
const sweepMs = 10_000;
const watchMs = 300;

/** The calls of this server, or nothing where its configuration names no media server. */
export async function startCalls(
  { config, db, clock, events, log: serverLog }: RoleContext,
  needs: CallsNeeds,
): Promise<(CallsPort & AsyncDisposable) | undefined> {
  const { livekit, serverName, synapseAdminToken } = config;
  if (livekit === undefined) return undefined;
  const log = serverLog.child({ role: "calls" });
  await db.migrate("calls", migrations);
  const homeserver = createHomeserver(needs.synapse, synapseAdminToken, serverName);
  const sfu = createSfu(livekit);
  const calls = createCalls({ ...needs, db, clock, sfu, url: livekit.url, isJoined: homeserver.isJoined });
  const receiver = new WebhookReceiver(livekit.key, livekit.secret);
  /** What was told is heard in its order. */
  let line: Promise<unknown> = Promise.resolve();
  const inLine = (work: () => Promise<void>): Promise<void> => {
    const turn = line.then(work);
    line = turn.catch(() => undefined);
    return turn;
  };
  const leave = (work: Promise<void>): void =>
    void work.catch((error: unknown) => log.warn(toLog(error), "a call could not be looked at; again soon"));
  const recheck = ({ roomId }: { roomId?: string | undefined }): void => {
    if (roomId !== undefined) leave(calls.recheck(roomId));
  };
  const listening = [
    events.on("members-changed", recheck),
    events.on("consent-withdrawn", recheck),
    events.on("case-ended", recheck),
  ];
  const rounds = [
    setInterval(() => leave(inLine(calls.sweep)), sweepMs),
    setInterval(() => leave(inLine(calls.watch)), watchMs),
  ];
  for (const round of rounds) round.unref();
  return {
    pass: calls.pass,
    passByOpenId: async (asked) => {
      const { room: roomId, openid_token, device_id: deviceId } = openIdRequest(asked);
      const userId = await homeserver.ownerOf(openid_token, deviceId);
      const { url, jwt } = await calls.pass({ roomId, userId, deviceId });
      return { url, jwt };
    },
    webhook: async (body, authorization) => {
      const news = newsOf(await verified(receiver, body, authorization));
      if (news !== null) await inLine(() => calls.hear(news));
    },
    [Symbol.asyncDispose]: async () => {
      for (const round of rounds) clearInterval(round);
      for (const each of listening) each[Symbol.dispose]();
      await line;
    },
  };
}
