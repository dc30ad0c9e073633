import type { StoreApi } from "zustand/vanilla";
import type { Accesses, Config, Directory, Health, PatientMatches, RecordView } from "#protocol/api.ts";
import type { BodySite } from "#protocol/body-sites.ts";
import type { CaseState } from "#protocol/case-state.ts";
import type { Consent, ConsentEvidence } from "#protocol/consent.ts";
import type { AskCopy, Copies, CopyObstacle } from "#protocol/copies.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { ClipFacts, Informed, Opinion, Request, Response, View, Withdrawn } from "#protocol/events.ts";
import type { Desk, Me, Resolve } from "#protocol/filing-desk.ts";
import type { Amendment } from "#protocol/opinion.ts";
import type { Patient, PatientQuery } from "#protocol/patient.ts";
import type { LinkAnswer, LinkState } from "#protocol/patient-phone.ts";
import type { QuestionAmendment } from "#protocol/question.ts";
import type { Rendition } from "#protocol/receipt.ts";
import type { Result } from "#protocol/result.ts";
import type { CallDoor } from "./calls/types.ts";

export type { CallDoor, CallEnding, CallMember, CallNow, CallsState, Incoming, Rung } from "./calls/types.ts";

/**
 * The door between the screens and Matrix, the registry and the directory. Screens know these types and stores; what lies
 * behind (SDK, keys, sync) stays behind. Every store is a zustand vanilla store that views subscribe to.
 */
export type Door = {
  readonly config: StoreApi<Loadable<Config>>;
  readonly session: StoreApi<SessionState>;
  readonly connection: StoreApi<ConnectionState>;
  readonly directory: StoreApi<Loadable<Directory>>;
  readonly cases: StoreApi<CasesState>;
  /** What the server takes this person for. */
  readonly me: StoreApi<Loadable<Me>>;
  /** What could not be filed, for an administrator: refused to all others. */
  readonly filingDesk: {
    read(): Promise<Result<Desk, ErrorCode>>;
    retry(id: string): Promise<Result<unknown, ErrorCode>>;
    resolve(id: string, decision: Resolve): Promise<Result<unknown, ErrorCode>>;
  };
  readonly vault: Vault;
  /** Links to the patient's own phone; what they carry is sealed before it comes here. */
  readonly phoneLinks: {
    open(link: {
      linkId: string;
      consentId: string;
      caseId: string;
      sealed: string;
    }): Promise<Result<LinkAnswer, ErrorCode>>;
    /** Answers when it is no longer as known, or after half a minute. */
    stateOf(linkId: string, known: LinkState): Promise<Result<LinkAnswer, ErrorCode>>;
    cancel(linkId: string): Promise<Result<unknown, ErrorCode>>;
  };
  readonly calls: CallDoor;

  /**
   * First sign-in sets everything up by itself and then offers the recovery key once. On a shared station no picture stays for when the
   * registry is silent.
   */
  signIn(localpart: string, password: string, station: Station): Promise<Result<void, SignInError>>;
  /** On a new device of a known person: unlocks the past with the recovery key. */
  unlock(recoveryKey: string): Promise<Result<void, "wrong-key" | ErrorCode>>;
  /** For somebody who lost the recovery key: starts anew; old cases come back only through colleagues. */
  startAnew(password: string): Promise<Result<void, SignInError>>;
  recoveryKeySaved(): void;
  signOut(): Promise<void>;
  /** Takes this account over from another tab of the same browser. */
  takeOver(): void;

  /**
   * Signs a consent with this device's certified key and registers it. Resolves when the registry has it; offline, it resolves
   * with `registered: false` and the outbox registers it later (nothing leaves before). With a room, the case that is open there is told.
   */
  recordConsent(
    consent: ConsentDraft,
    evidence: ConsentEvidence,
    roomId?: string,
  ): Promise<Result<{ registered: boolean }, ErrorCode | RefusalReason>>;
  /**
   * Takes a consent back, on the patient's word or because it was recorded in error. What it opened goes from this device at once.
   * Without a network the word is kept and told later: `done` is false until the registry has it. A draft's consent has no room.
   */
  withdrawConsent(
    roomId: string | null,
    consentId: string,
    reason: Withdrawn["reason"],
  ): Promise<Result<{ done: boolean }, ErrorCode | "storage-full">>;
  /** Asks the archivist to let a colleague into a case. Refused with the gate's reason when no consent covers them. */
  addMember(roomId: string, userId: string): Promise<Result<void, ErrorCode | RefusalReason>>;
  /** Breaks the glass for one reader: signed, registered, and told to everybody in the case with its reason. */
  breakGlass(roomId: string, glass: GlassDraft): Promise<Result<void, ErrorCode | "storage-full">>;
  /**
   * The same for this person alone while the registry is silent: signed into this device's journal, it opens for some minutes what is on the
   * device of this case. The registry and the case are told when they are back. Where the registry answers after all, nothing is opened nor signed.
   */
  breakGlassHere(
    roomId: string,
    glass: Omit<GlassDraft, "reader">,
  ): Promise<Result<"opened" | "registry-answers", ErrorCode | RefusalReason | "storage-full">>;
  /** That the patient, or somebody for them, was told of a broken glass or an emergency. */
  sayInformed(roomId: string, informed: Omit<Informed, "at">): Promise<Result<void, "storage-full">>;
  /**
   * Puts a whole request into the durable outbox and returns at once: room, consent, request, then photos. It survives a reload
   * and is sent once. Gate 1 is asked before anything is encrypted; its refusal comes back here.
   */
  sendRequest(
    request: Request,
    consentId: string,
    photos: readonly PreparedPhoto[],
  ): Promise<Result<void, RefusalReason | "storage-full">>;
  sendMessage(roomId: string, text: string): Promise<Result<void, "storage-full">>;
  /** Sends the small form of a photo ahead, while the whole picture is still being made. `sendPhoto` must follow. */
  sendPreview(roomId: string, photo: PreparedPreview): Promise<Result<void, RefusalReason | "storage-full">>;
  /** Sends a photo, and its preview first unless that went already. */
  sendPhoto(roomId: string, photo: PreparedPhoto): Promise<Result<void, RefusalReason | "storage-full">>;
  respond(roomId: string, response: Response): Promise<Result<void, "storage-full">>;
  /** Signs and sends the opinion, which closes the case. */
  giveOpinion(roomId: string, opinion: OpinionDraft): Promise<Result<void, "storage-full" | ErrorCode>>;
  /** Signs and sends a later version of this person's own opinion, which takes the place of the one that stands. */
  amendOpinion(
    roomId: string,
    opinion: OpinionDraft,
    why: AmendmentReason,
  ): Promise<Result<void, "storage-full" | ErrorCode>>;
  /** Signs another version of the question and keeps it in the outbox. `amends` is the version that its author had before them. */
  amendQuestion(roomId: string, draft: QuestionDraft): Promise<Result<void, "storage-full" | ErrorCode>>;
  /**
   * Says, signed, that this case is of the wrong patient: its members are told by it, and the record enters what it has of it in error. With the
   * right patient, by who asked, all of it is filed anew under that one.
   */
  sayMisfiled(
    roomId: string,
    reason: string,
    right: Patient | null,
  ): Promise<Result<void, "storage-full" | ErrorCode>>;
  /** Says whose a case is that was said to be of the wrong patient. */
  correctIdentity(roomId: string, right: Patient): Promise<Result<void, "storage-full" | ErrorCode>>;
  retry(localId: string): void;
  /** Removes something that was not sent. */
  discard(localId: string): void;
  /** Says that these events were on this person's screen. */
  markSeen(roomId: string, eventIds: readonly string[]): void;

  /**
   * Gate 3, then fetches, checks the hash, and decrypts. `release` frees the picture. The event is the photo's or its preview's:
   * either names both forms. `how` is what the access log says: a person looks, or the machine prepares something small.
   */
  readPicture(
    roomId: string,
    eventId: string,
    rendition: Rendition,
    how: "view" | "machine",
  ): Promise<Result<Picture, PictureRefusal>>;
  /** Gate 3 again, for a picture that is on screen already. */
  mayStillShow(roomId: string, eventId: string): Promise<Result<void, PictureRefusal>>;
  /** Who opened which picture of a case, when: persons, and machines told apart. */
  readAccesses(roomId: string): Promise<Result<Accesses["accesses"], ErrorCode>>;
  searchPatients(query: PatientQuery): Promise<Result<PatientMatches, ErrorCode>>;
  readRecord(roomId: string): Promise<Result<RecordView, ErrorCode>>;
  readRecordEntry(roomId: string, entryId: string): Promise<Result<Blob, ErrorCode>>;
  /** Letters that leave the house by the hospital's own sender. */
  readCopies(roomId: string): Promise<Result<Copies, ErrorCode>>;
  askCopy(roomId: string, asked: AskCopy): Promise<Result<void, CopyRefusal>>;
};

/** Whose device this is: one person's own, or one at which many sit. */
export type Station = "own" | "shared";

export type Loadable<T> =
  | { readonly state: "loading" }
  | { readonly state: "loaded"; readonly value: T }
  | { readonly state: "failed"; readonly code: ErrorCode; readonly retry: () => void };

export type SignInError = "wrong-password" | "account-disabled" | ErrorCode;

export type SessionState =
  | { readonly step: "starting" }
  | { readonly step: "signed-out"; readonly notice: "signed-out-elsewhere" | "storage-lost" | null }
  | { readonly step: "signing-in" }
  /** Keys are being set up; nothing to do but wait a moment. */
  | { readonly step: "setting-up" }
  | { readonly step: "recovery-needed"; readonly userId: string }
  | { readonly step: "other-tab" }
  /** The crypto layer failed while taking a message: the client stopped so as to lose nothing. Or a part of the application did not arrive. */
  | { readonly step: "stopped"; readonly why: "storage" | "not-loaded"; readonly detail: string }
  | {
      readonly step: "ready";
      readonly userId: string;
      readonly deviceId: string;
      readonly recoveryKeyToSave: string | null;
    }
  /** An administrator who is no clinician: no case, no key, only the filing desk. */
  | { readonly step: "administrator"; readonly userId: string; readonly deviceId: string };

export type ConnectionState = {
  readonly homeserver: "online" | "offline" | "connecting";
  /** Since when it has been so, milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly health: Health | null;
};

export type CasesState = {
  /** False until the first answer of the homeserver or the local copy is in: show structure, not emptiness. */
  readonly loaded: boolean;
  /** The homeserver's word on every case is in: what is not among them is not this person's. */
  readonly synced: boolean;
  readonly byRoom: ReadonlyMap<string, CaseRecord>;
  /** Requests in the outbox whose room does not exist yet. */
  readonly outgoing: readonly OutgoingRequest[];
};

export type CaseRecord = {
  readonly roomId: string;
  /** Known of the room itself, before anything said in it can be read. */
  readonly caseId: string;
  readonly state: CaseState;
  /** User ids of who is in the room, the bot included. */
  readonly members: readonly string[];
  readonly invited: readonly string[];
  /** What this device has not sent yet, oldest first. */
  readonly pending: readonly PendingItem[];
  /** Events that this device cannot read yet, with a reason in the SDK's words for the detail. */
  readonly unreadable: readonly {
    readonly eventId: string;
    readonly atMs: number;
    readonly reason: UnreadableReason;
  }[];
  /** Events that were refused: replayed, rewritten, not encrypted. */
  readonly refused: readonly { readonly eventId: string; readonly reason: string }[];
};

export type UnreadableReason =
  | "keys-on-their-way"
  | "sent-before-you-joined"
  | "sender-not-verified"
  | "unknown";

export type PendingItem = {
  readonly localId: string;
  readonly kind:
    | "consent"
    | "withdrawal"
    | "request"
    | "photo"
    | "message"
    | "response"
    | "opinion"
    | "amendment"
    | "misfiled"
    | "identity"
    | "question"
    | "glass"
    /** An emergency that the registry does not know of yet. */
    | "journal"
    | "informed";
  readonly state: "waiting" | "sending" | "failed";
  readonly error: ErrorCode | RefusalReason | null;
  readonly atMs: number;
  readonly text: string | null;
  readonly photo: PendingPhoto | null;
  /** 0 to 1 while bytes go up. */
  readonly progress: number | null;
};

/** A photo that this device still has to send. */
export type PendingPhoto = {
  readonly photoId: string;
  readonly site: BodySite;
  readonly view: View;
  readonly jpeg: Uint8Array<ArrayBuffer>;
  readonly clip?: ClipFacts | undefined;
};

export type OutgoingRequest = {
  readonly localId: string;
  readonly request: Request;
  readonly photos: number;
  readonly state: "waiting" | "sending" | "failed";
  readonly error: ErrorCode | RefusalReason | null;
};

/** A picture made ready by the capture feature: metadata gone, upright, JPEG, hashed; or a clip as the device recorded it. */
export type PreparedPicture = {
  /** A clip's bytes, where it is one. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
  readonly widthPx: number;
  readonly heightPx: number;
  /** SHA-256 of `jpeg`, lower-case hexadecimal. */
  readonly sha256: string;
};

/** What is known of a photo before its pixels are: under which consent, of what, when. */
export type PhotoFacts = {
  readonly photoId: string;
  readonly consentId: string;
  readonly site: BodySite;
  readonly view: View;
  readonly takenAt: string;
  readonly source: "camera" | "file";
  /** A short film in place of a still; the preview of it is a still. */
  readonly clip?: ClipFacts | undefined;
};
export type PreparedPreview = PhotoFacts & { readonly preview: PreparedPicture };
export type PreparedPhoto = PhotoFacts & PreparedPicture & { readonly preview: PreparedPicture };

/** A consent as the sheet fills it in; the door adds the collector. */
export type ConsentDraft = Omit<Consent, "collectedBy" | "v" | "evidenceSha256">;

/** A broken glass as the sheet fills it in; the door adds who breaks it and when, and signs. */
export type GlassDraft = {
  /** The consent that does not reach so far. */
  readonly consentId: string;
  /** Who is let in. */
  readonly reader: string;
  /** Read by everybody in the case, and by the patient. */
  readonly reason: string;
};

/** An opinion as the form fills it in; the door adds author and time, and signs. */
export type OpinionDraft = Omit<Opinion, "author" | "signedAt" | "caseId" | "requestEventId">;

/** Why an opinion is amended, and from which version. */
export type AmendmentReason = Pick<Amendment, "amends" | "how" | "reason">;

/** A later version of the question as its sheet fills it in; the door adds the case, author and time, and signs. */
export type QuestionDraft = Pick<QuestionAmendment, "amends" | "how" | "reason" | "question">;

export type Picture = {
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly release: () => void;
};

/** Why a copy of a letter could not be asked for, and what stands in its way where the server says so. */
export type CopyRefusal = { readonly code: ErrorCode; readonly obstacle: CopyObstacle | null };

export type PictureRefusal =
  | { readonly kind: "refused"; readonly reason: RefusalReason | "bad-signature" | "hash-mismatch" }
  | { readonly kind: "withdrawn" }
  /** Announced, and its bytes are still on their way. */
  | { readonly kind: "arriving" }
  | {
      readonly kind: "unavailable";
      readonly code: ErrorCode;
      /** It is on this device, and only the registry's silence stands in the way: an emergency could open it. */
      readonly onDevice?: true;
    };

/**
 * Small encrypted store on this device for drafts: what is in it survives a reload and goes at sign-out. A key that ends in "/" and a room goes
 * when the content of that case leaves the messenger.
 */
export type Vault = {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<Result<void, "storage-full">>;
  delete(key: string): Promise<void>;
};
