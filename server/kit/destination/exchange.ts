import { createSecureContext } from "node:tls";
import { Agent, type Dispatcher } from "undici";
import type { Tls } from "./access.ts";
import { DestinationFault, troubleOf } from "./fault.ts";
import { readTextFile } from "./secret.ts";

export type Outgoing = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** One question and its answer. Throws a DestinationFault; an answer that leads elsewhere is one. */
export type Exchange = ((url: URL, outgoing: Outgoing) => Promise<Response>) & AsyncDisposable;

/** Connections with this certificate and this trust, which no other server of the hospital shares. Throws when a file is not usable. */
export function createExchange(tls: Tls): Exchange {
  const connect = Object.fromEntries(
    Object.entries(tls).map(([name, path]) => {
      const text = path === undefined ? undefined : readTextFile(path);
      if (text === undefined || !text.includes("-----BEGIN "))
        throw new Error(`there is no PEM file at ${path} (${name})`);
      return [name, text];
    }),
  );
  // A key that does not belong to its certificate is told at the start, not at the first request.
  createSecureContext(connect);
  const dispatcher = new Agent({ connect });
  const exchange = async (url: URL, { method, headers, body, signal }: Outgoing): Promise<Response> => {
    const answer = await ask(dispatcher, url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    // Whatever it was asked would have to be asked there again, credentials and all.
    if (answer.status >= 300 && answer.status < 400) throw new DestinationFault("redirected");
    return answer;
  };
  return Object.assign(exchange, { [Symbol.asyncDispose]: () => dispatcher.destroy() });
}

async function ask(
  dispatcher: Dispatcher,
  { origin, pathname, search }: URL,
  { method, ...options }: Omit<Dispatcher.RequestOptions, "origin" | "path" | "method"> & { method: string },
): Promise<Response> {
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      ...options,
      origin,
      path: `${pathname}${search}`,
      method,
    });
    const bytes = new Uint8Array(await body.arrayBuffer());
    const isEmpty = [204, 205, 304].includes(statusCode);
    return new Response(isEmpty ? null : bytes, { status: statusCode, headers: headersOf(headers) });
  } catch (cause) {
    throw new DestinationFault(troubleOf(cause), { cause });
  }
}

const headersOf = (headers: Readonly<Record<string, string | string[] | undefined>>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
