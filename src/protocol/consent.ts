import { z } from "zod";
import { caseIdSchema, consentIdSchema, instantSchema, sha256Schema, userIdSchema } from "./ids.ts";
import { addresseeSchema } from "./people.ts";
import { signedSchema } from "./signed.ts";

/**
 * What the patient may agree to, each its own decision. `opinion` is the télé-expertise itself (the question and the history
 * may be shown); the others are about pictures. Care purposes differ by how far the picture goes (CSP L1110-4): colleagues
 * named to the patient, the care team, beyond the team (an on-call pool, another hospital).
 */
export const purposeSchema = z.enum([
  "opinion",
  "care-named",
  "care-team",
  "care-outside-team",
  "teaching",
  "research",
  "publication",
]);
export type Purpose = z.infer<typeof purposeSchema>;

export const consentMethodSchema = z.enum(["signed-on-screen", "oral-witnessed", "representative"]);
export type ConsentMethod = z.infer<typeof consentMethodSchema>;

export const decisionSchema = z.object({
  purpose: purposeSchema,
  granted: z.boolean(),
  /** The research project, when the purpose is research. */
  project: z.string().max(200).optional(),
});

/**
 * The decision itself, without anybody's name: this part is signed by the collector's device, given to the registry and
 * travels in the case. Who witnessed it, and the drawn signature, are in the evidence, which only encrypted events carry.
 */
export const consentSchema = z
  .object({
    v: z.literal(1),
    consentId: consentIdSchema,
    caseId: caseIdSchema,
    /** Random name for the patient inside this case; never derived from an identity. */
    pseudonym: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
    decisions: z.array(decisionSchema).min(1).max(20),
    /** Whom the patient was told of. */
    recipients: z.array(addresseeSchema).min(1).max(20),
    method: consentMethodSchema,
    givenBy: z.enum(["patient", "parent", "guardian"]),
    /** The information notice that was read: its version and the SHA-256 of its text, and its language (BCP 47). */
    notice: z.object({ version: z.string().max(40), sha256: sha256Schema, language: z.string().max(20) }),
    /** SHA-256 of the canonical JSON of the evidence. */
    evidenceSha256: sha256Schema,
    collectedBy: userIdSchema,
    collectedAt: instantSchema,
    expiresAt: instantSchema,
  })
  .refine((consent) => Date.parse(consent.expiresAt) > Date.parse(consent.collectedAt), {
    error: "A consent ends after it begins",
  });
export type Consent = z.infer<typeof consentSchema>;
export const signedConsentSchema = signedSchema(consentSchema);
export type SignedConsent = z.infer<typeof signedConsentSchema>;

/** One stroke of a drawn signature: points in a box of 1000 × 300, integers. */
const strokeSchema = z.array(z.tuple([z.int().min(0).max(1000), z.int().min(0).max(300)])).max(2000);

/** The proof behind a consent. It names people, so it lives in encrypted events and in the record only. */
export const consentEvidenceSchema = z.object({
  consentId: consentIdSchema,
  witness: z.string().trim().max(200).optional(),
  /** Who agreed for the patient, and in what capacity, when the patient did not. */
  representative: z.string().trim().max(200).optional(),
  signature: z.array(strokeSchema).max(200).optional(),
  noticeText: z.string().max(8000),
});
export type ConsentEvidence = z.infer<typeof consentEvidenceSchema>;

/** Two years is the longest that a consent for one case may run: longer is refused as a slip of the hand. */
export const maxConsentMs = 2 * 366 * 24 * 3600 * 1000;

export const grants = (consent: Pick<Consent, "decisions">, purpose: Purpose): boolean =>
  consent.decisions.some((decision) => decision.purpose === purpose && decision.granted);
