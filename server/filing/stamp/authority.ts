import { readFileSync } from "node:fs";
import type { Clock } from "../../kit/role.ts";
import { certificatesOf, queryFor, type Stamp, StampFault, tokenOf, verifyToken } from "./token.ts";

/** Where time stamps come from: a time-stamping authority of the hospital's choice. */
export type StampSource = {
  /** Has bytes stamped. Throws a StampFault, whoever's fault it is: it may be tried again. */
  readonly stamp: (data: Uint8Array<ArrayBuffer>) => Promise<Stamp>;
  /** PEM: the authorities that are trusted for time. */
  readonly ca: string;
};

const timeoutMs = 20_000;
const maxAnswer = 100_000;

/**
 * RFC 3161 §3.4, over HTTP. Only a hash leaves; no redirect is followed. `policy`: the OID to ask for. Throws in words when no certificate
 * of an authority can be read.
 */
export function openTimeAuthority(
  { url, policy, caFile }: { url: string; policy: string | undefined; caFile: string },
  clock: Clock,
): StampSource {
  const ca = readFileSync(caFile, "utf8");
  const trusted = certificatesOf(ca);
  if (trusted.length === 0) throw new Error("it has no certificate in it");
  return {
    ca,
    stamp: async (data) => {
      const query = await queryFor(data, policy);
      const answer = await ask(url, query.der);
      return verifyToken(tokenOf(answer), { data, nonce: query.nonce, policy, trusted, nowMs: clock() });
    },
  };
}

async function ask(url: string, body: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "error",
      headers: { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (answer.status !== 200) throw new StampFault(`status-${answer.status}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length > maxAnswer) throw new StampFault("answer-too-long");
    return bytes;
  } catch (cause) {
    throw cause instanceof StampFault ? cause : new StampFault("unreachable", { cause });
  }
}
