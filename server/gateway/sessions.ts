import { createHash } from "node:crypto";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import { userIdSchema } from "#protocol/ids.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import type { Learnt, News } from "./news.ts";

export type Session = { readonly userId: string; readonly device: string; readonly token: string };

/** Whom an access token belongs to: asked of Synapse once, and held in memory for as long as its news are heard and do not end it. */
export type Sessions = {
  /** From an Authorization header. Throws `not-signed-in`. */
  of(authorization: string | undefined): Promise<Session>;
  /** The same from memory alone, for what must not wait. */
  known(authorization: string | undefined): string | undefined;
  drop(token: string): void;
  dropUser(userId: string): void;
};

const mostTokens = 20_000;
const whoamiSchema = z.object({ user_id: userIdSchema, device_id: z.string() });

/** The token in a bearer header, if there is one. */
const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? "")?.[1];

/** A token's name in memory: the token itself is not kept. */
export const tokenKey = (token: string): string => createHash("sha256").update(token).digest("hex");

export function createSessions(synapse: Pick<SynapseClient, "call">, news: News): Sessions {
  const known = new Map<string, { who: Promise<Omit<Session, "token">>; userId?: string; learnt: Learnt }>();
  news.on(({ tokenSha256 }) => {
    if (tokenSha256 !== undefined) known.delete(tokenSha256);
  });

  async function whoami(token: string): Promise<Omit<Session, "token">> {
    try {
      const answer = await synapse.call({
        path: "/_matrix/client/v3/account/whoami",
        token,
        answer: whoamiSchema,
      });
      return { userId: answer.user_id, device: answer.device_id };
    } catch (cause) {
      if (cause instanceof SynapseError && cause.status < 500)
        throw new ColloqueError("not-signed-in", { cause });
      throw cause instanceof ColloqueError ? cause : new ColloqueError("homeserver-unreachable", { cause });
    }
  }

  return {
    of: async (authorization) => {
      const token = bearerOf(authorization);
      if (token === undefined) throw new ColloqueError("not-signed-in");
      const key = tokenKey(token);
      let entry = known.get(key);
      if (entry === undefined || !news.holds(entry.learnt)) {
        known.delete(key);
        const [oldest] = known.size < mostTokens ? [] : known.keys();
        if (oldest !== undefined) known.delete(oldest);
        entry = { who: whoami(token), learnt: news.now() };
        known.set(key, entry);
      }
      try {
        const who = await entry.who;
        entry.userId = who.userId;
        return { ...who, token };
      } catch (error) {
        if (known.get(key) === entry) known.delete(key);
        throw error;
      }
    },
    known: (authorization) => {
      const token = bearerOf(authorization);
      const entry = token === undefined ? undefined : known.get(tokenKey(token));
      return entry !== undefined && news.holds(entry.learnt) ? entry.userId : undefined;
    },
    drop: (token) => {
      known.delete(tokenKey(token));
    },
    dropUser: (userId) => {
      for (const [key, entry] of known) if (entry.userId === userId) known.delete(key);
    },
  };
}
