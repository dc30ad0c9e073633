import { readFile } from "node:fs/promises";
import type { ServerOptions } from "node:https";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { Json } from "#protocol/canonical.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { type Federation, federationPaths, type Wish } from "../federation/index.ts";
import { toHttp } from "../kit/http-errors.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { RoleContext } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { matchRule } from "./allow-list.ts";
import { federationList, isForEverybody, originOf } from "./federation-list.ts";
import { isStream } from "./matrix.ts";
import { type MediaDoor, until } from "./media.ts";
import { answerWith, forward, refuse } from "./proxy.ts";
import { createRateLimit, rates } from "./rate-limit.ts";

export type Door = {
  readonly synapse: Pick<SynapseClient, "dispatcher">;
  readonly federation: Pick<Federation, "publicKey" | "isPeer" | "answer" | "takeBack" | "hasLeave">;
  readonly media: Pick<MediaDoor, "mayHave" | "mayLeave">;
  readonly serverName: string;
  readonly limit: (key: string) => void;
  readonly log: Logger;
};

type Parts = Pick<Door, "synapse" | "media"> & {
  readonly federation?: (Door["federation"] & Pick<Federation, "config">) | undefined;
};
type Context = Pick<RoleContext, "clock" | "log"> & {
  readonly config: Pick<RoleContext["config"], "serverName">;
};

/**
 * The door for other hospitals, by TLS and apart from the one for people: what their homeservers may ask of ours, by an allow-list, and what
 * their gateways ask of this one. Closed where the configuration names no other hospital.
 */
export async function openFederationDoor(
  { config, clock, log: serverLog }: Context,
  { synapse, federation, media }: Parts,
): Promise<FastifyInstance | undefined> {
  if (federation === undefined) return undefined;
  const { certFile, keyFile, host, port } = federation.config;
  const log = serverLog.child({ role: "federation" });
  const limit = createRateLimit(rates.federation, clock);
  const door: Door = { synapse, federation, media, serverName: config.serverName, limit, log };
  const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
  const app = buildDoor(door, { cert, key, minVersion: "TLSv1.2" });
  const address = await app.listen({ host, port });
  log.info({ address, peers: federation.config.peers.length }, "the door for other hospitals is open");
  return app;
}

/** The door, not yet open. */
export function buildDoor(door: Door, https: ServerOptions | null): FastifyInstance {
  const app = fastify({
    logger: false,
    https,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  app.setErrorHandler((error, _request, reply) => {
    note(door, error);
    return refuse(reply, error);
  });
  app.addHook("onRequest", async (request) => door.limit(request.ip));
  ourGateways(app, door);
  app.register(homeservers(door));
  return app;
}

function note({ log }: Door, error: unknown): void {
  if (!(error instanceof ColloqueError)) log.error(toLog(error), "a request of another hospital failed");
}

/** Words between gateways. */
function ourGateways(app: FastifyInstance, { federation, media }: Door): void {
  app.addContentTypeParser("application/jose", { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );
  app.get(federationPaths.key, async () => ({ key: federation.publicKey }));
  app.post(federationPaths.question, async (request, reply) => {
    const answer = await federation.answer(textOf(request), (wish) => judge(media, wish));
    return reply.type("application/jose").header("cache-control", "no-store").send(answer);
  });
  app.post(federationPaths.revocation, async (request) => {
    await federation.takeBack(textOf(request));
    return {};
  });
}

function textOf({ body }: FastifyRequest): string {
  if (typeof body === "string") return body;
  throw new ColloqueError("bad-request");
}

/** Another hospital's reader stands before the same gate as ours. */
async function judge(media: Door["media"], { mxc, reader, how }: Wish): Promise<Record<string, Json>> {
  const facts = await media.mayHave(mxc, reader, how);
  if (facts === undefined) throw new ColloqueError("not-found");
  if (facts.kind === "key-bundle") return { grants: "key-bundle" };
  const { roomId, caseId, rendition, receipt } = facts;
  const { consentId, receiptId } = receipt;
  return { grants: "picture", roomId, caseId, consentId, receiptId, rendition };
}

/** Bytes leave for a reader whose gateway has just asked, and who may have them still. */
function mayLeave({ federation, media, serverName }: Door, id: string, origin: string) {
  const mxc = `mxc://${serverName}/${id}`;
  if (!federation.hasLeave(origin, mxc)) throw new ColloqueError("not-found");
  return media.mayLeave(mxc, origin);
}

/** Requests of homeservers, passed on as they were signed. */
const homeservers = (door: Door) => async (app: FastifyInstance) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.all("/_matrix/*", async (request, reply) => {
    try {
      return await passOn(door, request, reply);
    } catch (error) {
      note(door, error);
      // Matrix's own two members alone: Synapse stumbles over a member "code" in another server's refusal, and never answers its client.
      const { status, body } = toHttp(error);
      return reply.code(status).send({ errcode: body.errcode, error: body.error });
    }
  });
};

async function passOn(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const path = request.raw.url ?? "";
  const matched = matchRule(request.method, path.split("?")[0] ?? "", federationList);
  if (matched === undefined) throw new ColloqueError("not-allowed");
  const origin = originOf(request.headers.authorization);
  const isPeer = origin !== undefined && door.federation.isPeer(origin);
  if (!isPeer && !isForEverybody(matched.rule)) throw new ColloqueError("not-allowed");
  const over = new AbortController();
  if (isPeer && matched.rule.own === "download") {
    const listen = await mayLeave(door, matched.params.media ?? "", origin);
    until(
      reply,
      listen(() => over.abort()),
    );
  }
  const length = Number(request.headers["content-length"] ?? 0);
  if (!(length <= matched.rule.limit)) throw new ColloqueError("too-large");
  const body = length > 0 && isStream(request.body) ? request.body : undefined;
  const answer = await forward(door.synapse.dispatcher, request, reply, {
    method: matched.rule.method,
    path,
    signal: over.signal,
    ...(body === undefined ? {} : { body, headers: { "content-length": String(length) } }),
  });
  return answerWith(reply, answer);
}
