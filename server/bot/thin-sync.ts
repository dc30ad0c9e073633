import { z } from "zod";

/**
 * A sync without what people said in it. For the archivist the sync is a bell and brings keys, devices and memberships: what is in a room
 * it asks of the room. The SDK would keep each event of each room for as long as it runs, and decrypt the last of them; what it never gets,
 * it cannot keep.
 */
export type ThinSync = {
  readonly fetch: typeof globalThis.fetch;
  /** The rooms in which something was said, according to the answers since it was last asked. */
  takeNews(): readonly string[];
};

const roomSchema = z.looseObject({
  timeline: z
    .looseObject({
      limited: z.boolean().optional(),
      events: z.array(z.looseObject({ state_key: z.string().optional() })).default([]),
    })
    .optional(),
});
const roomsSchema = z.record(z.string(), roomSchema).optional();
const syncSchema = z.looseObject({
  rooms: z.looseObject({ join: roomsSchema, leave: roomsSchema }).optional(),
});

export function createThinSync(fetch: typeof globalThis.fetch): ThinSync {
  const news = new Set<string>();
  return {
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      return isSync(input) && answer.ok ? thin(answer, news) : answer;
    },
    takeNews: () => {
      const taken = [...news];
      news.clear();
      return taken;
    },
  };
}

const isSync = (input: string | URL | Request): boolean =>
  new URL(input instanceof Request ? input.url : input).pathname.endsWith("/sync");

async function thin(answer: Response, news: Set<string>): Promise<Response> {
  const sync = syncSchema.parse(await answer.json());
  for (const rooms of [sync.rooms?.join, sync.rooms?.leave])
    for (const [roomId, { timeline }] of Object.entries(rooms ?? {})) {
      if (timeline === undefined) continue;
      if (timeline.events.length > 0 || timeline.limited === true) news.add(roomId);
      // Who comes and goes is needed: a homeserver may tell of that in the timeline alone.
      timeline.events = timeline.events.filter((event) => event.state_key !== undefined);
    }
  return Response.json(sync, { status: answer.status });
}
