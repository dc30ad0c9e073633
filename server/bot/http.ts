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
   * While `work` runs, each upload that the SDK makes is reported before the SDK itself learns its address: a key bundle must
   * have its ticket before anybody is told of it. One at a time.
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
    const response = await send(input, init);
    if (reportUpload !== undefined && response.ok && isUpload(input))
      await reportUpload(uploadedSchema.parse(await response.clone().json()).content_uri);
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

const isUpload = (input: string | URL | Request): boolean =>
  new URL(input instanceof Request ? input.url : input).pathname.endsWith("/media/v3/upload");

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
