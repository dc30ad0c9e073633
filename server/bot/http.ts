import { Agent, fetch as undiciFetch } from "undici";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import type { FailStop } from "./fail-stop.ts";

/** The address that the SDK is given. No name is resolved: every request goes to the unix socket. */
const homeserverUrl = "http://synapse";

/** Where Synapse listens: its unix socket, or an address in tests. */
export type Homeserver = { readonly socketPath: string } | { readonly url: string };

export type Http = AsyncDisposable & {
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  /**
   * While `work` runs, the address of each upload that the SDK makes is reserved and reported before its bytes leave: a key bundle
   * must have its ticket before the homeserver takes it. One at a time.
   */
  withUploads<T>(onUpload: (mxc: string) => Promise<void>, work: () => Promise<T>): Promise<T>;
};

const uploadedSchema = z.object({ content_uri: z.string() });

/** The archivist's way to Synapse, which asks the brake before each request. */
export function createHttp(homeserver: Homeserver, brake: FailStop): Http {
  const viaSocket = "socketPath" in homeserver;
  const agent = new Agent(
    viaSocket ? { connect: { socketPath: homeserver.socketPath }, bodyTimeout: 120_000 } : {},
  );
  const send = toGlobalFetch(agent);
  let reportUpload: ((mxc: string) => Promise<void>) | undefined;
  let line: Promise<unknown> = Promise.resolve();

  const fetch: typeof globalThis.fetch = async (input, init) => {
    brake.check();
    const response =
      reportUpload !== undefined && isUpload(input)
        ? await uploadReserved(send, addressOf(input), init, reportUpload)
        : await send(input, init);
    // An answer that arrives after the brake was pulled is not taken in.
    brake.check();
    return response;
  };

  return {
    baseUrl: viaSocket ? homeserverUrl : homeserver.url,
    fetch,
    withUploads: (onUpload, work) => {
      const turn = line.then(async () => {
        reportUpload = onUpload;
        try {
          return await work();
        } finally {
          reportUpload = undefined;
        }
      });
      line = turn.catch(() => undefined);
      return turn;
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

const addressOf = (input: string | URL | Request): URL =>
  new URL(input instanceof Request ? input.url : input);

const isUpload = (input: string | URL | Request): boolean =>
  addressOf(input).pathname.endsWith("/media/v3/upload");

/** An upload in two steps in place of one, with the answer that the one would have had. */
async function uploadReserved(
  send: typeof globalThis.fetch,
  { origin }: URL,
  init: RequestInit | undefined,
  report: (mxc: string) => Promise<void>,
): Promise<Response> {
  const { authorization = "" } = Object.fromEntries(new Headers(init?.headers));
  const created = await send(`${origin}/_matrix/media/v1/create`, {
    method: "POST",
    headers: { authorization },
    ...(init?.signal === undefined ? {} : { signal: init.signal }),
  });
  if (!created.ok) return created;
  const reserved = uploadedSchema.parse(await created.json());
  await report(reserved.content_uri);
  const place = reserved.content_uri.slice("mxc://".length);
  const put = await send(`${origin}/_matrix/media/v3/upload/${place}`, { ...init, method: "PUT" });
  return put.ok ? Response.json(reserved) : put;
}

/** undici's fetch has its own, equal types for what Node's has built in; this is the one place where they meet. */
function toGlobalFetch(dispatcher: Agent): typeof globalThis.fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : input;
    const { body, headers, method, signal, redirect } = init ?? {};
    const answer = await undiciFetch(url, {
      dispatcher,
      ...(method === undefined ? {} : { method }),
      ...(redirect === undefined ? {} : { redirect }),
      ...(signal === undefined ? {} : { signal }),
      // Synapse needs an address to rate-limit sign-ins by; a unix socket has none.
      headers: { "x-forwarded-for": "127.0.0.1", ...Object.fromEntries(new Headers(headers)) },
      ...(body === undefined || body === null ? {} : { body: bytesOf(body) }),
    });
    return new Response([204, 205, 304].includes(answer.status) ? null : await answer.arrayBuffer(), {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
    });
  };
}

function bytesOf(body: NonNullable<RequestInit["body"]>): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body))
    return Uint8Array.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  throw new TypeError("The archivist sends texts and bytes only");
}

/** A JSON call without the SDK, for what comes before it. */
export async function callJson<T>(
  http: Pick<Http, "fetch" | "baseUrl">,
  answer: z.ZodType<T>,
  call: { method: "GET" | "POST"; path: string; token?: string; body?: unknown },
): Promise<{ status: number; value: T | undefined }> {
  let response: Response;
  try {
    response = await http.fetch(`${http.baseUrl}${call.path}`, {
      method: call.method,
      headers: {
        "content-type": "application/json",
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  } catch (cause) {
    throw new ColloqueError("homeserver-unreachable", { cause });
  }
  if (response.status >= 500) throw new ColloqueError("homeserver-unreachable");
  return {
    status: response.status,
    value: answer.safeParse(await response.json().catch(() => undefined)).data,
  };
}
