import { z } from "zod";
import { apiPrefix } from "#protocol/api.ts";
import { type RefusalReason, refusalReasonSchema } from "#protocol/disclose.ts";
import { type ErrorCode, isErrorCode } from "#protocol/errors.ts";
import { err, ok, type Result } from "#protocol/result.ts";

/** Calls of the Colloque server's own interface, and of the few Matrix paths that are called without the SDK. */
export type Api = {
  get<T>(path: string, schema: z.ZodType<T>): Promise<Result<T, ErrorCode>>;
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<Result<T, ErrorCode>>;
  /** Says something whose answer is only yes, or no with the gate's reason. */
  tell(path: string, body: unknown): Promise<Result<void, Refusal>>;
  /** A response whose body is not JSON: bytes of a picture or a document. */
  raw(url: string, init?: RequestInit): Promise<Result<Response, Refusal>>;
  readonly baseUrl: string;
};

/** Why a request was refused: our code, and where there is one the Matrix code and the gate's reason. */
export type Refusal = {
  readonly code: ErrorCode;
  readonly errcode: string | null;
  readonly reason: RefusalReason | null;
  /** What else the server says of it, for who knows what it may say. */
  readonly why?: string | undefined;
};

export type ApiDeps = {
  readonly baseUrl: string;
  readonly token: () => string | null;
  /** Told when the homeserver no longer knows this session. */
  readonly onUnknownToken: (token: string) => void;
  readonly fetch?: typeof globalThis.fetch;
};

/** After this long without an answer a call counts as lost. Uploads and downloads of pictures have their own. */
const callTimeoutMs = 30_000;

export function createApi({ baseUrl, token, onUnknownToken, ...deps }: ApiDeps): Api {
  const send = deps.fetch ?? ((input, init) => globalThis.fetch(input, init));

  const raw: Api["raw"] = async (url, init = {}) => {
    const bearer = token();
    const headers = new Headers(init.headers);
    if (bearer !== null && !headers.has("authorization")) headers.set("authorization", `Bearer ${bearer}`);
    try {
      const response = await send(url, { cache: "no-store", redirect: "error", ...init, headers });
      if (response.ok) return ok(response);
      const refusal = await refusalOf(response);
      if (refusal.code === "not-signed-in" && bearer !== null) onUnknownToken(bearer);
      return err(refusal);
    } catch {
      return err({ code: "homeserver-unreachable", errcode: null, reason: null });
    }
  };

  const call = async <T>(
    path: string,
    init: RequestInit,
    schema: z.ZodType<T>,
  ): Promise<Result<T, ErrorCode>> => {
    const answer = await raw(`${baseUrl}${apiPrefix}${path}`, {
      ...init,
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    return answer.ok ? readJson(answer.value, schema) : err(answer.error.code);
  };

  const posting = (body: unknown): RequestInit => ({
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });

  return {
    baseUrl,
    raw,
    get: (path, schema) => call(path, {}, schema),
    post: (path, body, schema) => call(path, posting(body), schema),
    async tell(path, body) {
      const signal = AbortSignal.timeout(callTimeoutMs);
      const answer = await raw(`${baseUrl}${apiPrefix}${path}`, { ...posting(body), signal });
      return answer.ok ? ok(undefined) : answer;
    },
  };
}

/** Reads a JSON answer by its schema. A proxy's HTML page with status 200 is no answer of ours. */
export async function readJson<T>(response: Response, schema: z.ZodType<T>): Promise<Result<T, ErrorCode>> {
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = schema.safeParse(body);
  return parsed.success ? ok(parsed.data) : err("internal");
}

const byErrcode: Readonly<Record<string, ErrorCode>> = {
  M_UNKNOWN_TOKEN: "not-signed-in",
  M_MISSING_TOKEN: "not-signed-in",
  M_LIMIT_EXCEEDED: "too-many",
  M_TOO_LARGE: "too-large",
  M_NOT_FOUND: "not-found",
  M_FORBIDDEN: "not-allowed",
  M_BAD_JSON: "bad-request",
  M_NOT_JSON: "bad-request",
};

async function refusalOf(response: Response): Promise<Refusal> {
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = refusalSchema.safeParse(body);
  const { errcode = null, reason = null, why } = parsed.success ? parsed.data : {};
  return { code: codeOfBody(response.status, body), errcode, reason, why };
}

const refusalSchema = z.object({
  errcode: z.string().optional().catch(undefined),
  reason: refusalReasonSchema.optional().catch(undefined),
  why: z.string().optional().catch(undefined),
});

/** The code of our table for a refusal, whether the gateway or the homeserver said it. */
export function codeOfBody(status: number, body: unknown): ErrorCode {
  if (body !== null && typeof body === "object") {
    if ("code" in body && isErrorCode(body.code)) return body.code;
    if ("errcode" in body && typeof body.errcode === "string") {
      const known = byErrcode[body.errcode];
      if (known !== undefined) return known;
    }
  }
  if (status === 401) return "not-signed-in";
  if (status === 403) return "not-allowed";
  if (status === 404) return "not-found";
  if (status === 413) return "too-large";
  if (status === 429) return "too-many";
  if (status === 502 || status === 503 || status === 504) return "homeserver-unreachable";
  return status >= 500 ? "internal" : "bad-request";
}
