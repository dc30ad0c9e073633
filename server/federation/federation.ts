import { leaseMs } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import type { FederationConfig, Peer } from "../kit/config.ts";
import { createLeases, type Lease, type Leases, type Wish } from "./leases.ts";
import { homeOf, type Letters, type Peers, serverOf } from "./letters.ts";
import {
  answerSchema,
  federationPaths,
  questionSchema,
  type Revocation,
  revocationSchema,
} from "./messages.ts";
import type { Post } from "./post.ts";

/** What our own gate says to the wish of another hospital's reader. Throws a refusal. */
export type Judge = (wish: Wish) => Promise<Record<string, Json>>;

/** Reading across hospitals: each picture's hospital is asked at each read, and tells the others when a consent is taken back. */
export type Federation = AsyncDisposable & {
  readonly config: FederationConfig;
  /** What the other hospitals write into their allow-lists. */
  readonly publicKey: PublicJwk;
  isPeer(serverName: string): boolean;
  /** Only another hospital's archivist invites people of ours. */
  isPeersArchivist(userId: string): boolean;
  /** Asks the picture's hospital. Throws its refusal, `not-found` where it is no peer, or `registry-unreachable`. */
  read(wish: Wish): Promise<Lease>;
  during: Leases["during"];
  isReading: Leases["isReading"];
  /** A question of another hospital, answered and signed; a fault of ours is not an answer and is thrown. */
  answer(jws: string, judge: Judge): Promise<string>;
  /** Whether this was given to a reader of that hospital within the last minute: only then do its bytes leave. */
  hasLeave(serverName: string, mxc: string): boolean;
  /** Another hospital's word that a consent was taken back. Throws where a copy is still there: it is told again then. */
  takeBack(jws: string): Promise<void>;
};

export type FederationParts = {
  readonly config: FederationConfig;
  readonly publicKey: PublicJwk;
  readonly serverName: string;
  readonly peers: Peers;
  readonly letters: Letters;
  readonly post: Post;
  /** Runs evenly. */
  readonly now: () => number;
  /** Puts the copy that our homeserver has of another hospital's picture out of sight. */
  readonly hideCopy: (mxc: string) => Promise<void>;
};

/** Longer than a homeserver takes to enter a copy whose last byte it has. */
const enteredMs = 60_000;

export function createFederation(parts: FederationParts): Federation {
  const { config, publicKey, serverName, peers, letters, post, now, hideCopy } = parts;
  const leases = createLeases({
    now,
    ask: async (home, question) => {
      const jws = await post(home, federationPaths.question, await letters.seal(home, question));
      const { word, from } = await letters.open(answerSchema, jws);
      if (from !== home) throw new ColloqueError("bad-signature", { details: { why: "another-peer" } });
      return word;
    },
  });
  /** When what was last given to which hospital, the latest last. */
  const given = new Map<string, number>();
  const give = (serverName: string, mxc: string) => {
    const key = `${serverName} ${mxc}`;
    given.delete(key);
    given.set(key, now());
    for (const [oldest, at] of given) {
      if (now() - at < leaseMs) break;
      given.delete(oldest);
    }
  };
  const waiting = new Set<NodeJS.Timeout>();
  let isClosed = false;
  /** A copy whose last byte came before the word, and which was not entered yet, could not be hidden: once more, until it is done. */
  const hideLater = (mxcs: readonly string[]) => {
    if (isClosed) return;
    const timer = setTimeout(() => {
      waiting.delete(timer);
      Promise.all(mxcs.map(hideCopy)).catch(() => hideLater(mxcs));
    }, enteredMs).unref();
    waiting.add(timer);
  };
  return {
    config,
    publicKey,
    isPeer: (name) => peers.of(name) !== undefined,
    isPeersArchivist: (userId) => peers.of(serverOf(userId))?.archivist === userId,
    read: async (wish) => {
      const home = peers.of(homeOf(wish.mxc));
      if (home === undefined) throw new ColloqueError("not-found");
      return leases.read(home, wish);
    },
    during: leases.during,
    isReading: leases.isReading,
    answer: async (jws, judge) => {
      const { word, from } = await letters.open(questionSchema, jws);
      const { nonce, mxc, reader, how } = word;
      // A hospital asks for its own people, and us for our own pictures.
      const isItsBusiness = serverOf(reader) === from.serverName && homeOf(mxc) === serverName;
      const said = isItsBusiness ? await saidBy(judge, { mxc, reader, how }) : refusal("not-allowed");
      if (said.grants !== "nothing") give(from.serverName, mxc);
      return letters.seal(from, { kind: "answer", nonce, mxc, reader, ...said });
    },
    hasLeave: (name, mxc) => now() - (given.get(`${name} ${mxc}`) ?? Number.NEGATIVE_INFINITY) < leaseMs,
    takeBack: async (jws) => {
      const { word, from } = await letters.open(revocationSchema, jws);
      leases.revoke(word);
      const mxcs = ownOnes(word, from);
      await Promise.all(mxcs.map(hideCopy));
      hideLater(mxcs);
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      for (const timer of waiting) clearTimeout(timer);
      await post[Symbol.asyncDispose]();
    },
  };
}

/** Nobody takes back what is another's. */
const ownOnes = ({ mxcs }: Revocation, from: Peer): string[] =>
  mxcs.filter((mxc) => homeOf(mxc) === from.serverName);

const refusal = (code: string, reason?: string): Record<string, Json> => ({
  grants: "nothing",
  code,
  ...(reason === undefined ? {} : { reason }),
});

const refusals: ReadonlySet<string> = new Set(["not-found", "not-a-member", "gate-refused", "withdrawn"]);

/** A refusal is an answer. */
async function saidBy(judge: Judge, wish: Wish): Promise<Record<string, Json>> {
  try {
    return await judge(wish);
  } catch (error) {
    if (!(error instanceof ColloqueError) || !refusals.has(error.code)) throw error;
    const { reason } = error.details;
    return refusal(error.code, typeof reason === "string" ? reason : undefined);
  }
}
