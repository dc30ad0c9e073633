import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import type { CaseId } from "#protocol/ids.ts";
import type { Audit } from "../audit/index.ts";
import type { Registry } from "../consent/index.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import { type Check, type Matched, matchRule } from "./allow-list.ts";
import { checkDelay } from "./call-rules.ts";
import { charge } from "./charge.ts";
import { type BodyCheck, createBodyCheck, parseJson } from "./matrix-checks.ts";
import * as rules from "./matrix-rules.ts";
import type { MediaDoor } from "./media.ts";
import { answerWith, forward, refuse } from "./proxy.ts";
import { createRateLimit, rates } from "./rate-limit.ts";
import type { Sessions } from "./sessions.ts";

export type MatrixParts = {
  readonly synapse: SynapseClient;
  readonly sessions: Sessions;
  readonly registry: Pick<Registry, "claimCase" | "bindRoom" | "isClosed">;
  readonly audit: Pick<Audit, "signedIn" | "signedOut" | "caseOpened">;
  readonly media: Pick<MediaDoor, "upload" | "download">;
  readonly bot: string;
  readonly serverName: string;
  /** Whether the directory knows this user. */
  readonly isKnown: (userId: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
};

/** What others get to see of a request. */
const shownToOthers: ReadonlySet<Check> = new Set([
  "send",
  "to-device",
  "receipt",
  "read-markers",
  "event-id",
  "call-member",
  "delayed-event",
]);

type Call = { request: FastifyRequest; reply: FastifyReply; matched: Matched; query: string };

/** The Matrix door: /_matrix/* by the allow-list, streamed to and from Synapse's socket. */
export function matrixDoor(parts: MatrixParts) {
  const limitAll = createRateLimit(rates.all, parts.clock);
  const limitSend = createRateLimit(rates.send, parts.clock);
  const limitLogin = createRateLimit(rates.login, parts.clock);
  const createCase = caseCreator(parts);
  const check = createBodyCheck(parts);

  async function limit({ request, matched }: Call): Promise<void> {
    const { ip } = request;
    const key = await charge(parts.sessions, { ip, authorization: request.headers.authorization }, limitAll);
    if (shownToOthers.has(matched.rule.check)) limitSend(key);
    if (matched.rule.check === "login") limitLogin(request.ip);
  }

  async function handle(call: Call): Promise<FastifyReply> {
    const { request, reply, matched } = call;
    await limit(call);
    switch (matched.rule.own) {
      case "absent":
        throw new ColloqueError("not-found");
      case "upload":
        return parts.media.upload(request, reply, matched.params);
      case "download":
        return parts.media.download(request, reply, matched.params);
      case "create-room":
        return createCase(call);
      case "sign-out":
      case "sign-out-everywhere":
        return signOut(call, parts);
      case undefined:
        return passOn(call, check, parts);
    }
  }

  return async (app: FastifyInstance): Promise<void> => {
    // The body stays a stream until a rule wants to read it.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    app.all("/_matrix/*", async (request, reply) => {
      const [path = "", query = ""] = (request.raw.url ?? "").split(/\?(.*)/s);
      const matched = matchRule(request.method, path);
      try {
        if (matched === undefined || /(^|&)access_token=/.test(query)) throw new ColloqueError("not-allowed");
        request.ruleName = matched.rule.name;
        return await handle({ request, reply, matched, query });
      } catch (error) {
        if (!(error instanceof ColloqueError)) parts.log.error(toLog(error), "a Matrix request failed");
        return refuse(reply, error);
      }
    });
  };
}

const suffix = (query: string): string => (query === "" ? "" : `?${query}`);

async function passOn(call: Call, check: BodyCheck, parts: MatrixParts): Promise<FastifyReply> {
  const { request, reply, matched, query } = call;
  // Delays and lifetimes are asked for beside an event: neither is for pictures of patients.
  if (matched.rule.check === "call-member") checkDelay(query);
  else if (query !== "" && shownToOthers.has(matched.rule.check)) throw new ColloqueError("not-allowed");
  const body = await readBody(request, matched.rule.limit);
  const { authorization } = request.headers;
  const loginName = await check({ authorization, matched }, body);
  const answer = await forward(parts.synapse.dispatcher, request, reply, {
    method: matched.rule.method,
    path: matched.path + suffix(query),
    ...(body === undefined ? {} : { body }),
  });
  if (loginName !== undefined)
    await parts.audit.signedIn({
      userId: auditedName(loginName, parts),
      outcome: answer.statusCode === 200 ? "ok" : "refused",
    });
  return answerWith(reply, answer);
}

/** The name as kept: only one that the directory knows, since people type their password into the wrong field. */
function auditedName(typed: string, { isKnown, serverName }: MatrixParts): string {
  const userId = typed.startsWith("@") ? typed : `@${typed}:${serverName}`;
  return isKnown(userId) ? userId : "unknown";
}

async function signOut(call: Call, { sessions, synapse, audit }: MatrixParts): Promise<FastifyReply> {
  const { request, reply, matched } = call;
  const session = await sessions.of(request.headers.authorization);
  await readBody(request, matched.rule.limit);
  // Forgotten before Synapse is asked: a token on its way out opens nothing here.
  if (matched.rule.own === "sign-out") sessions.drop(session.token);
  else sessions.dropUser(session.userId);
  const answer = await forward(synapse.dispatcher, request, reply, {
    method: "POST",
    path: matched.path,
    body: Buffer.from("{}"),
  });
  // A request under way may have brought it back to memory meanwhile.
  sessions.drop(session.token);
  await audit.signedOut({ actor: session.userId });
  return answerWith(reply, answer);
}

const createdSchema = z.object({ room_id: z.string() });

/** Opens the room of a case: once, however often it is asked, since the answer to the first try may have been lost. */
function caseCreator(parts: MatrixParts) {
  const { sessions, registry, synapse, audit, bot } = parts;
  const underWay = new Map<string, Promise<string>>();

  async function open(userId: string, token: string, caseId: CaseId): Promise<string> {
    const already = await registry.claimCase(userId, caseId);
    if (already !== undefined) return already;
    try {
      const { room_id: roomId } = await synapse.call({
        method: "POST",
        path: "/_matrix/client/v3/createRoom",
        token,
        body: rules.caseRoomBody(caseId, bot),
        answer: createdSchema,
      });
      await registry.bindRoom(userId, caseId, roomId);
      await audit.caseOpened({ actor: userId, caseId, roomId });
      return roomId;
    } catch (error) {
      if (!(error instanceof SynapseError)) throw error;
      if (error.status === 401) throw new ColloqueError("not-signed-in", { cause: error });
      if (error.status === 429)
        throw new ColloqueError("too-many", { cause: error, details: { retryAfterMs: 2000 } });
      throw new ColloqueError(error.status < 500 ? "not-allowed" : "homeserver-unreachable", {
        cause: error,
        details: { status: error.status },
      });
    }
  }

  return async ({ request, reply, matched }: Call): Promise<FastifyReply> => {
    const { userId, token } = await sessions.of(request.headers.authorization);
    const caseId = rules.checkCreateRoom(parseJson(await readBody(request, matched.rule.limit)), bot);
    const key = `${userId} ${caseId}`;
    const opening = underWay.get(key) ?? open(userId, token, caseId).finally(() => void underWay.delete(key));
    underWay.set(key, opening);
    return reply.header("cache-control", "no-store").send({ room_id: await opening });
  };
}

/** The whole body, up to the limit; undefined when there is none. */
async function readBody(request: FastifyRequest, limit: number): Promise<Buffer | undefined> {
  if (!isStream(request.body)) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    const piece = Buffer.from(chunk);
    length += piece.length;
    if (length > limit) throw new ColloqueError("too-large");
    chunks.push(piece);
  }
  return length === 0 ? undefined : Buffer.concat(chunks);
}

export const isStream = (value: unknown): value is Readable =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

declare module "fastify" {
  interface FastifyRequest {
    /** The rule that let the request in: what the log shows in place of the address. */
    ruleName?: string;
  }
}
