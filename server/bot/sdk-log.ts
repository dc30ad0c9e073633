import type { Logger as SdkLogger } from "matrix-js-sdk/lib/logger.js";
import type { Logger } from "../kit/log.ts";

/**
 * The SDK's log, without its words: lines may quote events, names and keys. What is kept: which part spoke, how loud, and the kind
 * of error it had. A warning of the SDK is a note for developers here; everything below is dropped.
 */
export function createSdkLog(log: Logger, part = "sdk"): SdkLogger {
  const speak =
    (level: "debug" | "warn") =>
    (...said: unknown[]): void =>
      log[level]({ part, errors: said.flatMap(kindOf) }, "the Matrix SDK reported something");
  const silent = (): void => undefined;
  return {
    trace: silent,
    debug: silent,
    info: silent,
    warn: speak("debug"),
    error: speak("warn"),
    getChild: (name) =>
      createSdkLog(
        log,
        `${part}/${name
          .replace(/[^a-zA-Z]+/g, " ")
          .trim()
          .slice(0, 40)}`,
      ),
  };
}

const kindOf = (value: unknown): string[] =>
  value instanceof Error
    ? ["errcode" in value && typeof value.errcode === "string" ? value.errcode : value.name]
    : [];
