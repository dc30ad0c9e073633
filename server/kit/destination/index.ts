import { ConfigError } from "../config-error.ts";
import type { Access } from "./access.ts";
import { createCredentials } from "./credentials.ts";
import { createExchange, type Exchange, type Outgoing } from "./exchange.ts";
import { DestinationFault, type Trouble, troubleOf } from "./fault.ts";
import type { Credentials } from "./header.ts";
import type { Environment } from "./secret.ts";

export { type Access, accessProblem, accessSchema, isBase } from "./access.ts";
export { DestinationFault, type Trouble } from "./fault.ts";

/** A server of the hospital (record or archive), entered as its administrator configured. */
export type Destination = AsyncDisposable & {
  /** Like `fetch`, for that one origin only; takes care of certificates, credentials and tokens. Throws a DestinationFault. */
  readonly fetch: typeof globalThis.fetch;
  /** What stood in the way of the last request; undefined when it got an answer. */
  trouble(): Trouble | undefined;
};

/** The hospital's servers: its record, and what it has beside it. */
export type Destinations = {
  readonly record: Destination;
  readonly archive: Destination | undefined;
  readonly audit: Destination | undefined;
};

/** After a refusal nobody knocks again for a while: some servers lock an account after a few wrong passwords. */
const firstHoldMs = 5_000;
const longestHoldMs = 60_000;

/** Throws a ConfigError in words, beginning with `name`, when a secret or a certificate cannot be read. */
export function openDestination(
  { name, url, access }: { name: string; url: string; access: Access },
  { env, clock }: { env: Environment; clock: () => number },
): Destination {
  const { exchange, credentials } = open(name, access, env, clock);
  const { origin } = new URL(url);
  let trouble: Trouble | undefined;
  let hold: { fingerprint: string; untilMs: number; forMs: number } | undefined;

  /** Refused for good, as far as we know: the same secret is not tried again at once. */
  function keepAway(): void {
    if (isHeld()) return;
    const forMs = Math.min((hold?.forMs ?? firstHoldMs / 2) * 2, longestHoldMs);
    hold = { fingerprint: credentials.fingerprint(), untilMs: clock() + forMs, forMs };
  }

  const isHeld = (): boolean =>
    hold !== undefined && clock() < hold.untilMs && credentials.fingerprint() === hold.fingerprint;

  async function ask(target: URL, outgoing: Outgoing): Promise<Response> {
    if (isHeld()) throw new DestinationFault("credentials-refused");
    const first = await credentials.header();
    const answer = await exchange(target, withHeader(outgoing, first));
    if (answer.status !== 401 || first === undefined) return answer;
    const second = await credentials.afterRefusal(first);
    return second === undefined ? answer : exchange(target, withHeader(outgoing, second));
  }

  const fetcher: typeof globalThis.fetch = async (input, init) => {
    const target = new URL(input instanceof Request ? input.url : input);
    if (target.origin !== origin) throw new Error("A request may not leave the configured address");
    try {
      const answer = await ask(target, outgoingOf(init));
      trouble = answer.status === 401 ? "credentials-refused" : undefined;
      if (answer.status !== 401) hold = undefined;
      else keepAway();
      return answer;
    } catch (error) {
      trouble = troubleOf(error);
      if (trouble === "credentials-refused") keepAway();
      throw error;
    }
  };

  return {
    fetch: fetcher,
    trouble: () => trouble,
    [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose](),
  };
}

function open(
  name: string,
  access: Access,
  env: Environment,
  clock: () => number,
): { exchange: Exchange; credentials: Credentials } {
  try {
    const exchange = createExchange(access.tls);
    return { exchange, credentials: createCredentials(access.auth, { exchange, env, clock }) };
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : "it cannot be used";
    throw new ConfigError(`The Colloque server cannot start:\n- ${name}: ${words}`, { cause });
  }
}

const withHeader = (outgoing: Outgoing, authorization: string | undefined): Outgoing =>
  authorization === undefined ? outgoing : { ...outgoing, headers: { ...outgoing.headers, authorization } };

function outgoingOf(init: RequestInit | undefined): Outgoing {
  const { body } = init ?? {};
  if (body !== undefined && body !== null && typeof body !== "string" && !(body instanceof Uint8Array))
    throw new Error("A body is text or bytes, so that it can be sent again");
  return {
    method: init?.method ?? "GET",
    headers: Object.fromEntries(new Headers(init?.headers)),
    body: body ?? undefined,
    signal: init?.signal ?? undefined,
  };
}
