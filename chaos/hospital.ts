import { z } from "zod";
import { type Filed, filedSchema } from "#protocol/events.ts";
import type { WorkItem } from "../server/filing/work.ts";
import { bodyOf, listen } from "./http.ts";

/** What the rooms were told, in the order in which it came. */
export type Told = { readonly roomId: string; readonly txnId: string; readonly filed: Filed };

export type Hospital = AsyncDisposable & {
  readonly url: string;
  readonly told: () => readonly Told[];
  readonly faults: () => readonly string[];
};

const consumerSchema = z.object({
  consumer: z.string(),
  after: z.coerce.number().optional(),
});

/**
 * The homeserver's side of a run: gives each event until it is acknowledged, for each device on its own, and takes what the rooms are told:
 * a transaction id once, as Synapse does.
 */
export async function startHospital(items: readonly WorkItem[]): Promise<Hospital> {
  const cursors = new Map<string, number>();
  const told = new Map<string, Told>();
  const faults: string[] = [];

  const server = await listen(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://hospital.test");
    if (request.method === "PUT") {
      const [, , room = "", txn = ""] = url.pathname.split("/").map(decodeURIComponent);
      const filed = filedSchema.parse(JSON.parse((await bodyOf(request)).toString("utf8")));
      const known = told.get(txn);
      if (known === undefined) told.set(txn, { roomId: room, txnId: txn, filed });
      else if (JSON.stringify(known.filed) !== JSON.stringify(filed))
        faults.push(`The room was told two things under one transaction id: ${txn}`);
      response.end("{}");
      return;
    }
    const { consumer, after } = consumerSchema.parse(Object.fromEntries(url.searchParams));
    const cursor = Math.max(cursors.get(consumer) ?? 0, after ?? 0);
    cursors.set(consumer, cursor);
    const item = items[cursor];
    if (item === undefined) {
      setTimeout(() => response.writeHead(204).end(), 500).unref();
      return;
    }
    const { roomId, event, picture } = item;
    const inbox = JSON.stringify({ roomId, event });
    response.end(
      JSON.stringify({
        at: cursor + 1,
        inbox,
        ...(picture === undefined ? {} : { picture: Buffer.from(picture).toString("base64") }),
      }),
    );
  });
  return {
    url: server.url,
    told: () => [...told.values()],
    faults: () => faults,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
