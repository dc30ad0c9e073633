import { z } from "zod";
import type { Clock } from "../kit/role.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";

/** Who is in a room now. Believed for one second, so that a kick reaches the gateway within one. */
export type Memberships = {
  isJoined(userId: string, roomId: string): Promise<boolean>;
};

const keepMs = 1_000;
const membersSchema = z.object({ members: z.array(z.string()) });

export function createMemberships(synapse: SynapseClient, adminToken: string, clock: Clock): Memberships {
  const known = new Map<string, { members: Promise<ReadonlySet<string>>; untilMs: number }>();

  async function ask(roomId: string): Promise<ReadonlySet<string>> {
    try {
      const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/members`;
      return new Set((await synapse.call({ path, token: adminToken, answer: membersSchema })).members);
    } catch (error) {
      if (error instanceof SynapseError && error.status === 404) return new Set();
      throw error;
    }
  }

  return {
    isJoined: async (userId, roomId) => {
      const now = clock();
      let entry = known.get(roomId);
      if (entry === undefined || entry.untilMs <= now) {
        for (const [each, { untilMs }] of known) if (untilMs <= now) known.delete(each);
        entry = { members: ask(roomId), untilMs: now + keepMs };
        known.set(roomId, entry);
      }
      try {
        return (await entry.members).has(userId);
      } catch (error) {
        if (known.get(roomId) === entry) known.delete(roomId);
        throw error;
      }
    },
  };
}
