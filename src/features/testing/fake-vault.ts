import { err, ok } from "#protocol/result.ts";
import type { Vault } from "../../matrix/types.ts";

/** A vault in memory that, like the real one, keeps copies: what is changed later outside is not changed inside. */
export function createFakeVault(): Vault & { readonly kept: Map<string, unknown>; full: boolean } {
  const kept = new Map<string, unknown>();
  return {
    kept,
    full: false,
    get: async (key) => structuredClone(kept.get(key)),
    async set(key, value) {
      if (this.full) return err("storage-full");
      kept.set(key, structuredClone(value));
      return ok(undefined);
    },
    async delete(key) {
      kept.delete(key);
    },
  };
}
