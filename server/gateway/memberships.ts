import { z } from "zod";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import type { Learnt, News } from "./news.ts";

/** Who is in a room now: asked of Synapse once, and then held in memory for as long as its news are heard and do not name the room. */
export type Memberships = {
  /** Throws when it is not known and Synapse does not say. */
  isJoined(userId: string, roomId: string): Promise<boolean>;
  /** Those of a room who fit. */
  joined(roomId: string, fits: (userId: string) => boolean): Promise<readonly string[]>;
};

const membersSchema = z.object({ members: z.array(z.string()) });
const mostRooms = 20_000;

export function createMemberships(
  synapse: Pick<SynapseClient, "call">,
  adminToken: string,
  news: News,
): Memberships {
  const known = new Map<string, { members: Promise<ReadonlySet<string>>; learnt: Learnt }>();
  news.on(({ roomId }) => {
    if (roomId !== undefined) known.delete(roomId);
  });

  async function ask(roomId: string): Promise<ReadonlySet<string>> {
    try {
      const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/members`;
      return new Set((await synapse.call({ path, token: adminToken, answer: membersSchema })).members);
    } catch (error) {
      if (error instanceof SynapseError && error.status === 404) return new Set();
      throw error;
    }
  }

  async function membersOf(roomId: string, isGoodEnough: (learnt: Learnt) => boolean) {
    let entry = known.get(roomId);
    if (entry === undefined || !isGoodEnough(entry.learnt)) {
      known.delete(roomId);
      const [oldest] = known.size < mostRooms ? [] : known.keys();
      if (oldest !== undefined) known.delete(oldest);
      entry = { members: ask(roomId), learnt: news.now() };
      known.set(roomId, entry);
    }
    try {
      return await entry.members;
    } catch (error) {
      if (known.get(roomId) === entry) known.delete(roomId);
      throw error;
    }
  }

  const joined: Memberships["joined"] = async (roomId, fits) => {
    const known = [...(await membersOf(roomId, news.holds))].filter(fits);
    // Who has just come in may be faster than the news of it: a no is not believed for long.
    return known.length > 0 ? known : [...(await membersOf(roomId, news.isFresh))].filter(fits);
  };

  return {
    joined,
    isJoined: async (userId, roomId) => (await joined(roomId, (each) => each === userId)).length > 0,
  };
}
