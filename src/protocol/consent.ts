import { z } from "zod";
import { caseIdSchema, consentIdSchema, instantSchema, sha256Schema, userIdSchema } from "./ids.ts";
import { addresseeSchema } from "./people.ts";
import { publicJwkSchema, signedSchema } from "./signed.ts";

/**
 * What the patient may agree to, each its own decision. `opinion` is the télé-expertise itself (the question and the history
 * may be shown); the others are about pictures. Care purposes differ by how far the picture goes (CSP L1110-4): colleagues
 * named to the patient, the care team, beyond the team (an on-call pool, another hospital). `video` is being filmed at all: a clip
 * goes as far as a photo does, and only where this was said yes to as well.
 */
export const purposeSchema = z.enum([
  "opinion",
  "care-named",
  "care-team",
  "care-outside-team",
  "video",
  "teaching",
  "research",
  "publication",
]);
export type Purpose = z.infer<typeof purposeSchema>;

/**
 * How it was agreed: signed here, confirmed on the patient's own phone, said before a witness, not objected to after information
 * (inside the team, CSP L1110-4 II and III), or an emergency in which nobody could be asked (CSP R1110-3).
 */
export const consentMethodSchema = z.enum([
  "signed-on-screen",
  "patient-phone",
  "oral-witnessed",
  "non-opposition",
  "emergency",
]);
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
    /** Who decided; nobody in an emergency. Names are in the evidence. */
    givenBy: z.enum(["patient", "parent", "both-parents", "guardian", "nobody"]),
    /** The own word of a minor or protected adult for whom somebody else decides. */
    assent: z.enum(["yes", "no", "not-able"]).optional(),
    /** The consent that this one takes the place of: the patient's word after an emergency, or a change of mind. */
    supersedes: consentIdSchema.optional(),
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
  /** The second parent, where both decide. */
  secondRepresentative: z.string().trim().max(200).optional(),
  /** Who interpreted for the patient. */
  interpreter: z.string().trim().max(200).optional(),
  /** Why nobody could be asked. */
  emergencyReason: z.string().trim().max(1000).optional(),
  signature: z.array(strokeSchema).max(200).optional(),
  /** What the patient's own phone signed, with the key that it made for this once. */
  patientPhone: z
    .object({ key: publicJwkSchema, jws: z.string().max(20_000), answeredAt: instantSchema })
    .optional(),
  noticeText: z.string().max(8000),
});
export type ConsentEvidence = z.infer<typeof consentEvidenceSchema>;

/** Whether the patient agreed to a purpose; to research, for that very project. */
export const grants = (consent: Pick<Consent, "decisions">, purpose: Purpose, project?: string): boolean =>
  consent.decisions.some(
    (decision) =>
      decision.purpose === purpose &&
      decision.granted &&
      (project === undefined || decision.project === project),
  );

/**
 * The patient's word on what a consent was about, as it stands now: of the consents that take its place, one after the other, the newest
 * says what is granted, to whom and until when; case, patient and beginning stay those of the first (rule G14). `others` are the consents
 * of the case that were not taken back.
 */
export function inForce(consent: Consent, others: readonly Consent[]): Consent {
  const passed = new Set<string>([consent.consentId]);
  let newest = consent;
  for (;;) {
    const next = others
      .filter(
        (other) =>
          other.supersedes === newest.consentId &&
          other.caseId === consent.caseId &&
          other.pseudonym === consent.pseudonym &&
          !passed.has(other.consentId),
      )
      .sort((one, other) => Date.parse(other.collectedAt) - Date.parse(one.collectedAt))[0];
    if (next === undefined) break;
    passed.add(next.consentId);
    newest = next;
  }
  return newest === consent
    ? consent
    : { ...newest, consentId: consent.consentId, collectedAt: consent.collectedAt };
}
