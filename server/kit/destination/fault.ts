/** Why a server of the hospital could not be spoken to: what its administrator has to look at. */
export type Trouble =
  /** It does not know us, or no longer: a wrong or expired secret, key or token. */
  | "credentials-refused"
  /** We do not believe that it is the server: its certificate is of another authority, of another name, or out of date. */
  | "certificate-not-trusted"
  /** It does not take our certificate. */
  | "certificate-refused"
  /** It sends us elsewhere. */
  | "redirected"
  | "unreachable";

/** A request that got no answer of the server that it was for. Nothing is known of what the server did, unless nothing was sent. */
export class DestinationFault extends Error {
  override readonly name = "DestinationFault";
  readonly code: Trouble;
  constructor(code: Trouble, options: { cause?: unknown } = {}) {
    super(code, options);
    this.code = code;
  }
}

/** What a failed exchange means. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof DestinationFault) return error.code;
  const code = codeOf(error);
  if (/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_)/.test(code))
    return "certificate-not-trusted";
  if (/^ERR_SSL_.*ALERT/.test(code)) return "certificate-refused";
  return "unreachable";
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}
