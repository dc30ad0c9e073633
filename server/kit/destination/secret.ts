import { readFileSync } from "node:fs";
import type { SecretSource } from "./access.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a secret where it lies, anew each time, so that a file that was replaced counts without a restart. Throws a sentence that
 * says where it was looked for, never what was found.
 */
export function readSecret(source: SecretSource, env: Environment): string {
  const place = "file" in source ? `the file ${source.file}` : `the variable ${source.env}`;
  const found = "file" in source ? readTextFile(source.file) : env[source.env];
  const secret = found?.replace(/\r?\n$/, "") ?? "";
  if (secret === "") throw new Error(`There is no secret in ${place}`);
  return secret;
}

/** Its text, or undefined when it cannot be read. */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
