import { type Dispatcher, Pool } from "undici";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";

const errorSchema = z.object({ errcode: z.string() });

/** What Synapse answered when it was not a success. `errcode` is Matrix's. */
export class SynapseError extends Error {
  override readonly name = "SynapseError";
  readonly status: number;
  readonly errcode: string;
  constructor(status: number, errcode: string) {
    super(`${status} ${errcode}`);
    this.status = status;
    this.errcode = errcode;
  }
}

export type Call<T> = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Absent: asked as nobody. */
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
};

/** The server's own calls to Synapse over its unix socket. Requests of users are proxied apart, as streams. */
export type SynapseClient = AsyncDisposable & {
  /** Throws SynapseError for a refusal and `homeserver-unreachable` when there was no usable answer. */
  call<T>(call: Call<T>): Promise<T>;
  /** For the proxy: long polls need a long wait for headers. */
  readonly dispatcher: Dispatcher;
};

/** Longest that Synapse may take to begin an answer; a sync poll takes 30 s by itself. */
const headersTimeoutMs = 120_000;

export function createSynapseClient(socketPath: string): SynapseClient {
  const dispatcher = new Pool("http://synapse", {
    connect: { socketPath, timeout: 5_000 },
    headersTimeout: headersTimeoutMs,
    bodyTimeout: headersTimeoutMs,
    connections: 256,
  });
  return {
    dispatcher,
    call: async ({ method = "GET", path, token, body, answer }) => {
      const { status, value } = await send(dispatcher, method, path, token, body);
      if (status < 200 || status >= 300)
        throw new SynapseError(status, errorSchema.safeParse(value).data?.errcode ?? "M_UNKNOWN");
      const parsed = answer.safeParse(value);
      if (!parsed.success) throw new ColloqueError("homeserver-unreachable", { cause: parsed.error });
      return parsed.data;
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

async function send(
  dispatcher: Dispatcher,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  token: string | undefined,
  body: unknown,
): Promise<{ status: number; value: unknown }> {
  try {
    const answer = await dispatcher.request({
      method,
      path,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.statusCode, value: parseJson(await answer.body.text()) };
  } catch (cause) {
    throw new ColloqueError("homeserver-unreachable", { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
