import { ColloqueError } from "#protocol/errors.ts";
import { type Photo, parseCaseEvent } from "#protocol/events.ts";
import type { Bot, InboxItem } from "../bot/index.ts";
import type { House } from "./house.ts";

export type Hands = {
  readonly bot: Pick<Bot, "readMedia">;
  readonly house: Pick<House, "submit" | "audit">;
  readonly archivist: string;
};

/** One event on its way from the archivist to filing; a photo takes its picture along. */
export async function hand(item: InboxItem, hands: Hands): Promise<void> {
  const { eventId, sender, originServerTs: atMs, type, content } = item;
  const event = parseCaseEvent({ eventId, sender, atMs, type, content });
  const picture = event.kind === "photo" ? await pictureOf(event.photo, hands) : undefined;
  await hands.house.submit(item, picture);
}

/** The picture, or nothing when it was withdrawn meanwhile: gate 4 then refuses, which is what shall be said. */
async function pictureOf(
  { receipt, file }: Photo,
  { bot, house, archivist }: Hands,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const picture = await bot.readMedia(file);
    const { caseId, receiptId } = receipt.payload;
    const read = { actor: archivist, caseId, receiptId, mxc: file.url, rendition: "full" } as const;
    await house.audit.pictureRead({ ...read, how: "machine" });
    return picture;
  } catch (error) {
    if (error instanceof ColloqueError && error.code === "not-found") return undefined;
    throw error;
  }
}
