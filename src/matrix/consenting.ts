import { errorTable } from "#protocol/errors.ts";
import { caseIdSchema, consentIdSchema } from "#protocol/ids.ts";
import { err, ok } from "#protocol/result.ts";
import { createBreaking } from "./breaking.ts";
import type { KeptConsent } from "./consents.ts";
import type { DoorCore } from "./core.ts";
import { StorageFullError } from "./kit/device-store.ts";
import type { LiveParts } from "./live.ts";
import type { NewItem } from "./outbox/outbox.ts";
import type { Door } from "./types.ts";

type Consenting = Pick<
  Door,
  "recordConsent" | "withdrawConsent" | "addMember" | "breakGlass" | "breakGlassHere" | "sayInformed"
>;

/** What people do with a consent: give it, take it back, widen it, and go past it in an emergency. The registry hears it first. */
export function createConsenting(core: DoorCore): Consenting {
  const { outbox, consents, registry, clock } = core;

  const caseOf = (parts: LiveParts | null, roomId: string) => {
    const view = parts?.timeline.store.getState().byRoom.get(roomId);
    return view === undefined ? null : caseIdSchema.parse(view.caseId);
  };

  /** The consent's event in a case that is open, or in one that is about to be. */
  const tellCase = (kept: KeptConsent, roomId: string | undefined): NewItem[] => {
    const { consentId, caseId } = kept.consent.payload;
    if (roomId === undefined) return [];
    return [{ localId: `consent ${consentId}`, caseId, roomId, body: { kind: "consent", ...kept } }];
  };

  const dropUnsent = async (consentId: string): Promise<boolean> => {
    const unheard = outbox.store
      .getState()
      .items.find(({ localId, sending }) => localId === `register ${consentId}` && !sending);
    if (unheard !== undefined) await outbox.discard(unheard.localId);
    return unheard !== undefined;
  };

  return {
    async recordConsent(draft, evidence, roomId) {
      const parts = core.live();
      if (parts === null) return err("not-signed-in");
      const { userId } = parts.live.identity;
      const kept = await consents.sign(draft, evidence, userId, parts.live.signer);
      const answer = await parts.ports.registerConsent(kept.consent);
      if (answer.ok && answer.value.state === "withdrawn") return err("withdrawn");
      if (!answer.ok && errorTable[answer.error].retry !== "later") return answer;
      try {
        await consents.keep(kept);
      } catch (cause) {
        if (cause instanceof StorageFullError) return err("too-large");
        throw cause;
      }
      if (roomId !== undefined) core.leases.forget(roomId);
      const { consentId, caseId } = kept.consent.payload;
      const later: NewItem = {
        localId: `register ${consentId}`,
        caseId,
        roomId: roomId ?? null,
        body: { kind: "register", consent: kept.consent },
      };
      const added = await outbox.add([...(answer.ok ? [] : [later]), ...tellCase(kept, roomId)]);
      return added.ok ? ok({ registered: answer.ok }) : err("too-large");
    },

    async withdrawConsent(roomId, consentId, reason) {
      const parts = core.live();
      if (parts === null) return err("not-signed-in");
      const kept = await consents.find(consentId);
      const caseId = roomId === null ? kept?.consent.payload.caseId : caseOf(parts, roomId);
      if (caseId == null) return err("not-found");
      const unheard = await dropUnsent(consentId);
      const answer = unheard ? ok(undefined) : await registry.withdraw(consentId, reason);
      const heard = answer.ok || answer.error === "not-found";
      if (!heard && errorTable[answer.error].retry !== "later") return answer;
      // On this device it is over now, whatever the network does.
      core.withdrawals.drop(roomId, consentId);
      if (heard) return ok({ done: true });
      const body = { kind: "withdraw" as const, consentId: consentIdSchema.parse(consentId), reason };
      const added = await outbox.add([{ localId: `withdraw ${consentId}`, caseId, roomId, body }]);
      return added.ok ? ok({ done: false }) : err("storage-full");
    },

    addMember: (roomId, userId) => registry.addMember(roomId, userId),

    ...createBreaking({
      ...core,
      rules: async () => (await core.config.value()).consentRules,
      at(roomId) {
        const parts = core.live();
        const caseId = caseOf(parts, roomId);
        if (parts === null || caseId === null) return null;
        return { caseId, userId: parts.live.identity.userId, signer: parts.live.signer };
      },
    }),

    async sayInformed(roomId, said) {
      const caseId = caseOf(core.live(), roomId);
      if (caseId === null) throw new Error("No such case on this device");
      const informed = { ...said, at: new Date(clock.nowMs()).toISOString() };
      const localId = crypto.randomUUID();
      return outbox.add([{ localId, caseId, roomId, body: { kind: "informed", informed } }]);
    },
  };
}
