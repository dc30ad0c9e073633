import type { Correspondent } from "#protocol/copies.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Clinician } from "#protocol/people.ts";
import type { HospitalFacts } from "../plan/index.ts";

/** Who gets a copy by secure mail. */
export type Recipient = Correspondent & { readonly secureMail: string };

/** The filed letter of an opinion and what its envelope must say of it. */
export type LetterCopy = {
  /** The filed document: its id (uuid), its bytes as the record gave them back. */
  readonly documentId: string;
  readonly pdf: Uint8Array;
  readonly title: string;
  readonly language: "fr-FR" | "en";
  readonly patient: Patient;
  readonly author: Clinician;
  readonly hospital: HospitalFacts;
  readonly signedAtMs: number;
  readonly timeZone: string;
};
