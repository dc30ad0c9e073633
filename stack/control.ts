import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { z } from "zod";
import { messageOf, StackFailure } from "./failure.ts";
import type { PartName } from "./parts/part.ts";
import { type Run, readRun } from "./run-file.ts";
import { unixRequest } from "./unix-http.ts";

/** What tests may do to a running stack. */
export interface PartControl {
  /** Ends one part, gently or at once, without the stack taking it for an accident. */
  stopPart(name: PartName, how?: "term" | "kill"): Promise<void>;
  /** `settings` go over those of the environment that it otherwise has. */
  startPart(name: PartName, settings?: Readonly<Record<string, string>>): Promise<void>;
}

const commandSchema = z.object({
  action: z.enum(["stop", "kill", "start"]),
  part: z.enum(["synapse", "livekit", "hapi", "orthanc", "server", "archivist"]),
  settings: z.record(z.string(), z.string()).optional(),
});

/** Lets tests in other processes stop and start parts, over a socket that only this user can open. */
export async function listenForControl(socketPath: string, control: PartControl): Promise<AsyncDisposable> {
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      obey(Buffer.concat(chunks).toString(), control)
        .then(() => response.writeHead(204).end())
        .catch((error: unknown) => response.writeHead(500).end(JSON.stringify(messageOf(error))));
    });
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(socketPath, done);
  });
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function obey(text: string, control: PartControl): Promise<void> {
  const { action, part, settings } = commandSchema.parse(JSON.parse(text));
  if (action === "start") await control.startPart(part, settings);
  else await control.stopPart(part, action === "kill" ? "kill" : "term");
}

/** The stack that a test or bench was given (by COLLOQUE_STACK), and a hand on its parts. */
export interface ConnectedStack extends PartControl {
  readonly facts: Run;
}

export function connectStack(file = process.env.COLLOQUE_STACK): ConnectedStack {
  const facts = file === undefined ? undefined : readRun(file);
  if (facts === undefined) {
    throw new StackFailure("No stack is running: begin with npm run e2e, npm run bench or npm run shots.");
  }
  const send = async (action: "stop" | "kill" | "start", part: PartName, settings = {}) => {
    const answer = await unixRequest(facts.controlSocket, "POST", "/", {
      body: { action, part, settings },
      timeoutMs: 300_000,
    });
    if (answer.status !== 204) throw new StackFailure(`${action} ${part}: ${String(answer.body)}`);
  };
  return {
    facts,
    stopPart: (name, how = "term") => send(how === "kill" ? "kill" : "stop", name),
    startPart: (name, settings) => send("start", name, settings),
  };
}
