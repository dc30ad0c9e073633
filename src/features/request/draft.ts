import { z } from "zod";
import { bodySiteSchema } from "#protocol/body-sites.ts";
import { consentSchema } from "#protocol/consent.ts";
import { maxQuestion, photoSchema as sentPhotoSchema, urgencySchema, viewSchema } from "#protocol/events.ts";
import { caseIdSchema, instantSchema, receiptIdSchema, sha256Schema } from "#protocol/ids.ts";
import { patientSchema } from "#protocol/patient.ts";
import { addresseeSchema } from "#protocol/people.ts";
import type { ConsentDraft, PreparedPhoto } from "../../matrix/types.ts";

/** What goes with the question: the history is asked of everybody, the rest folds away. Free text each. */
const detailFields = ["history", "treatments", "allergies", "hypothesis", "callback"] as const;
export type DetailField = (typeof detailFields)[number];

const text = z.string().max(8000);

/** A request being written, as this device keeps it. Photos are kept beside it, one entry each. */
const draftSchema = z.object({
  v: z.literal(1),
  caseId: caseIdSchema,
  pseudonym: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  patient: patientSchema.nullable(),
  addressee: addresseeSchema.nullable(),
  urgency: urgencySchema.nullable(),
  question: z.string().max(maxQuestion),
  details: z.object({
    history: text,
    treatments: text,
    allergies: text,
    hypothesis: text,
    callback: z.string().max(40),
  }),
  consent: z.unknown(),
  photoIds: z.array(z.string().max(64)).max(100),
});

export type Draft = Omit<z.infer<typeof draftSchema>, "consent"> & { readonly consent: ConsentDraft | null };

/** Reads a draft that this device kept; null when it is not one of this version. */
export function readDraft(kept: unknown): Draft | null {
  const parsed = draftSchema.safeParse(kept);
  if (!parsed.success) return null;
  return { ...parsed.data, consent: readConsent(parsed.data.consent) };
}

/** The door adds these three when it signs: any sound value lets the rest be checked by the protocol's own schema. */
const addedByTheDoor = { v: 1, evidenceSha256: "0".repeat(64), collectedBy: "@x:x" } as const;

function readConsent(kept: unknown): ConsentDraft | null {
  if (typeof kept !== "object" || kept === null) return null;
  const parsed = consentSchema.safeParse({ ...kept, ...addedByTheDoor });
  if (!parsed.success) return null;
  const { v: _v, evidenceSha256: _hash, collectedBy: _by, ...consent } = parsed.data;
  return consent;
}

const bytes = z.instanceof(Uint8Array).transform((value) => new Uint8Array(value));
const picture = {
  jpeg: bytes,
  widthPx: z.int().positive(),
  heightPx: z.int().positive(),
  sha256: sha256Schema,
};
const photoSchema = z.object({
  photoId: receiptIdSchema,
  consentId: z.string().max(64),
  ...picture,
  preview: z.object(picture),
  site: bodySiteSchema,
  view: viewSchema,
  takenAt: instantSchema,
  source: z.enum(["camera", "file"]),
  clip: sentPhotoSchema.shape.clip,
});

/** Reads a photo of a draft; null when it is damaged. */
export function readPhoto(kept: unknown): PreparedPhoto | null {
  const parsed = photoSchema.safeParse(kept);
  return parsed.success ? parsed.data : null;
}

export const draftKey = "request/draft";
export const photoKey = (photoId: string): string => `request/photo/${photoId}`;

export const emptyDetails: Draft["details"] = {
  history: "",
  treatments: "",
  allergies: "",
  hypothesis: "",
  callback: "",
};
