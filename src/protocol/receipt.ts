import { z } from "zod";
import {
  caseIdSchema,
  consentIdSchema,
  instantSchema,
  receiptIdSchema,
  sha256Schema,
  userIdSchema,
} from "./ids.ts";
import { signedSchema } from "./signed.ts";

/** The forms in which one photo travels: the picture, and a smaller one sent ahead of it. */
export const renditionSchema = z.enum(["full", "preview"]);
export type Rendition = z.infer<typeof renditionSchema>;

/**
 * One per picture, made at the shutter by the taker's device: which consent, which picture (hash of the stripped plaintext),
 * and the hash of every ciphertext of it. Without names. The preview of a photo is a picture of its own, derived from it: it can leave
 * while the whole picture is still being made. @see design.md "Consent before the camera, receipt at the shutter"
 */
export const receiptSchema = z.object({
  v: z.literal(1),
  receiptId: receiptIdSchema,
  /** The receipt of the photo that this is a smaller form of; absent for the photo itself. */
  derivedFrom: receiptIdSchema.optional(),
  consentId: consentIdSchema,
  caseId: caseIdSchema,
  pseudonym: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** It is a clip, or the still that is sent ahead of one: the patient was filmed, which they must have said yes to. */
  clip: z.literal(true).optional(),
  /** SHA-256 of the stripped picture; of the photo itself, as filed. */
  pictureSha256: sha256Schema,
  ciphertexts: z
    .array(z.object({ rendition: renditionSchema, sha256: sha256Schema, bytes: z.int().positive() }))
    .min(1)
    .max(4),
  takenBy: userIdSchema,
  takenAt: instantSchema,
  source: z.enum(["camera", "file"]),
});
export type Receipt = z.infer<typeof receiptSchema>;
export const signedReceiptSchema = signedSchema(receiptSchema);
export type SignedReceipt = z.infer<typeof signedReceiptSchema>;
