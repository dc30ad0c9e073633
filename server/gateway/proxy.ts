import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Dispatcher } from "undici";
import { ColloqueError } from "#protocol/errors.ts";
import { toHttp } from "../kit/http-errors.ts";

/** Only these go to Synapse; the rest of a request's headers is nobody's business there. */
const requestHeaders = ["authorization", "content-type", "accept", "accept-language", "user-agent"];
/** Only these come back: no CORS, no ETag, no cache life, no cookie, nothing hop-by-hop. */
const responseHeaders = ["content-type", "content-length", "retry-after"];

export type Upstream = {
  readonly method: string;
  /** Path and query, rebuilt from what was checked. */
  readonly path: string;
  readonly body?: Buffer | Readable | AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the answer early, for a picture that is withdrawn while it is being read. */
  readonly signal?: AbortSignal;
};

/** Sends a request on to Synapse. Ends it when the client goes away. Throws `homeserver-unreachable`. */
export async function forward(
  dispatcher: Dispatcher,
  request: FastifyRequest,
  reply: FastifyReply,
  upstream: Upstream,
): Promise<Dispatcher.ResponseData> {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const headers: Record<string, string> = { "x-forwarded-for": request.ip };
  for (const name of requestHeaders) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const signal =
    upstream.signal === undefined ? gone.signal : AbortSignal.any([gone.signal, upstream.signal]);
  try {
    return await dispatcher.request({
      method: methodOf(upstream.method),
      path: upstream.path,
      headers: { ...headers, ...upstream.headers },
      ...(upstream.body === undefined ? {} : { body: upstream.body as Buffer | Readable }),
      signal,
    });
  } catch (cause) {
    if (cause instanceof ColloqueError) throw cause;
    throw new ColloqueError("homeserver-unreachable", { cause });
  }
}

/** Gives Synapse's answer to the client as it comes in. */
export function answerWith(reply: FastifyReply, answer: Dispatcher.ResponseData): FastifyReply {
  reply.code(answer.statusCode);
  for (const name of responseHeaders) {
    const value = answer.headers[name];
    if (typeof value === "string") reply.header(name, value);
  }
  return reply.header("cache-control", "no-store").send(answer.body);
}

/** An error as the Matrix-shaped answer that it is. */
export function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const { status, body } = toHttp(error);
  if (body.retry_after_ms !== undefined)
    reply.header("retry-after", String(Math.ceil(body.retry_after_ms / 1000)));
  return reply.code(status).header("cache-control", "no-store").send(body);
}

function methodOf(method: string): Dispatcher.HttpMethod {
  if (method === "GET" || method === "POST" || method === "PUT" || method === "DELETE") return method;
  throw new ColloqueError("not-allowed");
}
