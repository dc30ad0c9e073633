import type { Consent, ConsentEvidence, Purpose } from "#protocol/consent.ts";
import type { ConsentRules } from "#protocol/consent-rules.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { CaseId, ConsentId } from "#protocol/ids.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Addressee, Clinician } from "#protocol/people.ts";
import type { ConsentDraft, Door } from "../../matrix/types.ts";
import type { NoticeLanguage } from "./notice.ts";
import type { Stroke } from "./signature.ts";

/** In what capacity somebody decides for the patient. */
export const capacities = ["mother", "father", "both-parents", "guardian"] as const;
export type Capacity = (typeof capacities)[number];

/** Who decides: the patient, or somebody for them. */
export type Giver =
  | { readonly kind: "patient" }
  | {
      readonly kind: "representative";
      readonly name: string;
      readonly capacity: Capacity;
      /** The other parent's name, where both decide. */
      readonly second: string;
    };

/** How the decision is known. */
export type Proof =
  | { readonly kind: "signature"; readonly strokes: readonly Stroke[] }
  | { readonly kind: "oral"; readonly witness: string }
  /** Informed, and did not object: inside the team alone. */
  | { readonly kind: "non-opposition" }
  /** Nobody could be asked, and why. */
  | { readonly kind: "emergency"; readonly reason: string }
  /** On the patient's own phone: decided and signed there. */
  | { readonly kind: "phone" };

export type ConsentState = {
  readonly language: NoticeLanguage;
  /** What was said yes to: at first nothing. */
  readonly granted: ReadonlySet<Purpose>;
  /** The research project, by name. */
  readonly project: string;
  /** The uses beyond care are on the sheet. */
  readonly othersOpen: boolean;
  readonly giver: Giver;
  /** The own word of a minor or protected adult for whom somebody else decides. */
  readonly assent: NonNullable<Consent["assent"]> | null;
  /** Null while nobody interprets. */
  readonly interpreter: string | null;
  readonly proof: Proof;
  /** Witnesses that one tap can name. */
  readonly witnesses: readonly string[];
  readonly step:
    | { readonly at: "asking" }
    | { readonly at: "recording" }
    | { readonly at: "failed"; readonly error: ErrorCode | RefusalReason }
    | { readonly at: "recorded"; readonly consent: ConsentDraft; readonly registered: boolean };
};

/** Whom the consent is about, and whom they are told of. */
export type ConsentSubject = {
  readonly caseId: CaseId;
  readonly pseudonym: string;
  readonly patient: Patient;
  readonly recipients: readonly Addressee[];
  /** The word that this one takes the place of, in a case that is open. */
  readonly supersedes?: ConsentId | undefined;
  /** Where the case is open already: it is told, and no camera follows. */
  readonly roomId?: string | undefined;
};

export type ConsentDeps = {
  readonly door: Pick<Door, "recordConsent" | "vault">;
  readonly clinicians: readonly Clinician[];
  /** Names of care teams, by id. */
  readonly teams: ReadonlyMap<string, string>;
  readonly hospital: string;
  /** What this country and this organisation ask of a consent. */
  readonly rules: ConsentRules;
  /** User id of the clinician who holds the phone. */
  readonly collector: string;
  readonly clock: () => number;
  readonly newId: () => ConsentId;
  readonly sha256: (text: string) => Promise<string>;
  readonly language: NoticeLanguage;
  readonly subject: ConsentSubject;
  readonly onRecorded: (consent: ConsentDraft) => void;
};

/** What the patient decided and signed on their own phone. */
export type PhoneAnswer = Pick<ConsentDraft, "consentId" | "decisions" | "notice"> &
  Required<Pick<ConsentEvidence, "patientPhone" | "noticeText">> &
  Pick<ConsentEvidence, "signature">;
