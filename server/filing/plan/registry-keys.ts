import { keySetType } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import { idOf, sha256Hex } from "../ids.ts";
import type { PlanContext, Write } from "./types.ts";

/** The registry's keys beside what was signed: what to write, its bytes, and what the Provenance says of it. */
export type FiledKeys = {
  readonly writes: readonly Write[];
  readonly blobs: Readonly<Record<string, Uint8Array>>;
  readonly sources: readonly Json[];
};

/**
 * The keys that a certificate is verified with, as a file of the record: whoever checks a signature in twenty years asks neither us nor our
 * server. The same keys are the same file, written once; after a change of key the next signature brings the new list, which has the old
 * ones with their time. A photo's are those of its consent, which its Provenance names.
 */
export function filedKeys({ registryKeys }: Pick<PlanContext, "registryKeys">): FiledKeys {
  if (registryKeys === undefined) return { writes: [], blobs: {}, sources: [] };
  const id = idOf(`registry-keys ${sha256Hex(registryKeys)}`, "Binary");
  return {
    writes: [{ resource: { resourceType: "Binary", id, contentType: keySetType }, blob: "registry-keys" }],
    blobs: { "registry-keys": registryKeys },
    sources: [{ reference: `Binary/${id}`, display: "Clés publiques du registre Colloque (RFC 7517)" }],
  };
}
