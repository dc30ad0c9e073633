import { createServer, request } from "node:http";
import { serverName } from "../demo/hospital.ts";
import { StackFailure } from "../failure.ts";
import { foldersOf } from "../paths.ts";
import { portBaseOf } from "../ports.ts";
import { loadSecrets } from "../secrets.ts";
import { startStack } from "../stack.ts";
import { stopSignal } from "../stop-signal.ts";
import { runVitest, type Tally } from "./check.ts";

const profile = "homeserver";

/**
 * The tests that speak to a homeserver and nothing else (`*.stack.test.ts`), over a Synapse of their own: it asks no consent
 * registry, so that the archivist meets what the product's own homeserver would not let through.
 */
export async function runHomeserverTests(args: readonly string[] = []): Promise<Tally> {
  const { signal, dispose } = stopSignal();
  try {
    await using homeserver = await startHomeserver(signal);
    return await runVitest([".stack.test.ts", ...args], { env: homeserver.env, signal });
  } finally {
    dispose();
  }
}

/** A Synapse alone, and what `server/bot/testing` has to know of it. */
export async function startHomeserver(
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly env: Readonly<Record<string, string>> }> {
  await using starting = new AsyncDisposableStack();
  const stack = starting.use(
    await startStack({ profile, reset: true, quiet: true, parts: ["synapse"], signal }),
  );
  const door = starting.use(await tcpDoorTo(stack.synapseSocket, portBaseOf(profile)));
  const secret = loadSecrets(foldersOf(profile).secretsFile).registrationSecret;
  const homeserver = { url: door.url, secret, serverName, socketPath: stack.synapseSocket };
  const running = starting.move();
  return {
    env: {
      COLLOQUE_TEST_HOMESERVER: JSON.stringify(homeserver),
      COLLOQUE_STACK: foldersOf(profile).runFile,
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Synapse listens on a unix socket only; the devices of these tests speak plain HTTP. */
async function tcpDoorTo(socketPath: string, port: number): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((asked, answer) => {
    const headers = { ...asked.headers, "x-forwarded-for": "127.0.0.1" };
    const inner = request({ socketPath, method: asked.method, path: asked.url, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    inner.on("error", () => answer.destroy());
    answer.on("close", () => inner.destroy());
    asked.pipe(inner);
  });
  await new Promise<void>((done, fail) => {
    server.once("error", () => fail(new StackFailure(`Port ${port} is in use by another program.`)));
    server.listen(port, "127.0.0.1", done);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
