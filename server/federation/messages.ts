import { z } from "zod";
import { consentIdSchema, mxcUriSchema, receiptIdSchema, roomIdSchema, userIdSchema } from "#protocol/ids.ts";
import { renditionSchema } from "#protocol/receipt.ts";

/**
 * What Colloque servers of two hospitals say to each other, each a compact JWS (ES256) by the speaker's federation key: who says it, to
 * whom, when (seconds), and what kind of word it is, so that none can be taken for another.
 */
const word = { iss: z.string().max(255), aud: z.string().max(255), iat: z.int() };

/** May this reader of ours have this picture of yours, now? */
export const questionSchema = z.strictObject({
  ...word,
  kind: z.literal("question"),
  nonce: z.uuid(),
  mxc: mxcUriSchema,
  reader: userIdSchema,
  how: z.enum(["view", "machine"]),
});
export type Question = z.infer<typeof questionSchema>;

const answer = {
  ...word,
  kind: z.literal("answer"),
  nonce: z.uuid(),
  mxc: mxcUriSchema,
  reader: userIdSchema,
};

/** The answer names the question that it is for: an old one, or one for somebody else, says nothing. */
export const answerSchema = z.discriminatedUnion("grants", [
  z.strictObject({
    ...answer,
    grants: z.literal("picture"),
    roomId: roomIdSchema,
    caseId: z.string(),
    consentId: consentIdSchema,
    receiptId: receiptIdSchema,
    rendition: renditionSchema,
  }),
  z.strictObject({ ...answer, grants: z.literal("key-bundle") }),
  z.strictObject({
    ...answer,
    grants: z.literal("nothing"),
    code: z.enum(["not-found", "not-a-member", "gate-refused", "withdrawn", "not-allowed"]),
    reason: z.string().max(64).optional(),
  }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** Pictures that one word names at most. */
export const mostRevoked = 500;

/** A consent of ours was taken back, and these were its pictures, or some of them. */
export const revocationSchema = z.strictObject({
  ...word,
  kind: z.literal("revocation"),
  consentId: consentIdSchema,
  mxcs: z.array(mxcUriSchema).max(mostRevoked),
});
export type Revocation = z.infer<typeof revocationSchema>;

/** Where the other gateway takes a word: a POST whose body is the JWS, and whose answer, if it has one, is a JWS. */
export const federationPaths = {
  question: "/colloque/federation/v1/question",
  revocation: "/colloque/federation/v1/revocation",
  /** GET: the public key that the other hospital writes into its allow-list. */
  key: "/colloque/federation/v1/key",
} as const;
