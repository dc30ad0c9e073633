import { z } from "zod";
import type { SynapseClient } from "../kit/synapse-client.ts";

/** Bytes that the homeserver keeps. `sha256` is its own word on them; null for what it took in before it kept hashes. */
export type HeldMedia = { readonly mxc: string; readonly userId: string; readonly sha256: string | null };

/** What the homeserver holds. */
export type MediaList = {
  /** Who has media made since then, with a mark that changes when theirs do. */
  uploaders(sinceMs: number): Promise<readonly { userId: string; mark: string }[]>;
  /** The media of one person made since then whose bytes are there. */
  mediaOf(userId: string, sinceMs: number): Promise<readonly HeldMedia[]>;
};

const pageSize = 500;
const uploadersSchema = z.object({
  users: z.array(
    z.object({ user_id: z.string(), media_count: z.number(), media_length: z.number().nullable() }),
  ),
  next_token: z.number().optional(),
});
const mediaSchema = z.object({
  media: z.array(
    z.object({
      media_id: z.string(),
      media_length: z.number().nullable(),
      created_ts: z.number(),
      sha256: z.string().nullish(),
    }),
  ),
  next_token: z.number().optional(),
});

/** Through Synapse's admin interface. */
export function createMediaList(
  synapse: Pick<SynapseClient, "call">,
  token: string,
  serverName: string,
): MediaList {
  return {
    uploaders: async (sinceMs) => {
      const found: { userId: string; mark: string }[] = [];
      for (let from: number | undefined = 0; from !== undefined; ) {
        const path = `/_synapse/admin/v1/statistics/users/media?from=${from}&limit=${pageSize}&from_ts=${Math.max(0, Math.floor(sinceMs))}`;
        const page: z.infer<typeof uploadersSchema> = await synapse.call({
          path,
          token,
          answer: uploadersSchema,
        });
        for (const each of page.users)
          found.push({ userId: each.user_id, mark: `${each.media_count} ${each.media_length}` });
        from = page.next_token;
      }
      return found;
    },
    mediaOf: async (userId, sinceMs) => {
      const found: HeldMedia[] = [];
      for (let from: number | undefined = 0; from !== undefined; ) {
        const path = `/_synapse/admin/v1/users/${encodeURIComponent(userId)}/media?from=${from}&limit=${pageSize}&order_by=created_ts&dir=b`;
        const page: z.infer<typeof mediaSchema> = await synapse.call({ path, token, answer: mediaSchema });
        const recent = page.media.filter((each) => each.created_ts >= sinceMs);
        // Reserved and still empty: no bytes to judge.
        for (const each of recent)
          if (each.media_length !== null)
            found.push({
              mxc: `mxc://${serverName}/${each.media_id}`,
              userId,
              sha256: each.sha256 ?? null,
            });
        from = recent.length === page.media.length ? page.next_token : undefined;
      }
      return found;
    },
  };
}
