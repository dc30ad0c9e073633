import type { Consent } from "#protocol/consent.ts";
import type { ConsentRules } from "#protocol/consent-rules.ts";
import type { Status } from "#protocol/disclose.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import type { Receipt, Rendition, SignedReceipt } from "#protocol/receipt.ts";
import type { PublicJwk, RegistryKey, Signed } from "#protocol/signed.ts";
import type { Audit } from "../audit/index.ts";
import type { EventBus } from "../kit/events.ts";
import type { SigningKey } from "../kit/jose.ts";
import type { Logger } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Database } from "../store/index.ts";
import type { MediaList } from "./media-list.ts";
import type { MediaRemover } from "./media-removal.ts";
import type { Revocation, RevocationLog, WithdrawalReason } from "./revocation-log.ts";

/** What the registry knows of one media address. */
export type MediaFacts =
  | {
      readonly kind: "picture";
      readonly mxc: string;
      readonly caseId: string;
      readonly roomId: string;
      readonly uploader: string;
      readonly rendition: Rendition;
      readonly sha256: string;
      readonly bytes: number;
      readonly uploaded: boolean;
      readonly receipt: Receipt;
      readonly consent: Consent;
      readonly status: Status;
      readonly glasses: readonly OpenGlass[];
    }
  | {
      readonly kind: "key-bundle";
      readonly roomId: string;
      readonly invitee: string;
      readonly expiresAt: number;
    }
  | { readonly kind: "unknown" };

/** What a gate needs to decide about a consent, or about one picture under it. */
export type Facts = {
  readonly consent: Consent | null;
  readonly status: Status;
  /** For whom the glass is broken over it. */
  readonly glasses: readonly OpenGlass[];
};

/** A consent that was taken back, with the receipts under it. `by` is a user, or the patient. */
export type Withdrawal = Revocation & { readonly receiptIds: readonly string[] };

export type Person = { readonly userId: string; readonly device: string };

export type Registry = {
  /** Its public key, with those it had before, and its name. */
  readonly publicKey: RegistryKey;
  readonly name: string;

  /** Certifies the key of a person's device for 30 days. Refuses a key that another person has already. */
  certify(person: Person, jwk: PublicJwk, identity: { name: string; rpps: string }): Promise<string>;

  /** Registers a signed consent collected by the caller, and says how it stands: the same one twice is once, and may be withdrawn by now. */
  registerConsent(caller: string, signed: Signed<unknown>): Promise<"live" | "withdrawn">;
  /** Who collected a consent, and whose case it is in which room. */
  placeOf(
    consentId: string,
  ): Promise<{ collectedBy: string; owner: string | undefined; roomId: string | undefined } | undefined>;
  /**
   * Takes a consent back on the patient's word: by its collector, the requester, or a colleague of the case. Status first, then the media;
   * what follows is told by the event `consent-withdrawn`. Twice is once.
   */
  withdraw(caller: string, consentId: string, why: WithdrawalReason, isColleague: boolean): Promise<void>;
  /** The same by the patient, whose link has been checked. */
  withdrawByPatient(consentId: string, why: WithdrawalReason): Promise<void>;
  /** What was withdrawn in a room: the receipts whose photos must be redacted, and what the room was not told yet. */
  withdrawnIn(roomId: string): Promise<{ receiptIds: readonly string[]; untold: readonly Withdrawal[] }>;
  /** The room was told. */
  withdrawalTold(consentId: string): Promise<void>;
  /** Every consent that was withdrawn with media under it, and which, the latest first: for other hospitals, which may have copies. */
  withdrawnMedia(): Promise<readonly { consentId: string; mxcs: readonly string[] }[]>;
  /** Breaks the glass over a consent for one reader, signed by the caller. The same one twice is once. */
  breakGlass(caller: string, signed: Signed<unknown>): Promise<{ open: boolean }>;
  /** A consent and its status now; null and unknown when there is none. */
  factsOf(consentId: string): Promise<Facts>;
  /** The registry's word on a consent, or on one picture under it, which may have been withdrawn alone. */
  statusOf(consentId: string, receiptId: string | null): Promise<Status>;
  consentsOfCase(caseId: string): Promise<Facts[]>;
  /** The registry's signed word on each consent of a case, good for 60 seconds. */
  leasesOf(caseId: string): Promise<string[]>;

  /** The case of a room, and the room of a case. */
  caseOfRoom(roomId: string): Promise<{ caseId: string; owner: string } | undefined>;
  roomOfCase(caseId: string): Promise<string | undefined>;
  /** Claims a case id for a person before the room exists. Gives the room when that person has opened it already. */
  claimCase(caller: string, caseId: string): Promise<string | undefined>;
  /** Who claimed a case id, and its room once it has one. */
  claimOf(caseId: string): Promise<{ owner: string; roomId: string | undefined } | undefined>;
  bindRoom(caller: string, caseId: string, roomId: string): Promise<void>;

  /** The content of a case leaves the messenger: nothing new comes in; or it may stay after all, since something came in before. */
  /** Gives for how many milliseconds it has been closed; closing again does not count anew. */
  closeRoom(roomId: string): Promise<number>;
  reopenRoom(roomId: string): Promise<void>;
  closedRooms(): Promise<string[]>;
  isClosed(roomId: string): Promise<boolean>;
  /** Something was taken back, and not everything that follows from it is done. */
  hasOpenWithdrawal(roomId: string): Promise<boolean>;
  /** Its media, by the ledger, and what was said before this event. Twice is once. */
  eraseRoom(roomId: string, upTo: string): Promise<void>;

  /** Verifies that the receipt was signed by the caller's certified key, and gives what it says. */
  verifyReceipt(caller: string, signed: Signed<unknown>): Promise<Receipt>;
  /** The media reserved for this very receipt already, if any. Refuses another receipt under the same id. */
  permitFor(signed: SignedReceipt): Promise<PermitFiles | undefined>;
  givePermit(caller: string, roomId: string, signed: SignedReceipt, files: PermitFiles): Promise<void>;
  mediaFacts(mxc: string): Promise<MediaFacts>;
  uploadFinished(mxc: string): Promise<void>;

  /** Key bundles for a newly invited member: opened before the upload, bound to its address after it, gone in 24 h. */
  openTicket(roomId: string, invitee: string): Promise<string>;
  bindTicket(ticketId: string, mxc: string): Promise<void>;
};

export type PermitFiles = readonly { rendition: Rendition; sha256: string; bytes: number; mxc: string }[];

/** Takes what was said before an event out of the homeserver's database. */
export type HistoryPurger = (roomId: string, upTo: string) => Promise<void>;

/** What the registry's own parts are made of. `trusted`: by which keys a certificate may be signed. */
export type OpenParts = RegistryParts & { readonly trusted: RegistryKey };

export type RegistryParts = {
  readonly db: Database;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly audit: Audit;
  readonly key: SigningKey;
  readonly name: string;
  /** What a consent must be like to count here. */
  readonly rules: ConsentRules;
  readonly remover: MediaRemover;
  /** Absent: what was said is only emptied, not taken out. */
  readonly purge?: HistoryPurger;
  readonly revocations: RevocationLog;
  /** How soon a removal that failed is tried again. */
  readonly removeAgainMs?: number;
  /** What the homeserver holds, for the sweeper; absent where nothing is swept. */
  readonly held?: MediaList;
};
