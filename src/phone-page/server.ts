/** What went wrong with a request: a key of the page's texts. */
export type Trouble =
  | "no-network"
  | "not-found"
  | "too-many"
  | "server"
  | "expired"
  | "other-device"
  | "answered"
  | "cancelled"
  | "damaged";

export class TroubleError extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

export const troubleOf = (error: unknown): Trouble =>
  error instanceof TroubleError ? error.trouble : "damaged";

const reasons: readonly Trouble[] = ["expired", "other-device", "answered", "cancelled"];

/** Asks the server of this page, and nobody else. */
export async function ask(path: string, body: unknown): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(`/colloque/v1/patient/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch {
    throw new TroubleError("no-network");
  }
  const said: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return said;
  const reason = reasons.find((each) => each === textOf(said, "reason"));
  if (reason !== undefined) throw new TroubleError(reason);
  if (answer.status === 404) throw new TroubleError("not-found");
  throw new TroubleError(answer.status === 429 ? "too-many" : "server");
}

/** A member of an answer, when it is a text. */
export function textOf(value: unknown, name: string): string {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "string" ? found : "";
}

export function numberOf(value: unknown, name: string): number {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "number" ? found : 0;
}
