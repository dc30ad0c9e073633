import { z } from "zod";
import {
  addMemberSchema,
  breakGlassSchema,
  certifyAnswerSchema,
  consentStatusSchema,
  type LeaseClaims,
  leaseClaimsSchema,
  leasesSchema,
  type PermitAnswer,
  permitAnswerSchema,
  withdrawSchema,
} from "#protocol/api.ts";
import type { SignedConsent } from "#protocol/consent.ts";
import { clockSkewMs, type RefusalReason, type Status } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Withdrawn } from "#protocol/events.ts";
import type { OpenGlass, SignedGlass } from "#protocol/glass.ts";
import type { Receipt, SignedReceipt } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import type { Api } from "./api.ts";
import { openCompact } from "./session/signing.ts";

/** The consent registry as this client sees it: certificates, consents, permits, leases. */
export type Registry = {
  certify(jwk: PublicJwk): Promise<Result<{ certificate: string }, ErrorCode>>;
  sayReady(): Promise<Result<unknown, ErrorCode>>;
  /** The same consent twice is one consent. */
  registerConsent(consent: SignedConsent): Promise<Result<{ state: "live" | "withdrawn" }, ErrorCode>>;
  /** Twice is once. */
  withdraw(consentId: string, reason: Withdrawn["reason"]): Promise<Result<unknown, ErrorCode>>;
  breakGlass(glass: SignedGlass): Promise<Result<unknown, ErrorCode>>;
  addMember(roomId: string, userId: string): Promise<Result<void, ErrorCode | RefusalReason>>;
  askPermit(roomId: string, receipt: SignedReceipt): Promise<Result<PermitAnswer, ErrorCode>>;
  /** The registry's signed word on a room, believed until 60 s after it was given. */
  leases(roomId: string, registryKey: PublicJwk, nowMs: () => number): Promise<Result<Lease[], ErrorCode>>;
};

export type Lease = { readonly claims: LeaseClaims; readonly untilMs: number };

export function createRegistry(api: Api): Registry {
  return {
    certify: (jwk) => api.post("/keys", { jwk }, certifyAnswerSchema),
    sayReady: () => api.post("/ready", {}, z.unknown()),
    registerConsent: (consent) => api.post("/consents", { consent }, consentStatusSchema),
    withdraw: (consentId, reason) =>
      api.post(
        `/consents/${encodeURIComponent(consentId)}/withdraw`,
        withdrawSchema.parse({ reason }),
        z.unknown(),
      ),
    breakGlass: (glass) => api.post("/glasses", breakGlassSchema.parse({ glass }), z.unknown()),
    async addMember(roomId, userId) {
      const answer = await api.tell(
        `/cases/${encodeURIComponent(roomId)}/members`,
        addMemberSchema.parse({ userId }),
      );
      return answer.ok ? ok(undefined) : err(answer.error.reason ?? answer.error.code);
    },
    askPermit: (roomId, receipt) => api.post("/permits", { roomId, receipt }, permitAnswerSchema),
    async leases(roomId, registryKey, nowMs) {
      const askedAtMs = nowMs();
      const answer = await api.get(`/cases/${encodeURIComponent(roomId)}/leases`, leasesSchema);
      if (!answer.ok) return answer;
      const read = await Promise.all(
        answer.value.leases.map((jws) => readLease(jws, roomId, registryKey, askedAtMs)),
      );
      const good = read.filter((lease) => lease !== null);
      return good.length === read.length ? ok(good) : err("bad-signature");
    },
  };
}

/**
 * Opens one lease. Its life is counted from when it was asked for, by this device's clock, so that a clock that is off by some
 * minutes neither kills it nor stretches it; a lease that was signed long before it was asked for is an old one played again.
 */
export async function readLease(
  jws: string,
  roomId: string,
  registryKey: PublicJwk,
  askedAtMs: number,
): Promise<Lease | null> {
  const parsed = leaseClaimsSchema.safeParse(await openCompact(jws, registryKey));
  if (!parsed.success) return null;
  const claims = parsed.data;
  if (claims.roomId !== undefined && claims.roomId !== roomId) return null;
  if (Math.abs(askedAtMs - claims.iat * 1000) > clockSkewMs) return null;
  const lifeMs = Math.max(0, (claims.exp - claims.iat) * 1000);
  return { claims, untilMs: askedAtMs + lifeMs };
}

/** What leases say of a consent, and of one picture under it: a preview goes with the photo that it is derived from. */
export function statusOf(
  leases: readonly Lease[],
  consent: { readonly consentId: string; readonly caseId: string },
  receipt: Pick<Receipt, "receiptId" | "derivedFrom"> | null,
): Status {
  const lease = leases.find(
    ({ claims }) => claims.consentId === consent.consentId && claims.caseId === consent.caseId,
  );
  if (lease === undefined) return { state: "unknown" };
  const gone = lease.claims.withdrawnReceipts.some(
    (id) => id === receipt?.receiptId || id === receipt?.derivedFrom,
  );
  return { state: gone ? "withdrawn" : lease.claims.state, untilMs: lease.untilMs };
}

/** For whom the registry says that the glass is broken over a consent. */
export const glassesOf = (
  leases: readonly Lease[],
  consent: { readonly consentId: string; readonly caseId: string },
): OpenGlass[] =>
  leases
    .filter(({ claims }) => claims.consentId === consent.consentId && claims.caseId === consent.caseId)
    .flatMap(({ claims }) => claims.glasses.map(({ reader, exp }) => ({ reader, untilMs: exp * 1000 })));
