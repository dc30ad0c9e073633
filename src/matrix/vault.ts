import { err, ok } from "#protocol/result.ts";
import { type DeviceStore, StorageFullError } from "./kit/device-store.ts";
import type { Vault } from "./types.ts";

/** Drafts, sealed on this device; Uint8Arrays inside are kept as such. */
export const createVault = (device: DeviceStore): Vault => ({
  get: async (key) => device.get("vault", key),
  async set(key, value) {
    try {
      await device.set("vault", key, value);
      return ok(undefined);
    } catch (cause) {
      if (cause instanceof StorageFullError) return err("storage-full");
      throw cause;
    }
  },
  delete: async (key) => device.delete("vault", key),
});
