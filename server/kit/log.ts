import { pino } from "pino";
import { ColloqueError } from "#protocol/errors.ts";

export type Logger = pino.Logger;

/** Members of log objects that are cut whatever happens; they should not be there in the first place. */
const secret = [
  "authorization",
  "access_token",
  "accessToken",
  "token",
  "password",
  "body",
  "content",
  "patient",
  "headers",
  "payload",
];

/** The server's log: ids, counts, durations and codes. Never content, names or tokens. */
export function createLogger(level: string, destination?: pino.DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secret.flatMap((name) => [name, `*.${name}`]), censor: "[cut]" },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * What may be logged of an error: its code, its kind, where it came from; never its message, unless it is one of ours,
 * because a library's message may quote what it was given.
 */
export function toLog(error: unknown): Record<string, unknown> {
  if (error instanceof ColloqueError)
    return {
      code: error.code,
      ...error.details,
      ...(error.cause === undefined ? {} : { cause: toLog(error.cause) }),
    };
  if (!(error instanceof Error)) return { error: typeof error };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return {
    error: error.name,
    ...(code === undefined ? {} : { errorCode: code }),
    // The frames alone: the first lines of a stack repeat the message.
    at: error.stack
      ?.split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 6)
      .map((line) => line.trim().replace(/^at /, "")),
  };
}
