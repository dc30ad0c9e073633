import { DestinationFault } from "../../kit/destination/index.ts";

/**
 * Speaking HTTP with the record and the archive. It never follows a redirect and never leaves the configured address: what a
 * server answers (a `next` link, a Location, an attachment's url) cannot send filing, and a patient's data, elsewhere.
 */

/** What went wrong, told apart by what to do about it. */
export class RecordFault extends Error {
  override readonly name = "RecordFault";
  /**
   * `down`: nobody sensible answered. `conflict`: try again. `failing`: it answers with 500. `refused`: it will never take this.
   * `differs`: it has something else under our name, or lost a part of it.
   */
  readonly what: "down" | "conflict" | "failing" | "refused" | "differs";
  readonly status: number | undefined;
  /** What the log may say of it. */
  readonly code: string;
  constructor(what: RecordFault["what"], status: number | undefined, options: { cause?: unknown } = {}) {
    super(`${what}${status === undefined ? "" : ` ${status}`}`, options);
    this.what = what;
    this.status = status;
    this.code = what === "differs" ? what : `${what}: ${reasonOf(status, options.cause)}`;
  }
}

function reasonOf(status: number | undefined, cause: unknown): string {
  if (status === 401) return "credentials-refused";
  if (status !== undefined) return `status ${status}`;
  return cause instanceof DestinationFault ? cause.code : "unreachable";
}

export type HttpAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

export type HttpRequest = {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the base: segments and query are built by the caller from checked ids only. */
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly prefer?: string;
  /** The version that is meant to be replaced. */
  readonly ifMatch?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly timeoutMs?: number;
};

export type RecordHttp = { readonly base: URL; request(request: HttpRequest): Promise<HttpAnswer> };

export function createRecordHttp(baseUrl: string, fetcher: typeof fetch): RecordHttp {
  const base = new URL(`${baseUrl.replace(/\/+$/, "")}/`);
  return {
    base,
    request: async (request) => {
      const url = new URL(request.path, base);
      if (!isBelow(url, base)) throw new Error("A request may not leave the record's address");
      try {
        const response = await fetcher(url, {
          method: request.method,
          redirect: "error",
          headers: {
            accept: request.accept,
            // What was found a moment ago is no answer: a search must see what was written since.
            "cache-control": "no-cache",
            ...(request.ifMatch === undefined ? {} : { "if-match": request.ifMatch }),
            ...(request.prefer === undefined ? {} : { prefer: request.prefer }),
            ...(request.contentType === undefined ? {} : { "content-type": request.contentType }),
          },
          ...(request.body === undefined ? {} : { body: request.body }),
          signal: AbortSignal.timeout(request.timeoutMs ?? 30_000),
        });
        return {
          status: response.status,
          contentType: response.headers.get("content-type") ?? "",
          bytes: new Uint8Array(await response.arrayBuffer()),
        };
      } catch (cause) {
        // Refused, timed out, cut short, redirected: nothing is known of what the server did.
        throw new RecordFault("down", undefined, { cause });
      }
    },
  };
}

/** A path has no escapes either: what a server or a proxy makes of `%2e%2e%2f` is its own affair. */
const isBelow = (url: URL, base: URL): boolean =>
  url.origin === base.origin &&
  url.username === "" &&
  url.password === "" &&
  url.pathname.startsWith(base.pathname) &&
  !url.pathname.slice(base.pathname.length).includes("%");

/**
 * Judges a status that is not the expected one. A refusal counts only in the server's own words (`spoken`): a proxy's or a login
 * page's 4xx says nothing about the resource, and neither does one about credentials.
 */
export function faultOf(status: number, spoken: boolean): RecordFault {
  if (status === 409 || status === 412) return new RecordFault("conflict", status);
  if (status === 500 && spoken) return new RecordFault("failing", status);
  const refusal = status >= 400 && status < 500 && ![401, 403, 407, 408, 425, 429].includes(status);
  return new RecordFault(refusal && spoken ? "refused" : "down", status);
}
