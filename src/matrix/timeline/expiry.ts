import type { Judged, RoomEvent } from "./admit.ts";

type JudgedEvent = { readonly raw: Pick<RoomEvent, "sender">; readonly verdict: Judged };

/** The archivist's word that the content of the case has left the messenger, as it was decrypted and judged. */
const isExpiry = ({ verdict }: JudgedEvent, bot: string): boolean =>
  verdict.kind === "event" && verdict.event.kind === "expired" && verdict.event.sender === bot;

export const hasExpired = (all: readonly JudgedEvent[], bot: string): boolean =>
  all.some((each) => isExpiry(each, bot));

/**
 * What a device keeps of a room: all of it, or the archivist's last word that the content has left the messenger and what the archivist said since
 * (rule C15). It relies neither on the homeserver's having taken the rest out nor on its saying so: a device that was away, and one to which old
 * ciphertext is given again, keeps nothing more.
 */
export function whatStays<E extends JudgedEvent>(all: readonly E[], bot: string): readonly E[] {
  const last = all.findLastIndex((each) => isExpiry(each, bot));
  return last < 0 ? all : all.slice(last).filter(({ raw }) => raw.sender === bot);
}
