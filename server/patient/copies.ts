import { ColloqueError } from "#protocol/errors.ts";
import { type CopyAnswer, copyTries } from "#protocol/patient-phone.ts";
import type { Facts } from "../consent/index.ts";
import { hashOf, sameHash } from "./phone-request.ts";
import type { Access, PatientCopies, PatientParts } from "./port.ts";
import * as store from "./store.ts";

type Opened = Extract<CopyAnswer, { open: true }>;

/** What the patient keeps: to read with the link and the second factor, to withdraw with the link alone. */
export function createCopies(parts: PatientParts): PatientCopies {
  const { db, clock, audit, factsOf, withdrawByPatient, accessesOfCase, nameOf } = parts;

  const find = async (copyId: string): Promise<store.CopyRow> => {
    const row = await store.copyOf(db, hashOf(copyId));
    if (row === undefined) throw new ColloqueError("not-found");
    return row;
  };

  /** Takes the consent back in the registry, where it is known there. */
  const takeBack = async (consentId: string): Promise<void> => {
    const { consent, status } = await factsOf(consentId);
    if (consent !== null && status.state !== "withdrawn") await withdrawByPatient(consentId);
  };

  /** Counted before it is compared, in one transaction: ten guesses at the same moment are ten tries. */
  const attempt = (copy: string): Promise<number | undefined> =>
    db.transaction(async (tx) => {
      const row = await store.copyOf(tx, copy);
      if (row === undefined || row.tries >= copyTries) return undefined;
      await store.setTries(tx, copy, row.tries + 1);
      return row.tries + 1;
    });

  return {
    cover: async (copyId) => (await find(copyId)).cover,

    read: async (copyId, proof) => {
      const copy = hashOf(copyId);
      const row = await find(copyId);
      const tries = await attempt(copy);
      if (tries === undefined) return { open: false, triesLeft: 0 };
      if (!sameHash(row.proof, hashOf(proof))) {
        if (tries === copyTries)
          await audit.note({ event: "patient-copy-closed", details: { consentId: row.consentId } });
        return { open: false, triesLeft: copyTries - tries };
      }
      await store.setTries(db, copy, 0);
      const facts = await factsOf(row.consentId);
      const accesses = facts.consent === null ? [] : await accessesOfCase(facts.consent.caseId);
      const standing = standingOf(row, facts);
      return { open: true, sealed: row.sealed, ...standing, accesses: together(accesses, nameOf) };
    },

    withdraw: async (copyId) => {
      const { consentId } = await find(copyId);
      // Marked first: a consent that is registered a moment later is taken back by `settle`.
      if ((await store.markWithdrawn(db, hashOf(copyId), clock())) > 0)
        await audit.note({ event: "patient-withdrew", details: { consentId } });
      await takeBack(consentId);
    },

    answered: async (consentId, owner) => (await store.copiesOfConsent(db, consentId, owner)).length > 0,

    settle: async (consentId, owner) => {
      const copies = await store.copiesOfConsent(db, consentId, owner);
      if (!copies.some((copy) => copy.withdrawnAt !== undefined)) return false;
      await takeBack(consentId);
      return true;
    },
  };
}

function standingOf(
  row: store.CopyRow,
  { consent, status }: Facts,
): Pick<Opened, "state" | "withdrawnAt" | "expiresAt"> {
  const withdrawnAt =
    row.withdrawnAt === undefined ? {} : { withdrawnAt: new Date(row.withdrawnAt).toISOString() };
  if (row.withdrawnAt !== undefined || status.state === "withdrawn")
    return { state: "withdrawn", ...withdrawnAt };
  if (consent !== null) return { state: "live", expiresAt: consent.expiresAt };
  return { state: row.refused ? "refused" : "waiting" };
}

/** One line for each person and manner: the last time, and how often. The latest first. */
function together(accesses: readonly Access[], nameOf: (userId: string) => string): Opened["accesses"] {
  const lines = new Map<string, Opened["accesses"][number]>();
  for (const { by, at, how } of accesses) {
    const before = lines.get(`${how} ${by}`);
    const last = before === undefined || before.at < at ? at : before.at;
    lines.set(`${how} ${by}`, { by: nameOf(by), at: last, how, times: (before?.times ?? 0) + 1 });
  }
  return [...lines.values()].sort((a, b) => (a.at < b.at ? 1 : -1));
}
