import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { z } from "zod";

export type Asked = {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
};
export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** A real server on this machine that answers what it is told, and remembers what it was asked. */
export async function listen(
  answer: (asked: Asked) => Answer | Promise<Answer>,
  tls?: ServerOptions,
  at = 0,
): Promise<{ url: string; asked: Asked[] } & AsyncDisposable> {
  const asked: Asked[] = [];
  const listener: RequestListener = async (request, reply) => {
    const one = await read(request);
    asked.push(one);
    const { status, headers, body } = await answer(one);
    reply.writeHead(status, { "content-type": "application/fhir+json", ...headers });
    reply.end(body === undefined ? "" : JSON.stringify(body));
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(at, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return {
    method: request.method ?? "",
    url: request.url ?? "",
    authorization: request.headers.authorization,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
