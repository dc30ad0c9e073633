import type { DeviceStore } from "./device-store.ts";

/** A device store that is still opening: calls wait for it. */
export const lateDeviceStore = (opening: Promise<DeviceStore>): DeviceStore => ({
  get: async (area, key) => (await opening).get(area, key),
  set: async (area, key, value) => (await opening).set(area, key, value),
  setAll: async (entries) => (await opening).setAll(entries),
  delete: async (area, key) => (await opening).delete(area, key),
  keys: async (area) => (await opening).keys(area),
  keyPair: async (name, make) => (await opening).keyPair(name, make),
  wipe: async () => (await opening).wipe(),
});
