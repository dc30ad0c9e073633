import { ColloqueError } from "#protocol/errors.ts";
import type { RemovalWorker } from "./media-removal.ts";
import type { Registry, RegistryParts } from "./port.ts";
import type { Revocation, WithdrawalReason } from "./revocation-log.ts";
import * as store from "./store.ts";

type WithdrawalCalls = Pick<
  Registry,
  "withdraw" | "withdrawByPatient" | "withdrawnIn" | "withdrawalTold" | "withdrawnMedia"
>;

/** How long the answer to a withdrawal waits for the bytes to be gone: the status, which is what refuses, has flipped before. */
const patienceMs = 1_500;

/**
 * Taking a consent back: on the disk in a log of its own, then the status, then the media out of sight and away; the rooms are told by the
 * archivist, who finds here what a room was not told yet, however often either of them crashed in between.
 */
export function createWithdrawals(parts: RegistryParts & { removals: RemovalWorker }): WithdrawalCalls {
  const { db, clock, audit, events, revocations, removals } = parts;

  /** One consent. Nothing more is done when it was withdrawn before, or by somebody else at the same time, who did it all. */
  async function take(caseId: string, revocation: Revocation): Promise<void> {
    const { consentId, at, by, why } = revocation;
    await revocations.add(revocation);
    const taken = await db.transaction(async (tx) => {
      if ((await store.withdrawConsent(tx, revocation)) === 0) return undefined;
      const all = await store.filesOfConsent(tx, consentId);
      for (const file of all) await store.insertRemoval(tx, file.mxc, at);
      const receiptIds = [...new Set(all.map((file) => file.receiptId))];
      return { roomId: (await store.caseById(tx, caseId))?.roomId, receiptIds };
    });
    if (taken === undefined) return;
    events.emit("consent-withdrawn", { consentId, caseId, ...taken });
    const receipts = taken.receiptIds.length;
    await audit.consentWithdrawn({ actor: by, caseId, consentId, reason: why, receipts });
  }

  /** What the patient takes back goes with what it took the place of: the earlier word would otherwise be in force again. */
  async function takeAll(row: store.ConsentRow, by: string, why: WithdrawalReason): Promise<void> {
    const inCase = await store.consentsOfCase(db, row.caseId);
    const at = clock();
    for (const consentId of why === "patient-asked" ? withPredecessors(row, inCase) : [row.consentId])
      await take(row.caseId, { consentId, at, by, why });
    // Also when it was taken back before: the homeserver may be there again by now.
    await Promise.race([removals.kick(), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
  }

  async function find(consentId: string): Promise<store.ConsentRow> {
    const row = await store.consentById(db, consentId);
    if (row === undefined) throw new ColloqueError("not-found");
    return row;
  }

  return {
    withdraw: async (caller, consentId, why, isColleague) => {
      const row = await find(consentId);
      const inCase = await store.caseById(db, row.caseId);
      if (!isColleague && row.consent.collectedBy !== caller && inCase?.owner !== caller)
        throw new ColloqueError("not-allowed");
      await takeAll(row, caller, why);
    },
    withdrawByPatient: async (consentId, why) => takeAll(await find(consentId), "patient", why),
    withdrawnIn: async (roomId) => ({
      receiptIds: await store.withdrawnReceipts(db, roomId),
      untold: await Promise.all(
        (await store.untoldWithdrawals(db, roomId)).map(async (each) => ({
          ...each,
          receiptIds: (await store.permitsOfConsent(db, each.consentId)).map((permit) => permit.receiptId),
        })),
      ),
    }),
    withdrawalTold: async (consentId) => void (await store.setTold(db, consentId, clock())),
    withdrawnMedia: async () => {
      const under = Map.groupBy(await store.withdrawnFiles(db), (file) => file.consentId);
      return [...under].map(([consentId, files]) => ({ consentId, mxcs: files.map((file) => file.mxc) }));
    },
  };
}

/** A consent and those of its case whose place it took, the newest first. They are of one patient: another's is refused while one counts. */
function withPredecessors(row: store.ConsentRow, inCase: readonly store.ConsentRow[]): string[] {
  const found = [row.consentId];
  let before = row.consent.supersedes;
  for (;;) {
    const next = inCase.find((each) => each.consentId === before);
    if (next === undefined || found.includes(next.consentId)) return found;
    found.push(next.consentId);
    before = next.consent.supersedes;
  }
}
