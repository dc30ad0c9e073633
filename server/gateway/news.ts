import { z } from "zod";
import type { Clock } from "../kit/role.ts";

/**
 * What Synapse's policy module tells, several times a second and at once when something changes: whose membership of which room, which
 * token is over. Numbered, so that a gap is seen: what is kept in memory may be believed for as long as nothing was missed.
 */
export const newsItemSchema = z.object({
  /** Named anew when Synapse starts. */
  stream: z.string().max(64),
  seq: z.int().positive(),
  /** A room in which somebody's membership has changed. */
  roomId: z.string().max(255).optional(),
  /** SHA-256 of an access token that is over. */
  tokenSha256: z.string().max(64).optional(),
});
export type NewsItem = z.infer<typeof newsItemSchema>;

export type News = {
  hear(item: NewsItem): void;
  /**
   * Something that was learnt at `atMs`, under the epoch of that time, still holds: nothing was missed since. Where nothing is heard, it
   * holds for a second, after which Synapse itself must be asked.
   */
  holds(learnt: Learnt): boolean;
  /** It was learnt within the last second. */
  isFresh(learnt: Learnt): boolean;
  /** To be taken before the question whose answer shall be kept. */
  now(): Learnt;
  on(listener: (item: NewsItem) => void): void;
};

/** When something was learnt, and in which unbroken time of hearing the news; undefined when none were heard. */
export type Learnt = { readonly atMs: number; readonly epoch: number | undefined };

/** Longer without a word is a break. */
const silentMs = 1_000;
/** How long something is believed without the news: a kick reaches the gateway within a second in any case. */
const unheardMs = 1_000;
/** And with them: against a change that Synapse does not tell of, such as a locked account. */
const heardMs = 10 * 60_000;

export function createNews(clock: Clock): News {
  const listeners: ((item: NewsItem) => void)[] = [];
  let epoch = 0;
  let stream = "";
  let expected = 0;
  let heardAtMs = Number.NEGATIVE_INFINITY;

  const epochNow = (): number | undefined => (clock() - heardAtMs <= silentMs ? epoch : undefined);

  const isFresh = ({ atMs }: Learnt): boolean => clock() - atMs < unheardMs;

  return {
    hear: (item) => {
      if (item.stream !== stream || item.seq !== expected || epochNow() === undefined) epoch += 1;
      expected = item.stream === stream ? Math.max(expected, item.seq + 1) : item.seq + 1;
      stream = item.stream;
      heardAtMs = clock();
      for (const listener of listeners) listener(item);
    },
    holds: (learnt) => {
      if (isFresh(learnt)) return true;
      return learnt.epoch !== undefined && learnt.epoch === epochNow() && clock() - learnt.atMs < heardMs;
    },
    isFresh,
    now: () => ({ atMs: clock(), epoch: epochNow() }),
    on: (listener) => void listeners.push(listener),
  };
}
