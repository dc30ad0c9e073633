import { type DeviceStore, StorageFullError } from "../kit/device-store.ts";
import { pack, unpack } from "../kit/pack.ts";

/** A device in memory that keeps copies, as the real one does. `full` refuses further writes; `onSet` sees each of them. */
export function memoryDevice(): DeviceStore & { full: boolean; onSet: () => Promise<void> } {
  const entries = new Map<string, ReturnType<typeof pack>>();
  const pairs = new Map<string, CryptoKeyPair>();
  return {
    full: false,
    onSet: async () => undefined,
    async get(area, key) {
      const packed = entries.get(`${area}/${key}`);
      return packed === undefined ? undefined : unpack(packed);
    },
    set(area, key, value) {
      return this.setAll([{ area, key, value }]);
    },
    async setAll(all) {
      if (this.full) throw new StorageFullError("full");
      for (const { area, key, value } of all) entries.set(`${area}/${key}`, pack(value));
      await this.onSet();
    },
    async delete(area, key) {
      entries.delete(`${area}/${key}`);
    },
    async keys(area) {
      return [...entries.keys()].flatMap((key) =>
        key.startsWith(`${area}/`) ? [key.slice(area.length + 1)] : [],
      );
    },
    async keyPair(name, make) {
      const pair = pairs.get(name) ?? (await make());
      pairs.set(name, pair);
      return pair;
    },
    async wipe() {
      entries.clear();
      pairs.clear();
    },
  };
}
