import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/**
 * Gives out the bare page, and passes everything of Matrix on to Synapse's socket as it is: what a page that knows no consent would use.
 * The product's gateway would rightly refuse its uploads, and so would its policy in Synapse: they go to `places`, which the bench has
 * made known to the ledger beforehand.
 */
export async function serveBare(
  folder: string,
  synapseSocket: string,
  places: string[],
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((question, answer) => {
    const place = question.url === "/_matrix/media/v3/upload" ? places.pop() : undefined;
    if (place !== undefined) put(question, answer, synapseSocket, place);
    else if (question.url?.startsWith("/_matrix/")) passOn(question, answer, synapseSocket);
    else giveFile(folder, question, answer);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The bare page's server has no port");
  return {
    url: `http://localhost:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** An upload, to a place in place of one that Synapse would choose; answered as Synapse would have. */
function put(question: IncomingMessage, answer: ServerResponse, socketPath: string, place: string): void {
  const path = `/_matrix/media/v3/upload/${place.slice("mxc://".length)}`;
  const headers = { ...question.headers, "x-forwarded-for": "127.0.0.1" };
  const asked = request({ socketPath, method: "PUT", path, headers }, (told) => {
    told.resume();
    answer.writeHead(told.statusCode ?? 502, { "content-type": "application/json" });
    answer.end(JSON.stringify({ content_uri: place }));
  });
  asked.on("error", () => answer.destroy());
  question.pipe(asked);
}

function passOn(question: IncomingMessage, answer: ServerResponse, socketPath: string): void {
  const { method, url: path } = question;
  // On a socket Synapse takes the caller's address from here.
  const headers = { ...question.headers, "x-forwarded-for": "127.0.0.1" };
  const asked = request({ socketPath, method, path, headers }, (told) => {
    answer.writeHead(told.statusCode ?? 502, told.headers);
    told.pipe(answer);
  });
  asked.on("error", (error) => {
    if (!answer.destroyed) console.error(`The bare page's server: ${error.message}`);
    answer.destroy();
  });
  answer.on("close", () => asked.destroy());
  question.pipe(asked);
}

function giveFile(folder: string, question: IncomingMessage, answer: ServerResponse): void {
  const path = normalize(decodeURIComponent(question.url?.split("?")[0] ?? "/"));
  const file = createReadStream(join(folder, path));
  file.once("error", () => answer.writeHead(404).end());
  file.once("open", () => {
    answer.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" });
    file.pipe(answer);
  });
}
