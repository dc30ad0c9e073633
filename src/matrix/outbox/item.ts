import { z } from "zod";
import { permitAnswerSchema } from "#protocol/api.ts";
import { bodySiteSchema } from "#protocol/body-sites.ts";
import { canonicalJson } from "#protocol/canonical.ts";
import { consentEvidenceSchema, consentSchema, signedConsentSchema } from "#protocol/consent.ts";
import { type RefusalReason, refusalReasonSchema } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { isErrorCode } from "#protocol/errors.ts";
import {
  type CaseEvent,
  informedSchema,
  photoSchema,
  requestSchema,
  responseSchema,
  signedOpinionSchema,
  viewSchema,
  withdrawnSchema,
} from "#protocol/events.ts";
import { signedGlassSchema } from "#protocol/glass.ts";
import { signedIdentityCorrectionSchema } from "#protocol/identity.ts";
import { caseIdSchema, consentIdSchema, instantSchema, sha256Schema } from "#protocol/ids.ts";
import { signedMisfilingSchema } from "#protocol/misfiling.ts";
import { signedAmendmentSchema } from "#protocol/opinion.ts";
import { addresseeSchema } from "#protocol/people.ts";
import { signedQuestionAmendmentSchema } from "#protocol/question.ts";
import { type Rendition, renditionSchema, signedReceiptSchema } from "#protocol/receipt.ts";
import { toJson } from "../kit/json.ts";

/** What waits to leave this device. Everything needed to go on after a reload is in here, save the pictures themselves. */

const bytes = z.instanceof(Uint8Array).transform((each) => new Uint8Array(each));
const secret = z.object({ key: bytes, iv: bytes });

const factsSchema = z.object({
  photoId: z.string(),
  receiptId: z.string(),
  rendition: renditionSchema,
  consentId: z.string(),
  widthPx: z.int(),
  heightPx: z.int(),
  sha256: sha256Schema,
  site: bodySiteSchema,
  view: viewSchema,
  takenAt: instantSchema,
  source: z.enum(["camera", "file"]),
  clip: photoSchema.shape.clip,
  bytes: z.int(),
});

const bodySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("register"), consent: signedConsentSchema }),
  z.object({
    /** The patient's word to the registry, which a lost network only puts off. */
    kind: z.literal("withdraw"),
    consentId: consentIdSchema,
    reason: withdrawnSchema.shape.reason,
  }),
  z.object({
    /** The journal of emergencies that were opened while the registry was silent: what it must know as soon as it is back. */
    kind: z.literal("journal"),
    glass: signedGlassSchema,
  }),
  z.object({ kind: z.literal("room") }),
  z.object({
    kind: z.literal("consent"),
    consent: signedConsentSchema,
    evidence: consentEvidenceSchema,
  }),
  z.object({ kind: z.literal("request"), request: requestSchema }),
  z.object({
    /** A photo, or its preview. */
    kind: z.literal("picture"),
    facts: factsSchema,
    consent: consentSchema,
    /** Whom the request names, while the room has no such member yet. */
    addressee: addresseeSchema.nullable(),
    secret,
    receipt: signedReceiptSchema.nullable(),
    permit: permitAnswerSchema.nullable(),
    uploaded: z.boolean(),
  }),
  z.object({ kind: z.literal("message"), text: z.string(), clientRef: z.uuid() }),
  z.object({ kind: z.literal("response"), response: responseSchema }),
  z.object({ kind: z.literal("opinion"), opinion: signedOpinionSchema }),
  z.object({ kind: z.literal("misfiled"), misfiling: signedMisfilingSchema }),
  z.object({ kind: z.literal("identity"), correction: signedIdentityCorrectionSchema }),
  z.object({ kind: z.literal("question"), amendment: signedQuestionAmendmentSchema }),
  z.object({ kind: z.literal("amendment"), amendment: signedAmendmentSchema }),
  z.object({ kind: z.literal("glass"), glass: signedGlassSchema, reason: z.string() }),
  z.object({ kind: z.literal("informed"), informed: informedSchema }),
]);
export type ItemBody = z.infer<typeof bodySchema>;

const failureSchema = z.custom<ErrorCode | RefusalReason>(
  (value) => isErrorCode(value) || refusalReasonSchema.safeParse(value).success,
);

export const itemSchema = z.object({
  localId: z.string(),
  /** Order inside the device: a case's items leave in this order. */
  seq: z.number(),
  caseId: caseIdSchema,
  roomId: z.string().nullable(),
  /** Matrix transaction id, the same at each attempt, so that the homeserver knows a repetition. */
  txnId: z.string(),
  atMs: z.number(),
  body: bodySchema,
  /** The event, once the homeserver has it. */
  eventId: z.string().nullable(),
  /** All steps done; it waits for its echo in the room. */
  done: z.boolean(),
  failed: failureSchema.nullable(),
});
export type OutboxItem = z.infer<typeof itemSchema>;

export const refOfPicture = (of: { readonly rendition: Rendition; readonly photoId: string }): string =>
  `${of.rendition === "full" ? "photo" : "preview"} ${of.photoId}`;

/** Both forms of one photo: what is done to one is done to the other. */
export const photoOfItem = ({ body }: Pick<OutboxItem, "body">): string | null =>
  body.kind === "picture" ? body.facts.photoId : null;

/** Names an item by what it says, so that its echo is known from the room alone. Null for what makes no event. */
export function refOfItem(item: Pick<OutboxItem, "body" | "caseId">): string | null {
  const { body } = item;
  switch (body.kind) {
    case "register":
    case "withdraw":
    case "journal":
    case "room":
      return null;
    case "consent":
      return `consent ${body.consent.payload.consentId}`;
    case "request":
      return `request ${item.caseId}`;
    case "picture":
      return refOfPicture(body.facts);
    case "message":
      return `message ${body.clientRef}`;
    case "response":
      return `response ${canonicalJson(toJson(body.response))}`;
    case "opinion":
      return `opinion ${body.opinion.payload.opinionId}`;
    case "misfiled":
      return `misfiled ${body.misfiling.payload.misfilingId}`;
    case "question":
      return `question ${body.amendment.jws}`;
    case "identity":
      return `identity ${body.correction.payload.correctionId}`;
    case "amendment":
      return `opinion ${body.amendment.payload.opinion.opinionId}`;
    case "glass":
      return `glass ${body.glass.payload.glassId}`;
    case "informed":
      return `informed ${canonicalJson(toJson(body.informed))}`;
  }
}

/** The same name, from this person's own event in the room. */
export function refOfEvent(event: CaseEvent): string | null {
  switch (event.kind) {
    case "consent":
      return `consent ${event.consent.payload.consentId}`;
    case "request":
      return `request ${event.request.caseId}`;
    case "photo":
      return refOfPicture({ rendition: "full", photoId: event.photo.photoId });
    case "preview":
      return refOfPicture({ rendition: "preview", photoId: event.preview.photoId });
    case "message":
      return event.clientRef === undefined ? null : `message ${event.clientRef}`;
    case "response":
      return `response ${canonicalJson(toJson(event.response))}`;
    case "opinion":
      return `opinion ${event.opinion.payload.opinionId}`;
    case "misfiled":
      return `misfiled ${event.misfiling.payload.misfilingId}`;
    case "question":
      return `question ${event.amendment.jws}`;
    case "identity":
      return `identity ${event.correction.payload.correctionId}`;
    case "amendment":
      return `opinion ${event.amendment.payload.opinion.opinionId}`;
    case "glass":
      return `glass ${event.glass.payload.glassId}`;
    case "informed":
      return `informed ${canonicalJson(toJson(event.informed))}`;
    default:
      return null;
  }
}

/** That somebody went past a consent is nothing to be taken back unsaid. */
export const mayDiscard = ({ body }: Pick<OutboxItem, "body">): boolean =>
  body.kind !== "glass" && body.kind !== "journal";

/** Without these, nothing else of the case may leave. */
export const holdsUpCase = (item: OutboxItem): boolean =>
  item.body.kind === "register" ||
  item.body.kind === "room" ||
  item.body.kind === "consent" ||
  item.body.kind === "request";
