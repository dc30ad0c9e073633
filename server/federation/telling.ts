import { z } from "zod";
import type { Peer } from "../kit/config.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Database, Migration } from "../store/index.ts";
import type { Letters, Peers } from "./letters.ts";
import { federationPaths, mostRevoked } from "./messages.ts";
import type { Post } from "./post.ts";

/** Which hospital has heard of which withdrawal. */
export const migrations: readonly Migration[] = [
  `CREATE TABLE federation_told (
     peer TEXT NOT NULL,
     consent_id TEXT NOT NULL,
     told_at INTEGER NOT NULL,
     PRIMARY KEY (peer, consent_id)
   );`,
];

export type TellingParts = {
  readonly peers: Peers;
  readonly letters: Letters;
  readonly post: Post;
  readonly db: Database;
  readonly clock: Clock;
  /** The consents that were withdrawn and what lay under them, the latest first. */
  readonly withdrawn: () => Promise<readonly { consentId: string; mxcs: readonly string[] }[]>;
  readonly log: Logger;
  readonly againMs?: number;
};

export type Telling = AsyncDisposable & {
  /** Something was withdrawn: tell it now. */
  kick(): void;
};

/** In one round, after so many that one hospital did not take, the others wait for the next. */
const mostFailures = 3;

/**
 * Tells every hospital of the allow-list of every withdrawal, also one that has left the room, since it may have a copy; again until it
 * has heard, over restarts of ours and of its. What it does not hear it is refused at its next read all the same.
 */
export function startTelling(parts: TellingParts): Telling {
  const loops = parts.peers.all.map((peer) => keepTelling(parts, peer));
  const kick = () => {
    for (const loop of loops) loop.kick();
  };
  kick();
  return {
    kick,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(loops.map((loop) => loop[Symbol.asyncDispose]()));
    },
  };
}

function keepTelling(parts: TellingParts, peer: Peer): Telling {
  const { log, againMs = 2_000 } = parts;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isQueued = false;
  let isClosed = false;
  let isQuiet = false;

  const round = async () => {
    isQueued = false;
    clearTimeout(timer);
    try {
      await tellAll(parts, peer, () => isClosed);
      isQuiet = false;
    } catch (error) {
      // Said once, not at every try.
      if (!isQuiet) log.warn({ peer: peer.serverName, ...toLog(error) }, "could not tell of a withdrawal");
      isQuiet = true;
      if (!isClosed) timer = setTimeout(kick, againMs).unref();
    }
  };
  const kick = () => {
    if (isQueued || isClosed) return;
    isQueued = true;
    running = running.then(round);
  };
  return {
    kick,
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const toldRow = z.object({ consent_id: z.string() });

/** Throws when something was left untold. */
async function tellAll(parts: TellingParts, peer: Peer, isOver: () => boolean): Promise<void> {
  const { db, clock, withdrawn } = parts;
  const rows = await db.all(
    toldRow,
    "SELECT consent_id FROM federation_told WHERE peer = ?",
    peer.serverName,
  );
  const told = new Set(rows.map((row) => row.consent_id));
  const failures: unknown[] = [];
  for (const { consentId, mxcs } of await withdrawn()) {
    if (told.has(consentId)) continue;
    if (isOver() || failures.length >= mostFailures) break;
    try {
      await tell(parts, peer, { consentId, mxcs });
      await db.run(
        "INSERT INTO federation_told (peer, consent_id, told_at) VALUES (?, ?, ?)",
        peer.serverName,
        consentId,
        clock(),
      );
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function tell(
  { letters, post }: TellingParts,
  peer: Peer,
  { consentId, mxcs }: { consentId: string; mxcs: readonly string[] },
): Promise<void> {
  for (let at = 0; at < mxcs.length; at += mostRevoked) {
    const some = mxcs.slice(at, at + mostRevoked);
    const jws = await letters.seal(peer, { kind: "revocation", consentId, mxcs: some });
    await post(peer, federationPaths.revocation, jws);
  }
}
