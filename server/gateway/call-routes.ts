import type { FastifyInstance } from "fastify";
import { ColloqueError } from "#protocol/errors.ts";
import type { CallsPort } from "../calls/index.ts";
import type { ApiParts, SignedIn } from "./api-parts.ts";
import { memberOf } from "./callers.ts";
import { createRateLimit, rates } from "./rate-limit.ts";

/**
 * Entering a call. Under `/calls` stands what `livekit_service_url` of MatrixRTC names: the protocol of lk-jwt-service, for other clients
 * in the same room, and the media server's own news. The newer endpoints of that protocol are not there: a client that is told so goes on
 * with what is.
 */
export function callRoutes(app: FastifyInstance, parts: ApiParts, signedIn: SignedIn): void {
  const limitAddress = createRateLimit(rates.phone, parts.clock);
  app.post("/cases/:roomId/call", async (request) => {
    const session = await signedIn(request);
    const { roomId } = await memberOf(parts, session, request.params);
    return callsOf(parts).pass({ roomId, userId: session.userId, deviceId: session.device });
  });
  app.register(async (calls) => {
    // Other clients' pages are of other origins: what they show is a token of their own user's homeserver, no cookie.
    calls.addHook("onSend", async (_request, reply) => {
      reply.header("access-control-allow-origin", "*");
      reply.header("access-control-allow-headers", "content-type");
      reply.header("access-control-allow-methods", "POST");
      reply.header("cross-origin-resource-policy", "cross-origin");
    });
    calls.options("/calls/*", async (_request, reply) => reply.code(200).send());
    calls.post("/calls/sfu/get", async (request) => {
      limitAddress(request.ip);
      return callsOf(parts).passByOpenId(request.body);
    });
    for (const absent of ["/calls/get_token", "/calls/delegate_delayed_leave"])
      calls.post(absent, async () => {
        throw new ColloqueError("not-found");
      });
  });
  app.register(async (news) => {
    news.removeAllContentTypeParsers();
    news.addContentTypeParser("application/webhook+json", { parseAs: "string" }, (_request, body, done) =>
      done(null, body),
    );
    news.post("/calls/sfu_webhook", async (request) => {
      const body = typeof request.body === "string" ? request.body : "";
      await callsOf(parts).webhook(body, request.headers.authorization);
      return {};
    });
  });
}

function callsOf({ calls }: ApiParts): CallsPort {
  if (calls === undefined) throw new ColloqueError("not-found");
  return calls;
}
