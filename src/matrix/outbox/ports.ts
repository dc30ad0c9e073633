import type { PermitAnswer } from "#protocol/api.ts";
import type { Consent, SignedConsent } from "#protocol/consent.ts";
import type { Status } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Withdrawn } from "#protocol/events.ts";
import type { OpenGlass, SignedGlass } from "#protocol/glass.ts";
import type { Clinician } from "#protocol/people.ts";
import type { SignedReceipt } from "#protocol/receipt.ts";
import type { Result } from "#protocol/result.ts";
import type { Bytes } from "../kit/bytes.ts";
import type { Signer } from "../session/signing.ts";
import type { Language } from "../words.ts";
import type { OutboxItem } from "./item.ts";

/** What the outbox needs of the world, each step of which may fail or be the last thing before a reload. */
export type OutboxPorts = {
  readonly userId: string;
  readonly language: Language;
  readonly nowMs: () => number;
  readonly signer: Signer;
  readonly clinicians: () => readonly Clinician[];
  registerConsent(consent: SignedConsent): Promise<Result<{ state: "live" | "withdrawn" }, ErrorCode>>;
  /** What the registry says of a consent now. */
  statusOf(consent: Consent, roomId: string): Promise<Status>;
  /** The case's room, when the homeserver already has it. */
  findRoom(caseId: string): string | null;
  /** Opens the case's room, or gives the one that is open already. */
  createRoom(caseId: string): Promise<Result<string, ErrorCode>>;
  /** For whom the glass is broken over a consent, as the case tells it. */
  glassesIn(roomId: string, consentId: string): readonly OpenGlass[];
  /** The consents of the case that were not taken back. */
  consentsIn(roomId: string): readonly Consent[];
  /** Brings a broken glass to the registry; the same one twice is once. */
  breakGlass(glass: SignedGlass): Promise<Result<unknown, ErrorCode>>;
  /** Takes a consent back. */
  withdraw(consentId: string, reason: Withdrawn["reason"]): Promise<Result<unknown, ErrorCode>>;
  /** Members and invited people but this person and the archivist. */
  readersIn(roomId: string): readonly string[];
  /** The event that says what the item says, when the room already has it. */
  findEcho(item: OutboxItem): string | null;
  /** Encrypts and sends; resolves with the event id. */
  sendEvent(
    roomId: string,
    type: string,
    content: Record<string, unknown>,
    txnId: string,
  ): Promise<Result<string, ErrorCode>>;
  askPermit(roomId: string, receipt: SignedReceipt): Promise<Result<PermitAnswer, ErrorCode>>;
  upload(
    mxc: string,
    ciphertext: Bytes,
    onProgress: (share: number) => void,
  ): Promise<Result<void, ErrorCode>>;
};
