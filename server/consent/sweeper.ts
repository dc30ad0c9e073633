import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import { SynapseError } from "../kit/synapse-client.ts";
import type { HeldMedia, MediaList } from "./media-list.ts";

/** What the ledger knows of an address. `sha256` is what was announced; null for a bundle of keys, which nobody announces. */
export type Known =
  | { readonly state: "unknown" | "withdrawn" }
  | { readonly state: "live"; readonly sha256: string | null };

export type SweeperParts = {
  readonly held: MediaList;
  readonly known: (mxc: string) => Promise<Known>;
  /** Whether it is on its way out already. */
  readonly isLeaving: (mxc: string) => Promise<boolean>;
  /** Takes it out of sight, then deletes it. */
  readonly remove: (mxc: string) => Promise<void>;
  readonly audit: (found: HeldMedia & { readonly why: SweptBecause }) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
};

export type SweptBecause = "unknown" | "other-bytes" | "withdrawn";

export type Sweeper = AsyncDisposable & {
  /** One round now; everything that is held when `whole`, else what came lately. */
  sweep(whole: boolean): Promise<void>;
};

/** An address may be filled for an hour after it was reserved, and its time is that of the reservation. */
const lately = 65 * 60_000;
const wholeEveryMs = 3600_000;

/**
 * Looks every two seconds for media that no receipt announced, and takes them out. Nothing of the kind can come in by the gateway,
 * nor past it as long as the policy module runs: this is for what comes in by neither, a restored media store among it. People whose media did not change since the last
 * round are not looked at, so that a quiet round is one cheap request; once an hour, and at the start, all that is held is looked at.
 */
export function startSweeper(parts: SweeperParts): Sweeper {
  const { clock, log, everyMs = 2_000 } = parts;
  const seen = new Map<string, string>();
  let wholeAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> = Promise.resolve();
  let isQuiet = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const sweep = (whole: boolean): Promise<void> => {
    const turn = running.then(() => look(parts, whole ? 0 : clock() - lately, seen));
    running = turn.catch(() => undefined);
    return turn;
  };
  const tick = async (): Promise<void> => {
    const whole = clock() - wholeAt >= wholeEveryMs;
    try {
      if (whole) seen.clear();
      await sweep(whole);
      if (whole) {
        wholeAt = clock();
        // The marks of the whole are not those of the last hour.
        seen.clear();
      }
      isQuiet = false;
    } catch (error) {
      if (!isQuiet) log.warn(toLog(error), "the media could not be looked through, will try again");
      isQuiet = true;
    }
    if (!closed) timer = setTimeout(tick, everyMs).unref();
  };
  timer = setTimeout(tick, 0).unref();
  return {
    sweep,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function look(parts: SweeperParts, sinceMs: number, seen: Map<string, string>): Promise<void> {
  const { held, audit, remove, log } = parts;
  const uploaders = await held.uploaders(sinceMs);
  const names = new Set(uploaders.map((each) => each.userId));
  for (const userId of seen.keys()) if (!names.has(userId)) seen.delete(userId);
  for (const { userId, mark } of uploaders) {
    if (seen.get(userId) === mark) continue;
    for (const media of await mediaOf(held, userId, sinceMs, log)) {
      const why = await reasonToSweep(parts, media);
      if (why === undefined) continue;
      await remove(media.mxc);
      await audit({ ...media, why });
      log.warn({ mxc: media.mxc, userId, why }, "media that no receipt announced were taken out");
    }
    seen.set(userId, mark);
  }
}

/** An account that is gone has no list: nothing that can be named, so nothing that can be read. */
async function mediaOf(held: MediaList, userId: string, sinceMs: number, log: Logger) {
  try {
    return await held.mediaOf(userId, sinceMs);
  } catch (error) {
    if (!(error instanceof SynapseError) || error.status !== 404) throw error;
    log.warn({ userId }, "media of an account that is gone cannot be listed");
    return [];
  }
}

async function reasonToSweep(parts: SweeperParts, media: HeldMedia): Promise<SweptBecause | undefined> {
  const known = await parts.known(media.mxc);
  if (known.state === "live")
    return known.sha256 === null || media.sha256 === null || media.sha256 === known.sha256
      ? undefined
      : "other-bytes";
  return (await parts.isLeaving(media.mxc)) ? undefined : known.state;
}
