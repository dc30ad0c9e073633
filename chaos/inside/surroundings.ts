import type { RegistryPort } from "../../server/filing/index.ts";
import type { HospitalFacts } from "../../server/filing/plan/index.ts";
import type { Settings } from "../points.ts";

export const hospitalOf = ({ organizationId }: Settings): HospitalFacts => ({
  name: "CHU de Valombre",
  address: "12, quai des Tanneurs, Valombre",
  organizationId,
});

/** A registry that says yes to all: withdrawals are not what this is about. */
export const registryOf = ({ registryKey, offsetMs }: Settings): RegistryPort => ({
  key: registryKey,
  statusOf: async () => ({ state: "live", untilMs: Date.now() + offsetMs + 365 * 86400_000 }),
  leasesOf: async () => [],
});

/** Nobody waits half a minute for a record that will not answer. Read when called: the traps are laid around it. */
export const withTimeout =
  (ms: number): typeof fetch =>
  (input, init) => {
    const own = AbortSignal.timeout(ms);
    const given = init?.signal;
    const signal = given === undefined || given === null ? own : AbortSignal.any([given, own]);
    return globalThis.fetch(input, { ...init, signal });
  };
