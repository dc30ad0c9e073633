import { join } from "node:path";
import type { Audit } from "../audit/index.ts";
import type { Role } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { createHistoryPurger } from "./expiry.ts";
import { loadRegistryKey } from "./key-file.ts";
import { createMediaList } from "./media-list.ts";
import { createMediaRemover } from "./media-removal.ts";
import type { Registry } from "./port.ts";
import { createRegistry } from "./registry.ts";
import { openRevocationLog } from "./revocation-log.ts";

export { loadRegistryKey } from "./key-file.ts";
export { createMediaRemover } from "./media-removal.ts";
export type { Facts, MediaFacts, PermitFiles, Registry, Withdrawal } from "./port.ts";

/** What the consent registry needs of the others. */
export type ConsentNeeds = { readonly audit: Audit; readonly synapse: Pick<SynapseClient, "call"> };

/**
 * The consent registry: certificates of devices, signed consents, permits and the media that go with them, withdrawals.
 * It knows no names. It keeps facts and signs leases; whether somebody may see something is asked of the gate.
 */
export const consentRole = ({ audit, synapse }: ConsentNeeds): Role<Registry & AsyncDisposable> => ({
  name: "consent",
  start: async ({ config, db, log, clock, events }) =>
    createRegistry({
      db,
      log: log.child({ role: "consent" }),
      clock,
      events,
      audit,
      key: await loadRegistryKey(config.registryKeyFile),
      rules: config.consentRules,
      name: `registry:${config.serverName}`,
      remover: createMediaRemover(synapse, config.synapseAdminToken),
      purge: createHistoryPurger(synapse, config.synapseAdminToken),
      revocations: openRevocationLog(join(config.dataDir, "revocations.log")),
      held: createMediaList(synapse, config.synapseAdminToken, config.serverName),
    }),
});
