import type { StoreApi } from "zustand/vanilla";
import type { Consents } from "./consents.ts";
import type { Leases } from "./media/leases.ts";
import type { PictureReader } from "./media/read.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { TimelineState } from "./timeline/timeline.ts";

/** What a consent that was taken back leaves on this device goes: pictures kept, pictures that wait to leave, and every earlier word on it. */
export type Withdrawals = {
  /** This consent counts no more. */
  drop(roomId: string | null, consentId: string): void;
  /** Follows the archivist's word in every case until the signal. */
  follow(timeline: StoreApi<TimelineState>, bot: string, signal: AbortSignal): void;
};

export function createWithdrawals(deps: {
  readonly outbox: Pick<Outbox, "store" | "discard">;
  readonly consents: Pick<Consents, "heard">;
  readonly leases: Pick<Leases, "forget" | "unlearn">;
  readonly pictures: Pick<PictureReader, "forget">;
}): Withdrawals {
  const { outbox, consents, leases, pictures } = deps;

  const drop = (roomId: string | null, consentId: string): void => {
    consents.heard(consentId, "withdrawn");
    if (roomId !== null) leases.unlearn(roomId);
    pictures.forget(consentId);
    for (const item of outbox.store.getState().items)
      if (item.body.kind === "picture" && item.body.consent.consentId === consentId)
        void outbox.discard(item.localId);
  };

  return {
    drop,
    follow(timeline, bot, signal) {
      const heard = new Set<string>();
      const look = ({ byRoom }: TimelineState): void => {
        for (const { roomId, events } of byRoom.values())
          for (const event of events) {
            if (heard.has(event.eventId)) continue;
            // A new consent or a broken glass: what the registry said before says nothing of it.
            if (event.kind === "consent" || event.kind === "glass") leases.forget(roomId);
            else if (event.kind === "withdrawn" && event.sender === bot)
              drop(roomId, event.withdrawn.consentId);
            else continue;
            heard.add(event.eventId);
          }
      };
      look(timeline.getState());
      signal.addEventListener("abort", timeline.subscribe(look), { once: true });
    },
  };
}
