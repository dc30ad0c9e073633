import { decodeJwt } from "jose";
import type { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { Peer } from "../kit/config.ts";
import { type SigningKey, signCompact, verifyCompact } from "../kit/jose.ts";
import type { Clock } from "../kit/role.ts";

/** The other hospitals that the allow-list names, and nobody else. */
export type Peers = {
  readonly all: readonly Peer[];
  of(serverName: string): Peer | undefined;
};

export const peersOf = (all: readonly Peer[]): Peers => ({
  all,
  of: (serverName) => all.find((peer) => peer.serverName === serverName),
});

/** The server part of a user id. */
export const serverOf = (userId: string): string => userId.slice(userId.indexOf(":") + 1);

/** The server part of a media address. */
export const homeOf = (mxc: string): string => mxc.slice("mxc://".length).split("/")[0] ?? "";

type Word = { readonly iss: string; readonly aud: string; readonly iat: number };

export type Letters = {
  /** Signs a word to a peer. */
  seal(to: Peer, word: Record<string, Json>): Promise<string>;
  /** Reads a word: by a peer, with the key that we know it by, to us, of now. Throws `bad-signature`, or `not-allowed` for a stranger. */
  open<T extends Word>(schema: z.ZodType<T>, jws: string): Promise<{ word: T; from: Peer }>;
};

export function createLetters(parts: {
  key: SigningKey;
  serverName: string;
  peers: Peers;
  clock: Clock;
}): Letters {
  const { key, serverName, peers, clock } = parts;
  return {
    seal: (to, word) =>
      signCompact(key, { ...word, iss: serverName, aud: to.serverName, iat: Math.floor(clock() / 1000) }),
    open: async (schema, jws) => {
      const from = peers.of(claimedIssuer(jws));
      if (from === undefined) throw new ColloqueError("not-allowed", { details: { why: "not-a-peer" } });
      const word = await verifyCompact(schema, jws, from.key);
      if (word.aud !== serverName) throw new ColloqueError("bad-signature", { details: { why: "audience" } });
      if (Math.abs(clock() - word.iat * 1000) > clockSkewMs)
        throw new ColloqueError("bad-signature", { details: { why: "clock" } });
      return { word, from };
    },
  };
}

/** Who a word says that it is from; believed once the signature was checked with that one's key. */
function claimedIssuer(jws: string): string {
  try {
    return decodeJwt(jws).iss ?? "";
  } catch (cause) {
    throw new ColloqueError("bad-signature", { cause });
  }
}
