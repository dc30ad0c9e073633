import type { DeviceStore } from "./kit/device-store.ts";
import type { Station } from "./types.ts";

/** Whether this device is one at which many sit: said at each sign-in, kept until sign-out. Where nobody said so, it is. */
export type StationKept = {
  keep(station: Station): Promise<void>;
  isShared(): Promise<boolean>;
};

export const createStation = (device: DeviceStore): StationKept => ({
  keep: (station) => device.set("session", "station", station),
  isShared: async () => (await device.get("session", "station")) !== "own",
});
