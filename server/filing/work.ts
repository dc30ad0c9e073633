import { z } from "zod";
import { callTraceSchema } from "#protocol/calls.ts";
import { consentEvidenceSchema, signedConsentSchema } from "#protocol/consent.ts";
import {
  type CaseEvent,
  informedSchema,
  photoSchema,
  requestSchema,
  responseSchema,
  signedOpinionSchema,
  withdrawnSchema,
} from "#protocol/events.ts";
import { signedGlassSchema } from "#protocol/glass.ts";
import { signedIdentityCorrectionSchema } from "#protocol/identity.ts";
import { eventIdSchema, roomIdSchema, userIdSchema } from "#protocol/ids.ts";
import { signedMisfilingSchema } from "#protocol/misfiling.ts";
import { signedAmendmentSchema } from "#protocol/opinion.ts";
import { signedQuestionAmendmentSchema } from "#protocol/question.ts";

/** The kinds of event that belong in the record. */
export const fileableKinds = [
  "request",
  "consent",
  "photo",
  "message",
  "response",
  "opinion",
  "amendment",
  "glass",
  "informed",
  "withdrawn",
  "misfiled",
  "call",
  "identity",
  "question",
] as const;
export type FileableKind = (typeof fileableKinds)[number];
export type FileableEvent = Extract<CaseEvent, { kind: FileableKind }>;

/** What the bot hands over: one decrypted event and, for a photo, the stripped JPEG. Filing holds no Matrix key. */
export type WorkItem = {
  readonly eventId: string;
  readonly roomId: string;
  readonly sender: string;
  readonly atMs: number;
  readonly event: CaseEvent;
  /** The stripped picture, decrypted, its ciphertext's hash checked by the bot. */
  readonly picture?: Uint8Array<ArrayBuffer> | undefined;
};

/** An item as the inbox keeps it: the picture lies apart. */
export type InboxItem = {
  readonly roomId: string;
  readonly event: FileableEvent;
  /** What it was filed under before the identity was corrected. */
  readonly before?: string | undefined;
};

const fileable = new Set<CaseEvent["kind"]>(fileableKinds);

export const isFileable = (event: CaseEvent): event is FileableEvent => fileable.has(event.kind);

const base = { eventId: eventIdSchema, sender: userIdSchema, atMs: z.number() };
const eventSchema = z.union([
  z.object({ ...base, kind: z.literal("request"), request: requestSchema }),
  z.object({
    ...base,
    kind: z.literal("consent"),
    consent: signedConsentSchema,
    evidence: consentEvidenceSchema,
  }),
  z.object({ ...base, kind: z.literal("photo"), photo: photoSchema }),
  z.object({ ...base, kind: z.literal("opinion"), opinion: signedOpinionSchema }),
  z.object({ ...base, kind: z.literal("amendment"), amendment: signedAmendmentSchema }),
  z.object({ ...base, kind: z.literal("misfiled"), misfiling: signedMisfilingSchema }),
  z.object({ ...base, kind: z.literal("identity"), correction: signedIdentityCorrectionSchema }),
  z.object({ ...base, kind: z.literal("question"), amendment: signedQuestionAmendmentSchema }),
  z.object({ ...base, kind: z.literal("response"), response: responseSchema }),
  z.object({ ...base, kind: z.literal("glass"), glass: signedGlassSchema, reason: z.string() }),
  z.object({ ...base, kind: z.literal("informed"), informed: informedSchema }),
  z.object({ ...base, kind: z.literal("call"), call: callTraceSchema }),
  // By the patient, too, who is no user.
  z.object({ ...base, sender: z.string(), kind: z.literal("withdrawn"), withdrawn: withdrawnSchema }),
  z
    .object({ ...base, kind: z.literal("message"), text: z.string(), clientRef: z.string().optional() })
    .transform((message) => ({ ...message, clientRef: message.clientRef })),
]);
const inboxSchema = z.object({ roomId: roomIdSchema, event: eventSchema, before: z.string().optional() });

/** Reads back what the inbox kept. Throws on anything else: an unreadable row is a fault, never skipped. */
export const parseInbox = (text: string): InboxItem => inboxSchema.parse(JSON.parse(text));
