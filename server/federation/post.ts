import { readFile } from "node:fs/promises";
import { Agent, request } from "undici";
import { ColloqueError } from "#protocol/errors.ts";
import type { FederationConfig, Peer } from "../kit/config.ts";

/** Carries a word to another hospital's gateway and brings the answer. Throws `registry-unreachable` whatever went wrong. */
export type Post = AsyncDisposable & ((to: Peer, path: string, jws: string) => Promise<string>);

/** A reader waits for the answer: what takes longer than this is as good as none. */
const patienceMs = 3_000;
const longestAnswer = 16 * 1024;

/** By TLS; the other end must show a certificate of the hospitals' own authority. */
export async function createPost({ caFile }: FederationConfig): Promise<Post> {
  const dispatcher = new Agent({
    connect: { ca: await readFile(caFile, "utf8"), timeout: patienceMs },
    maxResponseSize: longestAnswer,
  });
  const post = async (to: Peer, path: string, jws: string) => {
    try {
      const answer = await request(`${to.url}${path}`, {
        dispatcher,
        method: "POST",
        headers: { "content-type": "application/jose" },
        body: jws,
        signal: AbortSignal.timeout(patienceMs),
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
      return text;
    } catch (cause) {
      throw new ColloqueError("registry-unreachable", { cause });
    }
  };
  return Object.assign(post, { [Symbol.asyncDispose]: () => dispatcher.destroy() });
}
