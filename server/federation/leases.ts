import { randomUUID } from "node:crypto";
import { leaseMs } from "#protocol/api.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { Peer } from "../kit/config.ts";
import type { Answer, Question, Revocation } from "./messages.ts";

/** What a reader of ours wants of another hospital. */
export type Wish = Pick<Question, "mxc" | "reader" | "how">;

/** Another hospital's yes. */
export type Lease = Exclude<Answer, { grants: "nothing" }>;

export type Leases = {
  /**
   * Asks the picture's hospital, at each read. Where it cannot be reached, its last yes to the same reader still counts for the rest of its
   * minute; then nothing opens. Throws the hospital's refusal, or `registry-unreachable`.
   */
  read(home: Peer, wish: Wish): Promise<Lease>;
  /** A consent was taken back there: what rests on it ends now, also an answer that is still on its way. */
  revoke(revocation: Pick<Revocation, "iss" | "consentId">): void;
  /** While something is read on this lease: calls back when what it rests on is taken back, at once if it was already. */
  during(lease: Lease, stop: () => void): Disposable;
  /** Whether something of that hospital is being read now. */
  isReading(serverName: string): boolean;
};

const mostKept = 20_000;

/** `now` runs evenly, whatever is done to the machine's clock; `ask` gives an answer whose signature and sender were checked, or throws. */
export function createLeases(parts: {
  now: () => number;
  ask: (home: Peer, question: Omit<Question, "iss" | "aud" | "iat">) => Promise<Answer>;
}): Leases {
  const kept = new Map<string, { lease: Lease; askedAt: number }>();
  const revoked = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();
  const underWay = new Set<Lease>();

  const basisOf = (lease: Lease): string | undefined =>
    lease.grants === "picture" ? `${lease.iss} ${lease.consentId}` : undefined;
  const isRevoked = (lease: Lease): boolean => revoked.has(basisOf(lease) ?? "");

  function keep(key: string, lease: Lease, askedAt: number): void {
    const [oldest] = kept.size < mostKept ? [] : kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
    kept.set(key, { lease, askedAt });
  }

  /** What counts while the other hospital does not answer. */
  function lastYes(key: string, cause: unknown): Lease {
    const last = kept.get(key);
    if (last !== undefined && parts.now() - last.askedAt < leaseMs) return last.lease;
    kept.delete(key);
    throw new ColloqueError("registry-unreachable", { cause });
  }

  return {
    read: async (home, { mxc, reader, how }) => {
      const key = `${mxc} ${reader}`;
      const nonce = randomUUID();
      // Its minute begins before the question: what happened there since is not in the answer.
      const askedAt = parts.now();
      let answer: Answer;
      try {
        answer = await parts.ask(home, { kind: "question", nonce, mxc, reader, how });
        if (answer.nonce !== nonce || answer.mxc !== mxc || answer.reader !== reader)
          throw new ColloqueError("bad-signature", { details: { why: "answer-to-another-question" } });
      } catch (cause) {
        return lastYes(key, cause);
      }
      kept.delete(key);
      if (answer.grants === "nothing")
        throw new ColloqueError(answer.code, { details: { reason: answer.reason ?? answer.code } });
      if (isRevoked(answer)) throw new ColloqueError("withdrawn", { details: { reason: "withdrawn" } });
      keep(key, answer, askedAt);
      return answer;
    },
    revoke: ({ iss, consentId }) => {
      const basis = `${iss} ${consentId}`;
      revoked.add(basis);
      for (const [key, { lease }] of kept) if (basisOf(lease) === basis) kept.delete(key);
      for (const stop of waiting.get(basis) ?? []) stop();
      waiting.delete(basis);
    },
    during: (given, stop) => {
      const lease = { ...given };
      underWay.add(lease);
      const basis = basisOf(lease);
      const stops = basis === undefined ? undefined : (waiting.get(basis) ?? new Set());
      if (basis !== undefined && stops !== undefined) waiting.set(basis, stops.add(stop));
      if (isRevoked(lease)) stop();
      return {
        [Symbol.dispose]: () => {
          underWay.delete(lease);
          stops?.delete(stop);
          if (basis !== undefined && stops?.size === 0 && waiting.get(basis) === stops) waiting.delete(basis);
        },
      };
    },
    isReading: (serverName) => [...underWay].some((lease) => lease.iss === serverName),
  };
}
