import type { Json } from "#protocol/canonical.ts";
import { machineTypes, type Withdrawn, withdrawnSchema } from "#protocol/events.ts";
import type { Database } from "../store/index.ts";
import * as store from "./store.ts";

/** A consent that was taken back, as the registry tells it; `by` is a user, or the patient. */
export type Withdrawal = {
  readonly consentId: string;
  readonly at: number;
  readonly by: string;
  readonly why: Withdrawn["reason"];
  readonly receiptIds: readonly string[];
};

/** What the archivist asks the registry about withdrawals. */
export type Withdrawals = {
  /** The receipts of a room whose photos must go, and the withdrawals that the room was not told yet. */
  withdrawnIn(roomId: string): Promise<{ receiptIds: readonly string[]; untold: readonly Withdrawal[] }>;
  withdrawalTold(consentId: string): Promise<void>;
};

/**
 * What a withdrawal does to a room: its photos and their previews are redacted, then the room is told, once. Nothing is kept of what is
 * under way: the registry knows what a room was not told, each photo's row knows whether it is redacted, and both acts have fixed
 * transaction ids. A photo that comes in after the withdrawal is redacted when the room is looked at next.
 */
export function createWithdrawals(parts: {
  readonly db: Database;
  readonly registry: Withdrawals;
  readonly redact: (roomId: string, eventId: string) => Promise<void>;
  /** Has the record told, where there is one. */
  readonly note?: ((roomId: string, withdrawn: Withdrawn) => Promise<void>) | undefined;
  readonly say: (message: { roomId: string; type: string; content: Json; key: string }) => Promise<unknown>;
}) {
  const { db, registry } = parts;
  return {
    /** Takes out the photos of the room whose consent is gone. */
    redact: async (roomId: string): Promise<void> => {
      const open = await store.openPhotos(db, roomId);
      if (open.length === 0) return;
      const withdrawn = new Set((await registry.withdrawnIn(roomId)).receiptIds);
      for (const { receiptId, eventId } of open) {
        if (!withdrawn.has(receiptId)) continue;
        await parts.redact(roomId, eventId);
        await store.markRedacted(db, eventId);
      }
    },
    /** Says what the room was not told yet. */
    tell: async (roomId: string): Promise<void> => {
      for (const withdrawal of (await registry.withdrawnIn(roomId)).untold) {
        const { consentId } = withdrawal;
        const content = await wordOf(db, withdrawal);
        await parts.say({ roomId, type: machineTypes.withdrawn, content, key: `withdrawn ${consentId}` });
        await parts.note?.(roomId, content);
        await registry.withdrawalTold(consentId);
      }
    },
  };
}

async function wordOf(db: Database, { consentId, at, by, why, receiptIds }: Withdrawal): Promise<Withdrawn> {
  const photos = await store.photosOf(db, receiptIds);
  return withdrawnSchema.parse({
    consentId,
    at: new Date(at).toISOString(),
    by,
    reason: why,
    photos: photos.length,
    inRecord: photos.filter((photo) => photo.filed).length,
  });
}
