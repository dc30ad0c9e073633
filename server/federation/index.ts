import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createMediaRemover, loadRegistryKey, type Registry } from "../consent/index.ts";
import type { RoleContext } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { createFederation, type Federation } from "./federation.ts";
import { createLetters, peersOf } from "./letters.ts";
import { createPost } from "./post.ts";
import { migrations, startTelling } from "./telling.ts";

export type { Federation } from "./federation.ts";
export type { Lease, Wish } from "./leases.ts";
export { homeOf, serverOf } from "./letters.ts";
export { federationPaths } from "./messages.ts";

export type FederationNeeds = {
  readonly synapse: SynapseClient;
  readonly registry: Pick<Registry, "withdrawnMedia">;
};

/** The federation of this server, or nothing where its configuration names no other hospital. */
export async function startFederation(
  { config: server, db, clock, events, log: serverLog }: RoleContext,
  { synapse, registry }: FederationNeeds,
): Promise<Federation | undefined> {
  const { federation: config, serverName } = server;
  if (config === undefined) return undefined;
  const log = serverLog.child({ role: "federation" });
  const peers = peersOf(config.peers);
  const key = await loadRegistryKey(join(server.dataDir, "federation-key.json"));
  const letters = createLetters({ key, serverName, peers, clock });
  const post = await createPost(config);
  const remover = createMediaRemover(synapse, server.synapseAdminToken);
  await db.migrate("federation", migrations);
  const withdrawn = registry.withdrawnMedia;
  const telling = startTelling({ peers, letters, post, db, clock, withdrawn, log });
  const listening = events.on("consent-withdrawn", telling.kick);
  const federation = createFederation({
    config,
    publicKey: key.publicJwk,
    serverName,
    peers,
    letters,
    post,
    now: () => performance.now(),
    hideCopy: remover.quarantine,
  });
  return {
    ...federation,
    [Symbol.asyncDispose]: async () => {
      listening[Symbol.dispose]();
      await telling[Symbol.asyncDispose]();
      await federation[Symbol.asyncDispose]();
    },
  };
}
