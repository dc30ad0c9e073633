import type { z } from "zod";
import type { Accesses } from "#protocol/api.ts";
import type {
  answerOnPhoneSchema,
  CopyAnswer,
  LinkAnswer,
  LinkState,
  openedOnPhoneSchema,
  openLinkSchema,
} from "#protocol/patient-phone.ts";
import type { Audit } from "../audit/index.ts";
import type { Facts } from "../consent/index.ts";
import type { RoleContext } from "../kit/role.ts";

/** Links to a patient's own phone, and the copies that patients keep. */
export type PatientLinks = {
  /** Opens a link for a consent that its clinician has drafted. */
  open(owner: string, link: z.infer<typeof openLinkSchema>): Promise<LinkAnswer>;
  /** How it stands: at once when that is not what the caller knows, else when it changes, else after half a minute. */
  stateOf(
    owner: string,
    linkId: string,
    known: LinkState | undefined,
    signal: AbortSignal,
  ): Promise<LinkAnswer>;
  /** Closes a link. One that was answered already is refused: the patient's copy then says so. */
  cancel(owner: string, linkId: string): Promise<void>;
  /** The first device to open a link is its only one. Opening again on that device gives the same. */
  openOnPhone(jws: string): Promise<z.infer<typeof openedOnPhoneSchema>>;
  answer(request: z.infer<typeof answerOnPhoneSchema>): Promise<void>;
};

export type PatientCopies = {
  cover(copyId: string): Promise<string>;
  read(copyId: string, proof: string): Promise<CopyAnswer>;
  /** Needs the link alone. Twice is once. */
  withdraw(copyId: string): Promise<void>;
  /** Whether a patient's phone answered this clinician for this consent: only then may it be registered as given by phone. */
  answered(consentId: string, owner: string): Promise<boolean>;
  /** Takes back a consent that the patient withdrew before it was registered. True when it did. */
  settle(consentId: string, owner: string): Promise<boolean>;
};

export type PatientPort = PatientLinks & PatientCopies;

/** One look at a picture, as the audit trail has it. */
export type Access = Pick<Accesses["accesses"][number], "by" | "at" | "how">;

export type PatientParts = Pick<RoleContext, "db" | "clock"> & {
  readonly audit: Pick<Audit, "note">;
  readonly factsOf: (consentId: string) => Promise<Facts>;
  /** On the patient's own word, whoever collected it. */
  readonly withdrawByPatient: (consentId: string) => Promise<void>;
  /** Who opened the pictures of a case. */
  readonly accessesOfCase: (caseId: string) => Promise<readonly Access[]>;
  /** A person's name and function as a patient reads it, from the directory. */
  readonly nameOf: (userId: string) => string;
};
