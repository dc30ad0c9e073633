import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Certificate } from "./certificates.ts";

/** All of a request's body. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

export type Listening = AsyncDisposable & {
  readonly url: string;
  /** From now on it shows this certificate; who is connected must come again. */
  show(certificate: Certificate): void;
};

/** A server of the harness, on a port that is free. */
export async function listen(answer: RequestListener, certificate?: Certificate): Promise<Listening> {
  const tls: TlsServer | undefined = certificate && createTlsServer(certificate, answer);
  const server = tls ?? createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It listens nowhere");
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`,
    show: (other) => {
      tls?.setSecureContext(other);
      server.closeAllConnections();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
