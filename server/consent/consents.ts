import type { LeaseClaims } from "#protocol/api.ts";
import { leaseMs } from "#protocol/api.ts";
import { canonicalJson } from "#protocol/canonical.ts";
import { type Consent, consentSchema, inForce } from "#protocol/consent.ts";
import { faultOf } from "#protocol/consent-rules.ts";
import { clockSkewMs, type Status } from "#protocol/disclose.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { signCompact, verifySigned } from "../kit/jose.ts";
import type { Queries } from "../store/index.ts";
import type { Facts, OpenParts, Registry } from "./port.ts";
import * as store from "./store.ts";

type ConsentCalls = Pick<
  Registry,
  "registerConsent" | "placeOf" | "factsOf" | "statusOf" | "consentsOfCase" | "leasesOf"
>;

const refused = (why: string) => new ColloqueError("bad-request", { details: { why } });

export function createConsents(parts: OpenParts): ConsentCalls {
  const { db, clock, audit, key, trusted, revocations } = parts;

  const statusNow = (state: "live" | "withdrawn"): Status => ({ state, untilMs: clock() + leaseMs });
  const factsOfRow = async (row: store.ConsentRow, inCase: readonly store.ConsentRow[]): Promise<Facts> => ({
    consent: inForce(row.consent, liveOnes(inCase)),
    status: statusNow(row.state),
    glasses: await store.openGlasses(db, row.consentId, clock()),
  });

  return {
    registerConsent: async (caller, signed) => {
      const now = clock();
      const { payload, certificate } = await verifySigned(consentSchema, signed, trusted, now);
      if (certificate.sub !== caller || payload.collectedBy !== caller)
        throw new ColloqueError("bad-signature", { details: { why: "not-the-collector" } });
      checkTimes(payload, now);
      // Nobody could verify its signature later: readers and the record ask for a key of that time.
      if (Date.parse(payload.collectedAt) < certificate.iat * 1000 - clockSkewMs)
        throw refused("collected-before-its-key");
      const fault = faultOf(payload, parts.rules);
      if (fault !== null) throw refused(fault);
      const known = await db.transaction(async (tx) => {
        const before = await store.consentById(tx, payload.consentId);
        if (before !== undefined) {
          if (canonicalJson(before.consent) === canonicalJson(payload)) return before.state;
          throw refused("another-consent-of-this-id");
        }
        await checkCase(tx, payload, caller);
        // A database restored from before both its registration and its withdrawal knows of neither: the log does.
        if ((await revocations.all()).some((each) => each.consentId === payload.consentId))
          return "withdrawn" as const;
        await store.insertCase(tx, payload.caseId, caller, now);
        await store.insertConsent(tx, {
          consentId: payload.consentId,
          caseId: payload.caseId,
          signed: { ...signed, payload },
          at: now,
        });
        return undefined;
      });
      if (known !== undefined) return known;
      await audit.consentRegistered({
        actor: caller,
        caseId: payload.caseId,
        consentId: payload.consentId,
      });
      return "live";
    },

    placeOf: async (consentId) => {
      const row = await store.consentById(db, consentId);
      if (row === undefined) return undefined;
      const inCase = await store.caseById(db, row.caseId);
      return { collectedBy: row.consent.collectedBy, owner: inCase?.owner, roomId: inCase?.roomId };
    },

    factsOf: async (consentId) => {
      const row = await store.consentById(db, consentId);
      return row === undefined
        ? { consent: null, status: { state: "unknown" }, glasses: [] }
        : factsOfRow(row, await store.consentsOfCase(db, row.caseId));
    },
    statusOf: async (consentId, receiptId) => {
      const row = await store.consentById(db, consentId);
      if (row === undefined) return { state: "unknown" };
      if (receiptId === null || row.state === "withdrawn") return statusNow(row.state);
      const permit = await store.permitById(db, receiptId);
      return permit === undefined || permit.consentId !== consentId
        ? { state: "unknown" }
        : statusNow(permit.state);
    },
    consentsOfCase: async (caseId) => {
      const rows = await store.consentsOfCase(db, caseId);
      return Promise.all(rows.map((row) => factsOfRow(row, rows)));
    },

    leasesOf: async (caseId) => {
      const inCase = await store.caseById(db, caseId);
      const rows = await store.consentsOfCase(db, caseId);
      return Promise.all(
        rows.map(async (row) => {
          const permits = await store.permitsOfConsent(db, row.consentId);
          const glasses = await store.openGlasses(db, row.consentId, clock());
          const iat = Math.floor(clock() / 1000);
          const claims: LeaseClaims = {
            iss: parts.name,
            consentId: row.consent.consentId,
            caseId: row.consent.caseId,
            roomId: inCase?.roomId,
            state: row.state,
            withdrawnReceipts: permits.flatMap((permit) =>
              permit.state === "withdrawn" ? [permit.receipt.receiptId] : [],
            ),
            glasses: glasses.map(({ reader, untilMs }) => ({ reader, exp: Math.floor(untilMs / 1000) })),
            iat,
            exp: iat + leaseMs / 1000,
          };
          return signCompact(key, claims);
        }),
      );
    },
  };
}

/** What the patient said and did not take back. */
export const liveOnes = (rows: readonly store.ConsentRow[]): Consent[] =>
  rows.flatMap((row) => (row.state === "live" ? [row.consent] : []));

function checkTimes(consent: Consent, now: number): void {
  const collected = Date.parse(consent.collectedAt);
  const expires = Date.parse(consent.expiresAt);
  if (collected > now + clockSkewMs) throw refused("collected-in-the-future");
  if (expires < now) throw refused("expired-already");
}

/** One patient per case: consents of a case that count share a pseudonym. */
async function checkCase(tx: Queries, consent: Consent, caller: string): Promise<void> {
  const inCase = await store.caseById(tx, consent.caseId);
  // Before its room is open, a case belongs to who began it; afterwards the gateway has checked that the caller is a member.
  if (inCase !== undefined && inCase.roomId === undefined && inCase.owner !== caller)
    throw new ColloqueError("not-allowed", { details: { why: "case-of-another" } });
  const others = await store.consentsOfCase(tx, consent.caseId);
  if (others.some((other) => other.state === "live" && other.consent.pseudonym !== consent.pseudonym))
    throw refused("another-patient");
}
