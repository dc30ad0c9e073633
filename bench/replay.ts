import { z } from "zod";
import type { aRecord } from "../server/filing/testing/a-record.ts";

/** One request that filing made, and which of its photo's requests had been answered when it left. */
export type Kept = {
  readonly method: string;
  readonly url: string;
  readonly headers: HeadersInit;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  readonly after: readonly number[];
  /** What the record of the rehearsal called the documents that this request made: their real names are put in their place. */
  readonly named: readonly string[];
};

const answerSchema = z.object({
  entry: z.array(z.object({ response: z.object({ status: z.string(), location: z.string().optional() }) })),
});

/**
 * A rehearsal: filing speaks to a record in memory, and each request is kept as it leaves. One case at a time, so that what is kept is one
 * line.
 */
export function rehearsal(record: ReturnType<typeof aRecord>) {
  const kept: Kept[] = [];
  const answered: number[] = [];
  const fetcher: typeof fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    const at = kept.length;
    const body = typeof init?.body === "string" || init?.body instanceof Uint8Array ? init.body : undefined;
    const named: string[] = [];
    kept.push({
      method: init?.method ?? "GET",
      url,
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: body instanceof Uint8Array ? Uint8Array.from(body) : body,
      after: [...answered],
      named,
    });
    const answer = await record.fetcher(input, init);
    answered.push(at);
    // A search is a POST, too, and names nothing.
    const isBundle = init?.method === "POST" && typeof body === "string" && !url.endsWith("/_search");
    if (isBundle) named.push(...(await namesIn(answer.clone())));
    return answer;
  };
  return { kept, fetcher };
}

const namesIn = async (answer: Response): Promise<string[]> =>
  answerSchema
    .parse(await answer.json())
    .entry.map(({ response }) => (response.location ?? "").replace(/\/_history\/.*$/, ""));

/** A plain loop: each line in order, so many lines at once; a line's request leaves when those before it were answered. */
export async function replay(lines: readonly (readonly Kept[])[], atOnce: number): Promise<number> {
  const waiting = [...lines];
  let requests = 0;
  const work = async (): Promise<void> => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      await replayLine(line);
      requests += line.length;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return requests;
}

async function replayLine(line: readonly Kept[]): Promise<void> {
  const names = new Map<string, string>();
  const running: Promise<void>[] = [];
  for (const kept of line) {
    const before = Promise.all(kept.after.map((at) => running[at]));
    running.push(before.then(() => send(kept, names)));
  }
  await Promise.all(running);
}

const theirs = /\b(?:List|DocumentReference)\/r\d+\b/g;

async function send(kept: Kept, names: Map<string, string>): Promise<void> {
  const rename = (text: string): string => text.replace(theirs, (name) => names.get(name) ?? name);
  // Names stand in what is small: a bundle that carries a picture is the one that is given names.
  const body =
    typeof kept.body === "string" && kept.named.length > 0 && kept.body.length < 200_000
      ? rename(kept.body)
      : kept.body;
  const answer = await fetch(rename(kept.url), {
    method: kept.method,
    headers: kept.headers,
    redirect: "error",
    ...(body === undefined ? {} : { body }),
  });
  const bytes = await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${kept.method} ${new URL(kept.url).pathname}: ${answer.status}`);
  if (kept.named.length === 0) return;
  const { entry } = answerSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  for (const [at, { response }] of entry.entries()) {
    const real = /((?:List|DocumentReference)\/[^/]+)\/_history/.exec(response.location ?? "")?.[1];
    const rehearsed = kept.named[at];
    if (real !== undefined && rehearsed !== undefined) names.set(rehearsed, real);
  }
}
