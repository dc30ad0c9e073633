import { z } from "zod";
import type { DeviceStore, Entry } from "../kit/device-store.ts";
import type { PhotoPictures } from "../media/send.ts";

/** Pictures that wait to leave, apart from their items: an item is written at each step, its pictures once. */
const bytes = z.instanceof(Uint8Array).transform((each) => new Uint8Array(each));
const picturesSchema = z.object({ full: bytes, preview: bytes });

export async function readPictures(device: DeviceStore, localId: string): Promise<PhotoPictures | null> {
  const parsed = picturesSchema.safeParse(await device.get("pictures", localId));
  return parsed.success ? parsed.data : null;
}

export const picturesEntry = (localId: string, pictures: PhotoPictures): Entry => ({
  area: "pictures",
  key: localId,
  value: pictures,
});
