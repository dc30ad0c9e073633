/** An expected answer: either a value or one of a closed set of errors. Faults are thrown instead. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** Closes a switch over a union: the compiler refuses a forgotten case, and a value from outside is named. */
export function missingCase(value: never): never {
  throw new Error(`Unexpected case: ${JSON.stringify(value)}`);
}
