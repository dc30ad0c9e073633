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
  /**
   * The same, and while the homeserver is away whom it last said, minutes ago at most: for what shows no picture and lets nobody in, such as
   * finding the patient of a request that will leave later.
   */
  lately(authorization: string | undefined): Promise<Session>;
  /** The same from memory alone, for what must not wait. */
  known(authorization: string | undefined): string | undefined;
  drop(token: string): void;
  dropUser(userId: string): void;
};

const mostTokens = 20_000;
/** How long a homeserver that is away is taken at its last word. */
const latelyMs = 10 * 60_000;
const whoamiSchema = z.object({ user_id: userIdSchema, device_id: z.string() });

/** The token in a bearer header, if there is one. */
const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? "")?.[1];

/** A token's name in memory: the token itself is not kept. */
export const tokenKey = (token: string): string => createHash("sha256").update(token).digest("hex");

export function createSessions(synapse: Pick<SynapseClient, "call">, news: News): Sessions {
  const known = new Map<string, { who: Promise<Omit<Session, "token">>; userId?: string; learnt: Learnt }>();
  const last = new Map<string, Omit<Session, "token"> & { readonly atMs: number }>();
  news.on(({ tokenSha256 }) => {
    if (tokenSha256 === undefined) return;
    known.delete(tokenSha256);
    last.delete(tokenSha256);
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

  const of: Sessions["of"] = async (authorization) => {
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
      if (last.size >= mostTokens) last.clear();
      last.set(key, { ...who, atMs: entry.learnt.atMs });
      return { ...who, token };
    } catch (error) {
      if (known.get(key) === entry) known.delete(key);
      if (error instanceof ColloqueError && error.code === "not-signed-in") last.delete(key);
      throw error;
    }
  };

  return {
    of,
    lately: async (authorization) => {
      try {
        return await of(authorization);
      } catch (error) {
        const token = bearerOf(authorization);
        const before = token === undefined ? undefined : last.get(tokenKey(token));
        const away = error instanceof ColloqueError && error.code === "homeserver-unreachable";
        if (!away || token === undefined || before === undefined) throw error;
        if (news.now().atMs - before.atMs > latelyMs) throw error;
        return { userId: before.userId, device: before.device, token };
      }
    },
    known: (authorization) => {
      const token = bearerOf(authorization);
      const entry = token === undefined ? undefined : known.get(tokenKey(token));
      return entry !== undefined && news.holds(entry.learnt) ? entry.userId : undefined;
    },
    drop: (token) => {
      known.delete(tokenKey(token));
      last.delete(tokenKey(token));
    },
    dropUser: (userId) => {
      for (const [key, before] of last) if (before.userId === userId) last.delete(key);
      for (const [key, entry] of known) if (entry.userId === userId) known.delete(key);
    },
  };
}
