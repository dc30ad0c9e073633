import type { StoreApi } from "zustand/vanilla";
import type { Consents } from "./consents.ts";
import { drop } from "./kit/clock.ts";
import type { DeviceStore } from "./kit/device-store.ts";
import type { Leases } from "./media/leases.ts";
import type { PictureReader } from "./media/read.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { TimelineState } from "./timeline/timeline.ts";

/**
 * What a case whose content has left the messenger leaves on this device goes, too: pictures, the registry's words, the consents that were
 * collected here, drafts of an answer, and what was sent and never came back. What this person wrote and could not send stays until they have seen it.
 */
export function followExpiries(
  deps: {
    readonly timeline: StoreApi<TimelineState>;
    readonly bot: string;
    readonly outbox: Pick<Outbox, "store" | "settle">;
    readonly consents: Pick<Consents, "forget">;
    readonly leases: Pick<Leases, "unlearn">;
    readonly pictures: Pick<PictureReader, "forget">;
    readonly device: Pick<DeviceStore, "keys" | "delete">;
  },
  signal: AbortSignal,
): void {
  const { timeline, bot, outbox, consents, leases, pictures, device } = deps;
  const heard = new Set<string>();

  const dropDrafts = async (roomId: string): Promise<void> => {
    for (const key of await device.keys("vault"))
      if (key.endsWith(`/${roomId}`)) await device.delete("vault", key);
  };

  const look = ({ byRoom }: TimelineState): void => {
    for (const { roomId, caseId, events } of byRoom.values())
      for (const event of events) {
        if (event.kind !== "expired" || event.sender !== bot || heard.has(event.eventId)) continue;
        heard.add(event.eventId);
        leases.unlearn(roomId);
        for (const consentId of event.expired.consentIds) {
          pictures.forget(consentId);
          drop(consents.forget(consentId));
        }
        drop(dropDrafts(roomId));
        const { items } = outbox.store.getState();
        outbox.settle(
          items.filter((item) => item.done && item.caseId === caseId).map((item) => item.localId),
        );
      }
  };
  look(timeline.getState());
  signal.addEventListener("abort", timeline.subscribe(look), { once: true });
}
