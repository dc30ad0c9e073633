/**
 * The table of errors that a person may meet. `status` is the HTTP status, `errcode` the Matrix code, `retry` who can mend it.
 * The text is added at the edge, in the reader's language, under the key `errors.<code>`. Codes are never reused.
 */
export const errorTable = {
  "not-signed-in": { status: 401, errcode: "M_UNKNOWN_TOKEN", retry: "by-user" },
  "not-a-member": { status: 403, errcode: "M_FORBIDDEN", retry: "never" },
  "not-allowed": { status: 403, errcode: "M_FORBIDDEN", retry: "never" },
  "not-found": { status: 404, errcode: "M_NOT_FOUND", retry: "never" },
  "bad-request": { status: 400, errcode: "M_BAD_JSON", retry: "by-user" },
  "too-large": { status: 413, errcode: "M_TOO_LARGE", retry: "by-user" },
  "too-many": { status: 429, errcode: "M_LIMIT_EXCEEDED", retry: "later" },
  "gate-refused": { status: 403, errcode: "M_FORBIDDEN", retry: "never" },
  "hash-mismatch": { status: 403, errcode: "M_FORBIDDEN", retry: "by-user" },
  "bad-signature": { status: 403, errcode: "M_FORBIDDEN", retry: "never" },
  withdrawn: { status: 410, errcode: "M_NOT_FOUND", retry: "never" },
  "case-over": { status: 403, errcode: "M_FORBIDDEN", retry: "never" },
  "homeserver-unreachable": { status: 502, errcode: "M_UNKNOWN", retry: "later" },
  "record-unreachable": { status: 503, errcode: "M_UNKNOWN", retry: "later" },
  "registry-unreachable": { status: 503, errcode: "M_UNKNOWN", retry: "later" },
  "calls-unreachable": { status: 503, errcode: "M_UNKNOWN", retry: "later" },
  "case-ended": { status: 403, errcode: "M_FORBIDDEN", retry: "never" },
  internal: { status: 500, errcode: "M_UNKNOWN", retry: "later" },
} as const satisfies Record<
  string,
  { status: number; errcode: string; retry: "never" | "later" | "by-user" }
>;

export type ErrorCode = keyof typeof errorTable;

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === "string" && Object.hasOwn(errorTable, value);

/** A fault with a code of the table. `details` holds nothing about a patient: it may be logged. */
export class ColloqueError extends Error {
  override readonly name = "ColloqueError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  constructor(
    code: ErrorCode,
    options: { cause?: unknown; details?: Record<string, string | number | boolean> } = {},
  ) {
    super(code, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}
