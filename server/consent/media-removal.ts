import { z } from "zod";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import type { Database } from "../store/index.ts";
import { openRemovals, setRemoved } from "./store.ts";

/** Takes media out of the homeserver. Throws when it could not. */
export type MediaRemover = {
  /** At once unreadable, even for who knows the address. */
  quarantine(mxc: string): Promise<void>;
  /** The bytes are gone. */
  remove(mxc: string): Promise<void>;
};

/** Through Synapse's admin interface: the one use of the server-admin token. */
export function createMediaRemover(synapse: Pick<SynapseClient, "call">, adminToken: string): MediaRemover {
  const call = async (method: "POST" | "DELETE", path: string) => {
    try {
      await synapse.call({
        method,
        path,
        token: adminToken,
        ...(method === "POST" ? { body: {} } : {}),
        answer: z.unknown(),
      });
    } catch (error) {
      // Reserved and never uploaded, or gone already.
      if (error instanceof SynapseError && error.status === 404) return;
      throw error;
    }
  };
  return {
    quarantine: (mxc) => call("POST", `/_synapse/admin/v1/media/quarantine/${pathOf(mxc)}`),
    remove: (mxc) => call("DELETE", `/_synapse/admin/v1/media/${pathOf(mxc)}`),
  };
}

function pathOf(mxc: string): string {
  const [server = "", media = ""] = mxc.slice("mxc://".length).split("/");
  return `${encodeURIComponent(server)}/${encodeURIComponent(media)}`;
}

export type RemovalWorker = AsyncDisposable & {
  /** Works off what waits now; resolves when the round is over. */
  kick(): Promise<void>;
};

/** Removes what is queued, and tries again until the homeserver has done it: a withdrawal survives its being down. */
export function startRemovalWorker(parts: {
  db: Database;
  remover: MediaRemover;
  clock: Clock;
  log: Logger;
  againMs: number;
  done: (mxc: string) => Promise<void>;
}): RemovalWorker {
  let round: Promise<void> = Promise.resolve();
  const kick = () => {
    round = round
      .then(() => work(parts))
      .catch((error: unknown) => {
        parts.log.error(toLog(error), "media removal failed");
      });
    return round;
  };
  const timer = setInterval(kick, parts.againMs);
  timer.unref();
  return {
    kick,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function work(parts: Parameters<typeof startRemovalWorker>[0]): Promise<void> {
  const { db, remover, clock, log, done } = parts;
  const waiting = await openRemovals(db);
  // All of them out of sight first, then the bytes.
  const hidden: string[] = [];
  for (const mxc of waiting) {
    try {
      await remover.quarantine(mxc);
      hidden.push(mxc);
    } catch (error) {
      log.warn({ mxc, ...toLog(error) }, "could not quarantine, will try again");
    }
  }
  for (const mxc of hidden) {
    try {
      await remover.remove(mxc);
      await setRemoved(db, mxc, clock());
      await done(mxc);
    } catch (error) {
      log.warn({ mxc, ...toLog(error) }, "could not delete, will try again");
    }
  }
}
