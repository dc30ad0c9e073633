import { z } from "zod";
import type { Bytes } from "../kit/bytes.ts";
import type { DeviceStore, Entry } from "../kit/device-store.ts";

/** Pictures that wait to leave, apart from their items: an item is written at each step, its picture once. */
const picture = z.instanceof(Uint8Array).transform((each) => new Uint8Array(each));

export async function readPicture(device: DeviceStore, localId: string): Promise<Bytes | null> {
  const parsed = picture.safeParse(await device.get("pictures", localId));
  return parsed.success ? parsed.data : null;
}

export const pictureEntry = (localId: string, jpeg: Bytes): Entry => ({
  area: "pictures",
  key: localId,
  value: jpeg,
});
