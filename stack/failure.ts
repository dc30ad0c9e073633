/** Something that a person must read and can act on: one sentence that says what is wrong and what to do. */
export class StackFailure extends Error {
  override readonly name = "StackFailure";
}

/** What an unknown thrown value says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of a system error ("ENOENT", "EADDRINUSE"), if the value is one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
