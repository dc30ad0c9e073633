import { ColloqueError, type ErrorCode, errorTable } from "#protocol/errors.ts";

/** The words of a refusal, in English for developers and other clients; our client shows its own by `code`. */
const words: Readonly<Record<ErrorCode, string>> = {
  "not-signed-in": "Sign in first.",
  "not-a-member": "You are not a member of this case.",
  "not-allowed": "The Colloque gateway does not let this through.",
  "not-found": "There is no such thing here.",
  "bad-request": "The request is not well formed.",
  "too-large": "That is too large.",
  "too-many": "Too many requests; wait a moment.",
  "gate-refused": "The patient's consent does not cover this.",
  "hash-mismatch": "These are not the bytes that were announced.",
  "bad-signature": "The signature or its certificate is not valid.",
  withdrawn: "The patient has taken the consent back.",
  "case-over": "This case is over and its content is in the record.",
  "homeserver-unreachable": "The messaging server does not answer.",
  "record-unreachable": "The patient record does not answer.",
  "registry-unreachable": "The consent registry does not answer.",
  "calls-unreachable": "The media server of the calls does not answer.",
  "case-ended": "This case has ended: there are no calls in it any more.",
  internal: "Something went wrong on the server.",
};

/** A Matrix-shaped answer with our own code beside it. */
export type ErrorBody = {
  errcode: string;
  error: string;
  code: ErrorCode;
  /** Why the gate refused: a RefusalReason. */
  reason?: string;
  /** What is wrong with a statement that was signed: the first rule that it breaks. */
  why?: string;
  retry_after_ms?: number;
};

/** Any failure as an HTTP answer. What is not ours becomes `internal`, without a word of its message. */
export function toHttp(error: unknown): { status: number; body: ErrorBody } {
  const known = error instanceof ColloqueError ? error : new ColloqueError(codeOf(error), { cause: error });
  const { status, errcode } = errorTable[known.code];
  const { reason, why, retryAfterMs, words: own } = known.details;
  return {
    status,
    body: {
      errcode,
      error: status < 500 && typeof own === "string" ? own : words[known.code],
      code: known.code,
      ...(typeof reason === "string" ? { reason } : {}),
      ...(typeof why === "string" ? { why } : {}),
      ...(typeof retryAfterMs === "number" ? { retry_after_ms: retryAfterMs } : {}),
    },
  };
}

/** Errors that the HTTP framework raises before a handler runs. */
function codeOf(error: unknown): ErrorCode {
  if (!(error instanceof Error) || !("statusCode" in error) || typeof error.statusCode !== "number")
    return "internal";
  if (error.statusCode === 413) return "too-large";
  if (error.statusCode === 429) return "too-many";
  if (error.statusCode === 404) return "not-found";
  return error.statusCode >= 400 && error.statusCode < 500 ? "bad-request" : "internal";
}
