import { z } from "zod";
import { canonicalJson } from "./canonical.ts";
import { type Consent, decisionSchema, purposeSchema } from "./consent.ts";
import { caseIdSchema, consentIdSchema, instantSchema, sha256Schema } from "./ids.ts";
import { publicJwkSchema } from "./signed.ts";

/**
 * The patient's own phone. A *link* is what the QR code on the clinician's screen opens: ten minutes, one device. A *copy* is what
 * the patient keeps afterwards. Both are an id, which the server knows, and a key, which stands in the address's fragment and never
 * leaves the two devices: the server passes on what it cannot read. All under /colloque/v1/patient.
 */
export const linkMs = 600_000;
/** Wrong answers to the second factor before the copy closes for reading. Withdrawing stays open. */
export const copyTries = 5;

/** 128 random bits in base64url. */
export const phoneIdSchema = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
/** AES-256-GCM: twelve bytes of nonce, ciphertext and tag, in base64url. */
const sealed = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]{38,}$/);
const compactJws = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);

/** What GCM binds each sealed text to, so that none can stand in another's place. */
export const sealedFor = {
  offer: (linkId: string) => `colloque/offer/${linkId}`,
  answer: (linkId: string) => `colloque/answer/${linkId}`,
  cover: (copyId: string) => `colloque/cover/${copyId}`,
  copy: (copyId: string) => `colloque/copy/${copyId}`,
} as const;

/** Languages of the page; `fr-simple` (BCP 47 variant "simple") is easy French. */
export const phoneLanguageSchema = z.enum(["fr", "fr-simple", "en"]);
export type PhoneLanguage = z.infer<typeof phoneLanguageSchema>;
const inEachLanguage = (most: number) =>
  z.object({ fr: z.string().max(most), "fr-simple": z.string().max(most), en: z.string().max(most) });

/** What the clinician's browser seals for the phone: everything that is shown, so that what was signed is what was read. */
export const offerSchema = z.object({
  v: z.literal(1),
  linkId: phoneIdSchema,
  consentId: consentIdSchema,
  /** All that the phone learns of who the patient is. */
  initials: z.string().max(20),
  hospital: z.string().max(200),
  asker: z.string().max(200),
  /** Whether the one who holds the phone decides for somebody else. */
  forSomebodyElse: z.boolean(),
  notice: z.object({ version: z.string().max(40), text: inEachLanguage(8000) }),
  asks: z
    .array(
      z.object({
        purpose: purposeSchema,
        project: z.string().max(200).optional(),
        /** Care stands at yes until it is moved; the others are no until somebody says yes. */
        care: z.boolean(),
        label: inEachLanguage(300),
        detail: inEachLanguage(1000),
      }),
    )
    .min(1)
    .max(20),
});
export type Offer = z.infer<typeof offerSchema>;

/** What the phone signs (compact JWS, ES256, canonical JSON), with a key that it made for this once. */
export const phoneStatementSchema = z.object({
  v: z.literal(1),
  linkId: phoneIdSchema,
  consentId: consentIdSchema,
  /** SHA-256 of the offer's plaintext: every word that was on the screen. */
  offerSha256: sha256Schema,
  notice: z.object({
    version: z.string().max(40),
    sha256: sha256Schema,
    language: phoneLanguageSchema,
  }),
  decisions: z.array(decisionSchema).min(1).max(20),
  /** A drawn signature by the SHA-256 of its strokes; who cannot draw writes the name. */
  signature: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("drawn"), sha256: sha256Schema }),
    z.object({ kind: z.literal("written"), name: z.string().trim().min(2).max(200) }),
  ]),
  /** By the server's clock: a phone's may be a day off. */
  answeredAt: instantSchema,
});
export type PhoneStatement = z.infer<typeof phoneStatementSchema>;

/** What the phone seals for the clinician's browser. The strokes are those of `ConsentEvidence.signature`. */
export const phoneAnswerSchema = z.object({
  key: publicJwkSchema,
  jws: compactJws(20_000),
  signature: z.array(z.array(z.tuple([z.int(), z.int()])).max(2000)).max(200),
});
export type PhoneAnswer = z.infer<typeof phoneAnswerSchema>;

/** Whether a consent says what the phone signed: the same id, notice and decisions. */
export const saysTheSame = (statement: PhoneStatement, consent: Omit<Consent, "evidenceSha256">): boolean =>
  statement.consentId === consent.consentId &&
  canonicalJson(statement.notice) === canonicalJson(consent.notice) &&
  canonicalJson(statement.decisions) === canonicalJson(consent.decisions);

/** POST /patient/links, by a clinician for a consent that is not registered yet. */
export const openLinkSchema = z.object({
  linkId: phoneIdSchema,
  consentId: consentIdSchema,
  caseId: caseIdSchema,
  sealed: sealed(120_000),
});

/** POST /patient/links/:linkId/state, by who opened it: answers when it is no longer as known, or after half a minute. */
export const linkStateSchema = z.enum(["waiting", "opened", "answered", "expired", "cancelled"]);
export type LinkState = z.infer<typeof linkStateSchema>;
export const askLinkSchema = z.object({ known: linkStateSchema.optional() });
export const linkAnswerSchema = z.object({
  state: linkStateSchema,
  expiresInMs: z.number(),
  /** The server's clock. */
  nowMs: z.number(),
  sealed: sealed(150_000).optional(),
  /** The key of the one device that opened it. */
  key: publicJwkSchema.optional(),
});
export type LinkAnswer = z.infer<typeof linkAnswerSchema>;

/** What the phone signs with each request (header `jwk`), so that a link belongs to the device that opened it first. */
export const phoneRequestSchema = z.discriminatedUnion("act", [
  z.object({ act: z.literal("open"), linkId: phoneIdSchema }),
  z.object({ act: z.literal("answer"), linkId: phoneIdSchema, sha256: sha256Schema }),
]);
/** POST /patient/open. Answered with the sealed offer, or refused with a reason of `phoneRefusals`. */
export const openOnPhoneSchema = z.object({ jws: compactJws(2000) });
export const openedOnPhoneSchema = z.object({
  sealed: z.string(),
  expiresInMs: z.number(),
  nowMs: z.number(),
});

/** POST /patient/answer: the sealed answer and the patient's copy, both covered by the request's `sha256`. */
export const answerOnPhoneSchema = z.object({
  jws: compactJws(2000),
  body: z.object({
    sealed: sealed(150_000),
    copy: z.object({
      copyId: phoneIdSchema,
      /** Initials and which second factor was chosen, sealed with the key of the fragment. */
      cover: sealed(2000),
      /** What was agreed, sealed with a key that needs the second factor as well. */
      sealed: sealed(150_000),
      /** 32 bytes that only who knows link and second factor can make. */
      proof: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    }),
  }),
});

/** Why the phone is refused: keys of the page's texts. An unknown id is answered `not-found`, whatever the reason. */
export const phoneRefusals = ["expired", "other-device", "answered", "cancelled"] as const;

/** POST /patient/copy/cover and /patient/copy/withdraw. */
export const copyIdSchema = z.object({ copyId: phoneIdSchema });
/** POST /patient/copy/read. */
export const readCopySchema = z.object({
  copyId: phoneIdSchema,
  proof: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export const copyAnswerSchema = z.discriminatedUnion("open", [
  z.object({ open: z.literal(false), triesLeft: z.int() }),
  z.object({
    open: z.literal(true),
    sealed: z.string(),
    /** `waiting`: answered, and not recorded yet. `refused`: the clinician's device did not accept the answer. */
    state: z.enum(["waiting", "refused", "live", "withdrawn"]),
    withdrawnAt: instantSchema.optional(),
    expiresAt: instantSchema.optional(),
    /** Who opened the pictures under this consent; a program's reads are told from a person's. */
    accesses: z.array(
      z.object({ by: z.string(), at: instantSchema, how: z.enum(["view", "machine"]), times: z.int() }),
    ),
  }),
]);
export type CopyAnswer = z.infer<typeof copyAnswerSchema>;
