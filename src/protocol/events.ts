import { z } from "zod";
import { type Admission, admissionSchema } from "./admission.ts";
import { bodySiteSchema } from "./body-sites.ts";
import {
  type DeclineReason,
  declineReasonOf,
  declineSchema,
  declineType,
  type Ring,
  ringSchema,
  ringType,
} from "./call-events.ts";
import { type CallTrace, callTraceSchema } from "./calls.ts";
import { consentEvidenceSchema, signedConsentSchema } from "./consent.ts";
import { maxReason, minReason, type SignedGlass, signedGlassSchema } from "./glass.ts";
import { type SignedIdentityCorrection, signedIdentityCorrectionSchema } from "./identity.ts";
import {
  caseIdSchema,
  consentIdSchema,
  eventIdSchema,
  instantSchema,
  mxcUriSchema,
  receiptIdSchema,
  sha256Schema,
  userIdSchema,
} from "./ids.ts";
import { type SignedMisfiling, signedMisfilingSchema } from "./misfiling.ts";
import {
  longText,
  type SignedAmendment,
  type SignedOpinion,
  signedAmendmentSchema,
  signedOpinionSchema,
} from "./opinion.ts";
import { patientSchema } from "./patient.ts";
import { addresseeSchema, specialtySchema } from "./people.ts";
import { questionText, type SignedQuestionAmendment, signedQuestionAmendmentSchema } from "./question.ts";
import { signedReceiptSchema } from "./receipt.ts";

export {
  type Certainty,
  certaintySchema,
  type Opinion,
  opinionSchema,
  type SignedOpinion,
  signedOpinionSchema,
} from "./opinion.ts";

/**
 * What travels in a case room, always inside `m.room.encrypted`. What people say is `m.room.message` with a readable `body` and
 * one namespaced object; machine data have a type of their own. Nothing of this is ever put in state.
 */

/** `creation_content.type` of a case room. */
export const caseRoomType = "fr.colloque.case";
/** Member of `creation_content` that ties the room to its case id (a random uuid). */
export const caseIdKey = "fr.colloque.case_id";

export const urgencySchema = z.enum(["now", "today", "48h", "7d"]);
export type Urgency = z.infer<typeof urgencySchema>;

export { maxQuestion } from "./question.ts";

export const requestSchema = z.object({
  caseId: caseIdSchema,
  patient: patientSchema,
  addressee: addresseeSchema,
  specialty: specialtySchema,
  urgency: urgencySchema,
  /** When an answer is due. */
  dueAt: instantSchema,
  question: questionText,
  site: bodySiteSchema.optional(),
  /** Relevant history, treatments, allergies: free text each; "none known" is a text too. */
  history: longText,
  background: longText.optional(),
  treatments: longText.optional(),
  allergies: longText.optional(),
  hypothesis: longText.optional(),
  requester: userIdSchema,
  /** Where the requester can be called back now. */
  callback: z.string().trim().max(40).optional(),
  createdAt: instantSchema,
});
export type Request = z.infer<typeof requestSchema>;

/** Matrix EncryptedFile, v2 (Matrix specification, "Sending encrypted attachments"). */
export const encryptedFileSchema = z.object({
  url: mxcUriSchema,
  v: z.literal("v2"),
  key: z.object({
    kty: z.literal("oct"),
    alg: z.literal("A256CTR"),
    ext: z.literal(true),
    k: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    key_ops: z.array(z.string()).refine((ops) => ops.includes("encrypt") && ops.includes("decrypt")),
  }),
  iv: z.string().regex(/^[A-Za-z0-9+/]{22}$/),
  hashes: z.object({ sha256: z.string().regex(/^[A-Za-z0-9+/]{43}$/) }),
});
export type EncryptedFile = z.infer<typeof encryptedFileSchema>;

export const viewSchema = z.enum(["overview", "close-up", "profile", "dermoscopy", "fundus", "other"]);
export type View = z.infer<typeof viewSchema>;

/** Longest clip that is filmed, in seconds. */
export const maxClipSeconds = 20;
/** What a browser records: kept as the device gives it. */
export const clipTypeSchema = z.enum(["video/mp4", "video/webm"]);
export type ClipType = z.infer<typeof clipTypeSchema>;
/** Of a clip: its form, and how long it runs. It has no sound. A second more than the longest: devices stop late. */
const clipFactsSchema = z.object({
  type: clipTypeSchema,
  durationMs: z
    .int()
    .positive()
    .max((maxClipSeconds + 1) * 1000),
});
export type ClipFacts = z.infer<typeof clipFactsSchema>;

const pictureSchema = z.object({
  /** The photo's receipt, also of its preview. */
  photoId: receiptIdSchema,
  receipt: signedReceiptSchema,
  site: bodySiteSchema,
  view: viewSchema,
  widthPx: z.int().positive().max(65535),
  heightPx: z.int().positive().max(65535),
  /** A short film in place of a still: then the preview alone is a picture. */
  clip: clipFactsSchema.optional(),
  /** A still is always JPEG baseline: what DICOM takes and every reader decodes. */
  bytes: z.int().positive(),
  file: encryptedFileSchema,
});
export type Photo = z.infer<typeof pictureSchema>;
/**
 * A photo travels as two events: a smaller form of it, ahead, and the photo. Each has a receipt, a permit and a file of its own. A clip
 * does the same; what goes ahead of it is a still.
 */
export const photoSchema = pictureSchema.refine(
  ({ photoId, clip, receipt: { payload } }) =>
    payload.receiptId === photoId &&
    payload.derivedFrom === undefined &&
    (payload.clip === true) === (clip !== undefined),
);
export const previewSchema = pictureSchema.refine(
  ({ photoId, clip, receipt: { payload } }) =>
    payload.receiptId !== photoId && payload.derivedFrom === photoId && clip === undefined,
);

/** What the expert does with a request, short of answering it. */
export const responseSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("accepted") }),
  z.object({ kind: z.literal("declined"), reason: z.string().trim().min(1).max(1000) }),
  z.object({ kind: z.literal("more-asked"), question: z.string().trim().min(1).max(1000) }),
]);
export type Response = z.infer<typeof responseSchema>;

export const filedKindSchema = z.enum([
  "consent",
  "request",
  "photo",
  "message",
  "response",
  "opinion",
  "amendment",
  "discussion",
  "glass",
  "informed",
  "withdrawn",
  "misfiled",
  "call",
  "identity",
  "question",
]);
export type FiledKind = z.infer<typeof filedKindSchema>;

/** An entry of the record that a filing receipt links to. */
export const recordEntrySchema = z.object({
  /** FHIR reference, `DocumentReference/…`, or `dicom:` and the SOP Instance UID. */
  reference: z.string().max(200),
  /** SHA-256 of the bytes read back, for documents and pictures. */
  sha256: sha256Schema.optional(),
});

/** How a human ended what could not be filed by itself. */
export const resolutionSchema = z.enum(["filed-by-hand", "not-to-be-filed"]);
export type Resolution = z.infer<typeof resolutionSchema>;

/** The bot's word that something was written to the record and read back, or why not yet. */
export const filedSchema = z.object({
  ofEvent: eventIdSchema,
  kind: filedKindSchema,
  /** The correction of identity under which it was filed anew, where there was one. */
  under: eventIdSchema.optional(),
  outcome: z.discriminatedUnion("state", [
    z.object({ state: z.literal("filed"), at: instantSchema, entries: z.array(recordEntrySchema).max(50) }),
    z.object({ state: z.literal("waiting"), since: instantSchema }),
    z.object({ state: z.literal("refused"), at: instantSchema, reason: z.string().max(60) }),
    z.object({ state: z.literal("parked"), at: instantSchema, reason: z.string().max(60) }),
    /** An administrator of the hospital ended it, and says why. */
    z.object({
      state: z.literal("resolved"),
      at: instantSchema,
      how: resolutionSchema,
      by: userIdSchema,
      why: z.string().max(500),
    }),
  ]),
});
export type Filed = z.infer<typeof filedSchema>;

/** The archivist's word that a consent was taken back and what was done: pictures removed, and what stays in the record by law. */
export const withdrawnSchema = z.object({
  consentId: consentIdSchema,
  at: instantSchema,
  /** A colleague of the case on the patient's word, or the patient by their own link. */
  by: z.union([userIdSchema, z.literal("patient")]),
  reason: z.enum(["patient-asked", "collected-in-error"]),
  /** Photos taken out of the case. */
  photos: z.int().min(0),
  /** Photos that belong to the record already and stay there, marked. */
  inRecord: z.int().min(0),
});
export type Withdrawn = z.infer<typeof withdrawnSchema>;

/**
 * The archivist's word that the content of a case has left the messenger, and what stays for its members. Everything that was said before it
 * is taken out of the room; it is in the record.
 */
export const expiredSchema = z.object({
  at: instantSchema,
  requestEventId: eventIdSchema,
  /** The request without what was told of the patient's history; its question is one line. */
  request: requestSchema,
  requestedAt: instantSchema,
  consentedAt: instantSchema.optional(),
  /** Under which consents pictures were shown: what a device still has of them goes. */
  consentIds: z.array(consentIdSchema).max(200),
  /** The opinion, its latest version; or that the case was of the wrong patient. */
  ended: z.object({ how: z.enum(["answered", "misfiled"]), by: userIdSchema, at: instantSchema }),
  filedAt: instantSchema,
});
export type Expired = z.infer<typeof expiredSchema>;

/** That the patient was told that the glass was broken, or gave their word after an emergency. */
export const informedSchema = z.object({
  of: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("glass"), glassId: z.uuid() }),
    z.object({ kind: z.literal("emergency"), consentId: consentIdSchema }),
  ]),
  /** Whether the patient, or somebody for them as long as they are not able. */
  whom: z.enum(["patient", "family", "guardian"]),
  at: instantSchema,
});
export type Informed = z.infer<typeof informedSchema>;

/** A reader's client says that it had this on screen. */
export const seenSchema = z.object({ ofEvents: z.array(eventIdSchema).min(1).max(200), at: instantSchema });
export type Seen = z.infer<typeof seenSchema>;

const body = z.string().max(20000);
/** Random id made by the sender's client, so that one message sent twice by a bad network counts once. */
const clientRef = z.uuid();

/** Keys of the namespaced objects inside `m.room.message`. */
export const contentKeys = {
  request: "fr.colloque.request",
  consent: "fr.colloque.consent",
  photo: "fr.colloque.photo",
  preview: "fr.colloque.preview",
  opinion: "fr.colloque.opinion",
  amendment: "fr.colloque.amendment",
  response: "fr.colloque.response",
  message: "fr.colloque.message",
  glass: "fr.colloque.glass",
  informed: "fr.colloque.informed",
  misfiled: "fr.colloque.misfiled",
  identity: "fr.colloque.identity",
  question: "fr.colloque.question",
} as const;

/** Types of machine events. */
export const machineTypes = {
  filed: "fr.colloque.filed",
  seen: "fr.colloque.seen",
  withdrawn: "fr.colloque.withdrawn",
  admission: "fr.colloque.admission",
  call: "fr.colloque.call",
  expired: "fr.colloque.expired",
} as const;

export const requestContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.request]: requestSchema,
});
export const consentContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.consent]: z.object({ consent: signedConsentSchema, evidence: consentEvidenceSchema }),
});
const imageContentSchema = z.object({
  msgtype: z.literal("m.image"),
  body,
  file: encryptedFileSchema,
  info: z.object({ mimetype: z.literal("image/jpeg"), w: z.int(), h: z.int(), size: z.int() }),
});
const videoContentSchema = z.object({
  msgtype: z.literal("m.video"),
  body,
  file: encryptedFileSchema,
  info: z.object({ mimetype: clipTypeSchema, w: z.int(), h: z.int(), size: z.int(), duration: z.int() }),
});
/** A clip says that it is a video, to whichever client reads it; a photo that it is an image. */
export const photoContentSchema = z
  .discriminatedUnion("msgtype", [
    imageContentSchema.extend({ [contentKeys.photo]: photoSchema }),
    videoContentSchema.extend({ [contentKeys.photo]: photoSchema }),
  ])
  .refine((content) => content.info.mimetype === (content[contentKeys.photo].clip?.type ?? "image/jpeg"));
export const previewContentSchema = imageContentSchema.extend({ [contentKeys.preview]: previewSchema });
export const opinionContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.opinion]: signedOpinionSchema,
});
export const amendmentContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.amendment]: signedAmendmentSchema,
});
export const responseContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.response]: responseSchema,
});
export const glassContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.glass]: z.object({
    glass: signedGlassSchema,
    reason: z.string().trim().min(minReason).max(maxReason),
  }),
});
export const informedContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.informed]: informedSchema,
});
export const misfiledContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.misfiled]: signedMisfilingSchema,
});
export const identityContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.identity]: signedIdentityCorrectionSchema,
});
export const questionContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body,
  [contentKeys.question]: signedQuestionAmendmentSchema,
});
export const messageContentSchema = z.object({
  msgtype: z.literal("m.text"),
  body: z.string().min(1).max(8000),
  [contentKeys.message]: z.object({ clientRef }),
});

/** A decrypted event of a case, told apart. */
export type CaseEvent = {
  readonly eventId: string;
  readonly sender: string;
  /** Server's time, milliseconds since the epoch. */
  readonly atMs: number;
} & (
  | { readonly kind: "request"; readonly request: Request }
  | {
      readonly kind: "consent";
      readonly consent: z.infer<typeof signedConsentSchema>;
      readonly evidence: z.infer<typeof consentEvidenceSchema>;
    }
  | { readonly kind: "photo"; readonly photo: Photo }
  | { readonly kind: "preview"; readonly preview: Photo }
  | { readonly kind: "opinion"; readonly opinion: SignedOpinion }
  | { readonly kind: "amendment"; readonly amendment: SignedAmendment }
  | { readonly kind: "response"; readonly response: Response }
  | { readonly kind: "message"; readonly text: string; readonly clientRef: string | undefined }
  | { readonly kind: "glass"; readonly glass: SignedGlass; readonly reason: string }
  | { readonly kind: "informed"; readonly informed: Informed }
  | { readonly kind: "misfiled"; readonly misfiling: SignedMisfiling }
  | { readonly kind: "question"; readonly amendment: SignedQuestionAmendment }
  | { readonly kind: "identity"; readonly correction: SignedIdentityCorrection }
  | { readonly kind: "withdrawn"; readonly withdrawn: Withdrawn }
  | { readonly kind: "admission"; readonly admission: Admission }
  | { readonly kind: "call"; readonly call: CallTrace }
  | { readonly kind: "expired"; readonly expired: Expired }
  | { readonly kind: "ring"; readonly ring: Ring }
  | { readonly kind: "decline"; readonly ringId: string; readonly reason: DeclineReason }
  | { readonly kind: "filed"; readonly filed: Filed }
  | { readonly kind: "seen"; readonly seen: Seen }
  | { readonly kind: "foreign"; readonly body: string | undefined }
  | { readonly kind: "malformed"; readonly what: string }
);

export type DecryptedEvent = {
  eventId: string;
  sender: string;
  atMs: number;
  type: string;
  content: unknown;
};

/**
 * Reads a decrypted event. One that claims to be ours and breaks its schema is `malformed` (shown as such, never filed);
 * a plain message of another client is a `message` too, so that a case opened elsewhere stays a conversation.
 */
export function parseCaseEvent(event: DecryptedEvent): CaseEvent {
  const base = { eventId: event.eventId, sender: event.sender, atMs: event.atMs };
  if (event.type === machineTypes.filed)
    return { ...base, ...read(filedSchema, event.content, (filed) => ({ kind: "filed", filed }), "filed") };
  if (event.type === machineTypes.seen)
    return { ...base, ...read(seenSchema, event.content, (seen) => ({ kind: "seen", seen }), "seen") };
  if (event.type === machineTypes.withdrawn)
    return {
      ...base,
      ...read(withdrawnSchema, event.content, (withdrawn) => ({ kind: "withdrawn", withdrawn }), "withdrawn"),
    };
  if (event.type === machineTypes.admission)
    return {
      ...base,
      ...read(admissionSchema, event.content, (admission) => ({ kind: "admission", admission }), "admission"),
    };
  if (event.type === machineTypes.call)
    return { ...base, ...read(callTraceSchema, event.content, (call) => ({ kind: "call", call }), "call") };
  if (event.type === machineTypes.expired)
    return {
      ...base,
      ...read(expiredSchema, event.content, (expired) => ({ kind: "expired", expired }), "expired"),
    };
  if (event.type === ringType)
    return { ...base, ...read(ringSchema, event.content, (ring) => ({ kind: "ring", ring }), "ring") };
  if (event.type === declineType)
    return {
      ...base,
      ...read(
        declineSchema,
        event.content,
        (decline) => ({
          kind: "decline",
          ringId: decline["m.relates_to"].event_id,
          reason: declineReasonOf(decline),
        }),
        "decline",
      ),
    };
  if (event.type !== "m.room.message" || event.content === null || typeof event.content !== "object") {
    return { ...base, kind: "foreign", body: undefined };
  }
  return { ...base, ...parseMessage(event.content) };
}

type Body<K = CaseEvent> = K extends CaseEvent ? Omit<K, "eventId" | "sender" | "atMs"> : never;

function parseMessage(content: object): Body {
  if (contentKeys.request in content)
    return read(
      requestContentSchema,
      content,
      (c) => ({ kind: "request", request: c[contentKeys.request] }),
      "request",
    );
  if (contentKeys.consent in content)
    return read(
      consentContentSchema,
      content,
      (c) => ({
        kind: "consent",
        consent: c[contentKeys.consent].consent,
        evidence: c[contentKeys.consent].evidence,
      }),
      "consent",
    );
  if (contentKeys.photo in content)
    return read(
      photoContentSchema,
      content,
      (c) => ({ kind: "photo", photo: c[contentKeys.photo] }),
      "photo",
    );
  if (contentKeys.preview in content)
    return read(
      previewContentSchema,
      content,
      (c) => ({ kind: "preview", preview: c[contentKeys.preview] }),
      "preview",
    );
  if (contentKeys.opinion in content)
    return read(
      opinionContentSchema,
      content,
      (c) => ({ kind: "opinion", opinion: c[contentKeys.opinion] }),
      "opinion",
    );
  if (contentKeys.amendment in content)
    return read(
      amendmentContentSchema,
      content,
      (c) => ({ kind: "amendment", amendment: c[contentKeys.amendment] }),
      "amendment",
    );
  if (contentKeys.response in content)
    return read(
      responseContentSchema,
      content,
      (c) => ({ kind: "response", response: c[contentKeys.response] }),
      "response",
    );
  if (contentKeys.glass in content)
    return read(
      glassContentSchema,
      content,
      (c) => ({ kind: "glass", glass: c[contentKeys.glass].glass, reason: c[contentKeys.glass].reason }),
      "glass",
    );
  if (contentKeys.informed in content)
    return read(
      informedContentSchema,
      content,
      (c) => ({ kind: "informed", informed: c[contentKeys.informed] }),
      "informed",
    );
  if (contentKeys.misfiled in content)
    return read(
      misfiledContentSchema,
      content,
      (c) => ({ kind: "misfiled", misfiling: c[contentKeys.misfiled] }),
      "misfiled",
    );
  if (contentKeys.identity in content)
    return read(
      identityContentSchema,
      content,
      (c) => ({ kind: "identity", correction: c[contentKeys.identity] }),
      "identity",
    );
  if (contentKeys.question in content)
    return read(
      questionContentSchema,
      content,
      (c) => ({ kind: "question", amendment: c[contentKeys.question] }),
      "question",
    );
  if (contentKeys.message in content)
    return read(
      messageContentSchema,
      content,
      (c) => ({ kind: "message", text: c.body, clientRef: c[contentKeys.message].clientRef }),
      "message",
    );
  const plain = z
    .object({ msgtype: z.enum(["m.text", "m.notice", "m.emote"]), body: z.string().min(1).max(8000) })
    .safeParse(content);
  if (plain.success) return { kind: "message", text: plain.data.body, clientRef: undefined };
  // An image without our receipt is exactly what the gate refuses: it is named, never shown.
  return { kind: "foreign", body: undefined };
}

function read<T>(schema: z.ZodType<T>, content: unknown, to: (value: T) => Body, what: string): Body {
  const parsed = schema.safeParse(content);
  return parsed.success ? to(parsed.data) : { kind: "malformed", what };
}

/** Milliseconds that each urgency leaves for an answer. "now" is a telephone call and never a written request. */
export const answerWithinMs: Readonly<Record<Urgency, number>> = {
  now: 0,
  today: 8 * 3600 * 1000,
  "48h": 48 * 3600 * 1000,
  "7d": 7 * 24 * 3600 * 1000,
};
