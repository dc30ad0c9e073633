import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { Agent } from "undici";
import { z } from "zod";
import { ColloqueError, isErrorCode } from "#protocol/errors.ts";
import { type Logger, toLog } from "./log.ts";

/**
 * What one process of ours may ask of another, by name: what each call takes and what it gives, both checked where they arrive. Nothing that is
 * not in a contract can be asked, and no call takes free text that is obeyed.
 */
export type Contract = Readonly<Record<string, { readonly takes: z.ZodType; readonly gives: z.ZodType }>>;

/** A contract as functions. */
export type Port<C extends Contract> = {
  readonly [K in keyof C]: (taken: z.input<C[K]["takes"]>) => Promise<z.output<C[K]["gives"]>>;
};
/** The same, on the side that answers. */
type Answers<C extends Contract> = {
  readonly [K in keyof C]: (taken: z.output<C[K]["takes"]>) => Promise<z.input<C[K]["gives"]>>;
};

/** A picture of the largest size in base64, and what is said of it. */
const mostBytes = 64 * 1024 * 1024;
/** Who waits for longer asks again: every call may be repeated. */
const timeoutMs = 60_000;
const faultSchema = z.object({
  code: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/**
 * Answers on a unix socket that its owner's user and group may open (0660): who may be in that group is the administrator's word on who may ask.
 * A fault crosses by its code alone.
 */
export async function answerOn<C extends Contract>(
  socketPath: string,
  contract: C,
  answers: Answers<C>,
  log: Logger,
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    answer(request, contract, answers).then(
      (value) => reply(200, { value }),
      (error: unknown) => {
        log.warn({ asked: nameOf(request), ...toLog(error) }, "a call of another process of ours failed");
        const known = error instanceof ColloqueError;
        reply(500, { code: known ? error.code : "internal", details: known ? error.details : {} });
      },
    );
  });
  rmSync(socketPath, { force: true });
  await listen(server, socketPath);
  chmodSync(socketPath, 0o660);
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const listen = (server: Server, socketPath: string): Promise<void> =>
  new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(socketPath, done);
  });

const nameOf = (request: IncomingMessage): string => (request.url ?? "").slice(1, 40);

async function answer<C extends Contract>(
  request: IncomingMessage,
  contract: C,
  answers: Answers<C>,
): Promise<unknown> {
  const name = nameOf(request);
  const terms = Object.hasOwn(contract, name) ? contract[name] : undefined;
  if (request.method !== "POST" || terms === undefined) throw new ColloqueError("not-found");
  const taken = terms.takes.safeParse(await readJson(request));
  if (!taken.success) throw new ColloqueError("bad-request");
  return (await answers[name]?.(taken.data as z.output<C[string]["takes"]>)) ?? null;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > mostBytes) throw new ColloqueError("too-large");
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new ColloqueError("bad-request");
  }
}

/** Asks on a unix socket. Throws what the other side threw, by its code; `internal` when it is not there: ask again later. */
export function askOn<C extends Contract>(socketPath: string, contract: C): Port<C> & AsyncDisposable {
  const agent = new Agent({ connect: { socketPath }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  const ask = async (name: string, terms: Contract[string], taken: unknown): Promise<unknown> => {
    const body = JSON.stringify(taken);
    const answered = await agent
      .request({ origin: "http://colloque", path: `/${name}`, method: "POST", body })
      .catch((cause: unknown) => {
        throw new ColloqueError("internal", { cause, details: { link: name } });
      });
    const given: unknown = await answered.body.json();
    if (answered.statusCode === 200) return terms.gives.parse(Reflect.get(Object(given), "value"));
    const { code, details } = faultSchema.parse(given);
    throw new ColloqueError(isErrorCode(code) ? code : "internal", { details: { ...details, link: name } });
  };
  const port = Object.fromEntries(
    Object.entries(contract).map(([name, terms]) => [name, (taken: unknown) => ask(name, terms, taken)]),
  );
  return Object.assign(port as Port<C>, { [Symbol.asyncDispose]: () => agent.destroy() });
}
