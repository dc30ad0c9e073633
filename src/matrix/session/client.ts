import { ClientEvent } from "matrix-js-sdk/lib/client.js";
import { HttpApiEvent } from "matrix-js-sdk/lib/http-api/interface.js";
import { SyncState } from "matrix-js-sdk/lib/sync.js";
import type { ConnectionState } from "../types.ts";
import type { Sdk } from "./sdk.ts";

/** What a session does with an opened client. With `sdk.ts` and `keys-setup.ts` it is the part that loads after the sign-in page. */

/** Starts to sync. The SDK goes on trying while the network is away. */
export const connect = ({ client }: Sdk): Promise<void> =>
  client.startClient({
    initialSyncLimit: firstSyncLimit(),
    // Cases have a handful of members: asking for them room by room would cost more than having them.
    lazyLoadMembers: false,
    disablePresence: true,
    threadSupport: false,
  });

/**
 * Enough for a whole case, as a rule. Another number at each start: a homeserver keeps its answer to a first sync for some minutes and
 * would give a page that was just reloaded the past.
 */
const firstSyncLimit = (): number => 100 + ((crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 800);

/** Resolves once the homeserver's word on every room is in. */
export const firstSync = ({ client }: Sdk, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (client.isInitialSyncComplete()) return resolve();
    signal.addEventListener("abort", () => reject(new Error("Stopped before the first sync")), {
      once: true,
    });
    client.on(ClientEvent.Sync, (next) => {
      if (next === SyncState.Prepared) resolve();
    });
  });

/** Tells what the sync says of the homeserver, and that it no longer knows this session. */
export function follow(
  { client }: Sdk,
  told: {
    readonly onSync: (homeserver: ConnectionState["homeserver"]) => void;
    readonly onLoggedOut: () => void;
  },
  signal: AbortSignal,
): void {
  client.on(ClientEvent.Sync, (state) => {
    const word = signal.aborted ? null : wordOf(state);
    if (word !== null) told.onSync(word);
  });
  client.on(HttpApiEvent.SessionLoggedOut, told.onLoggedOut);
}

function wordOf(state: SyncState): ConnectionState["homeserver"] | null {
  if (state === SyncState.Syncing || state === SyncState.Prepared) return "online";
  if (state === SyncState.Error || state === SyncState.Reconnecting) return "offline";
  return state === SyncState.Catchup ? "connecting" : null;
}
