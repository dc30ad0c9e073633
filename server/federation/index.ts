import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createMediaRemover, loadRegistryKey } from "../consent/index.ts";
import type { RoleContext } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { createFederation, type Federation, tellPeers } from "./federation.ts";
import { createLetters, peersOf } from "./letters.ts";
import { createPost } from "./post.ts";

export type { Federation } from "./federation.ts";
export type { Lease, Wish } from "./leases.ts";
export { serverOf } from "./letters.ts";
export { federationPaths } from "./messages.ts";

/** The federation of this server, or nothing where its configuration names no other hospital. */
export async function startFederation(
  { config: server, clock, events, signal, log: serverLog }: RoleContext,
  synapse: SynapseClient,
): Promise<Federation | undefined> {
  const { federation: config, serverName } = server;
  if (config === undefined) return undefined;
  const log = serverLog.child({ role: "federation" });
  const peers = peersOf(config.peers);
  const key = await loadRegistryKey(join(server.dataDir, "federation-key.json"));
  const letters = createLetters({ key, serverName, peers, clock });
  const post = await createPost(config);
  const remover = createMediaRemover(synapse, server.synapseAdminToken);
  const telling = events.on("consent-withdrawn", (event) => {
    void tellPeers({ peers, letters, post, log }, event, signal);
  });
  const federation = createFederation({
    config,
    publicKey: key.publicJwk,
    serverName,
    peers,
    letters,
    post,
    now: () => performance.now(),
    hideCopy: remover.quarantine,
    log,
  });
  return {
    ...federation,
    [Symbol.asyncDispose]: async () => {
      telling[Symbol.dispose]();
      await federation[Symbol.asyncDispose]();
    },
  };
}
