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
import { type Clock, leastSinceMs, type Mark, markOf, sinceMs } from "./kit/clock.ts";
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
  leases(roomId: string, registryKey: PublicJwk, clock: Ticking): Promise<Result<Lease[], ErrorCode>>;
};

/** The registry's word on one consent, as it was signed, and how old it is by now: at the most, as it is judged by, and at the least. */
export type Lease = {
  readonly jws: string;
  readonly claims: LeaseClaims;
  readonly ageMs: () => number;
  readonly leastAgeMs: () => number;
};

type Ticking = Pick<Clock, "nowMs" | "monoMs">;

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
    async leases(roomId, registryKey, clock) {
      const asked = markOf(clock);
      const answer = await api.get(`/cases/${encodeURIComponent(roomId)}/leases`, leasesSchema);
      if (!answer.ok) return answer;
      const read = await Promise.all(
        answer.value.leases.map((jws) => readLease(jws, roomId, registryKey, asked, clock)),
      );
      const good = read.filter((lease) => lease !== null);
      return good.length === read.length ? ok(good) : err("bad-signature");
    },
  };
}

/**
 * Opens one lease. Its age is counted from when it was asked for, by both clocks of this device, so that one that is off by some minutes,
 * or set back meanwhile, neither kills nor stretches it; a lease that was signed long before it was asked for is an old one played again.
 */
export async function readLease(
  jws: string,
  roomId: string,
  registryKey: PublicJwk,
  asked: Mark,
  clock: Ticking,
): Promise<Lease | null> {
  const claims = await claimsOf(jws, roomId, registryKey);
  if (claims === null || Math.abs(asked.wallMs - claims.iat * 1000) > clockSkewMs) return null;
  return {
    jws,
    claims,
    ageMs: () => sinceMs(clock, asked),
    leastAgeMs: () => leastSinceMs(clock, asked),
  };
}

/** What a lease says of this room; null when the registry did not say it. */
export async function claimsOf(
  jws: string,
  roomId: string,
  registryKey: PublicJwk,
): Promise<LeaseClaims | null> {
  const parsed = leaseClaimsSchema.safeParse(await openCompact(jws, registryKey));
  if (!parsed.success || (parsed.data.roomId ?? roomId) !== roomId) return null;
  return parsed.data;
}

/** How much longer a lease is believed as the registry's fresh word. */
export const leftMs = ({ claims, ageMs }: Lease): number =>
  Math.max(0, claims.exp - claims.iat) * 1000 - ageMs();

/** The registry's time, as far as a lease tells it: this device's own clock may be wrong. */
export const timeOf = ({ claims, ageMs }: Lease): number => claims.iat * 1000 + ageMs();

/** A moment of the registry's that is surely not in its future. */
export const pastOf = ({ claims, leastAgeMs }: Lease): number => claims.iat * 1000 + leastAgeMs();

type ConsentName = { readonly consentId: string; readonly caseId: string };

export const leaseOn = (leases: readonly Lease[], { consentId, caseId }: ConsentName): Lease | undefined =>
  leases.find(({ claims }) => claims.consentId === consentId && claims.caseId === caseId);

/** What a lease says of one picture under its consent: a preview goes with the photo that it is derived from. */
export function stateOf(
  { claims }: Lease,
  receipt: Pick<Receipt, "receiptId" | "derivedFrom"> | null,
): "live" | "withdrawn" {
  const gone = claims.withdrawnReceipts.some(
    (id) => id === receipt?.receiptId || id === receipt?.derivedFrom,
  );
  return gone ? "withdrawn" : claims.state;
}

/** What leases say of a consent, or of one picture under it, to somebody whose clock says `nowMs`. */
export function statusOf(
  leases: readonly Lease[],
  consent: ConsentName,
  receipt: Pick<Receipt, "receiptId" | "derivedFrom"> | null,
  nowMs: number,
): Status {
  const lease = leaseOn(leases, consent);
  if (lease === undefined) return { state: "unknown" };
  return { state: stateOf(lease, receipt), untilMs: nowMs + leftMs(lease) };
}

/** For whom the registry says that the glass is broken over a consent. */
export const glassesOf = (leases: readonly Lease[], consent: ConsentName): OpenGlass[] =>
  (leaseOn(leases, consent)?.claims.glasses ?? []).map(({ reader, exp }) => ({
    reader,
    untilMs: exp * 1000,
  }));
