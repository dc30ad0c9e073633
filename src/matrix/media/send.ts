import type { PermitAnswer } from "#protocol/api.ts";
import type { Consent } from "#protocol/consent.ts";
import { audienceOf, type Decision, mayDisclose, type Status } from "#protocol/disclose.ts";
import { contentKeys, type Photo } from "#protocol/events.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import { consentIdSchema, receiptIdSchema } from "#protocol/ids.ts";
import { type Addressee, type Clinician, membersOf } from "#protocol/people.ts";
import type { Receipt, Rendition, SignedReceipt } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { type Bytes, toHex } from "../kit/bytes.ts";
import type { Signer } from "../session/signing.ts";
import type { PhotoFacts, PreparedPicture } from "../types.ts";
import { inWords, type Language } from "../words.ts";
import { describeFile, type EncryptedBytes, type FileSecret } from "./attachment.ts";

/**
 * The sender's half of a photo's way, in this order: gate 1 → encrypt and hash → receipt → (permit) → event and bytes.
 * Nothing is encrypted, let alone sent, before the gate allowed it.
 */

/** One picture on its way, without its pixels: a photo, or the preview of one. Each has a receipt of its own. */
export type PictureFacts = PhotoFacts &
  Omit<PreparedPicture, "jpeg"> & {
    readonly bytes: number;
    readonly rendition: Rendition;
    readonly receiptId: string;
  };

/** Of a photo its own facts, and of its preview those of the preview. */
export function factsOf(photo: PhotoFacts, picture: PreparedPicture, rendition: Rendition): PictureFacts {
  const { photoId, consentId, site, view, takenAt, source, clip } = photo;
  const { jpeg, widthPx, heightPx, sha256 } = picture;
  const receiptId = rendition === "full" ? photoId : crypto.randomUUID();
  const shown = { photoId, consentId, site, view, takenAt, source, ...(clip && { clip }) };
  return { ...shown, widthPx, heightPx, sha256, bytes: jpeg.length, rendition, receiptId };
}

/** Who will see it: everybody whom the addressee stands for, or the people who are in the room already. */
export type Readers =
  | { readonly kind: "addressee"; readonly addressee: Addressee }
  | { readonly kind: "people"; readonly userIds: readonly string[] };

export type GateQuestion = {
  readonly consent: Consent | null;
  /** Null when the words of a request are asked about, rather than a photo. */
  readonly photo: PictureFacts | null;
  readonly readers: Readers;
  readonly sender: string;
  readonly clinicians: readonly Clinician[];
  /** For whom the glass is broken over it. */
  readonly glasses: readonly OpenGlass[];
  readonly status: Status;
  readonly nowMs: number;
};

/** Gate 1: every reader must be allowed, and the record with them, before a byte is encrypted. */
export function gateOne(question: GateQuestion): Decision {
  const { consent, clinicians, sender, readers } = question;
  if (consent === null) return mayDisclose(null, null, question.status, "record", "care", question.nowMs);
  const userIds =
    readers.kind === "people"
      ? readers.userIds
      : readers.addressee.kind === "person"
        ? [readers.addressee.userId]
        : membersOf(readers.addressee, clinicians, sender).map((person) => person.userId);
  const audiences = [
    "record" as const,
    // A pool that nobody is known to be in is a pool of strangers.
    ...(userIds.length === 0 && readers.kind === "addressee" ? ["addressed" as const] : []),
    ...userIds.map((userId) => audienceOf(userId, consent, clinicians, question.glasses, question.nowMs)),
  ];
  const receipt =
    question.photo === null ? null : { ...receiptDraft(question.photo, consent, sender), ciphertexts: [] };
  for (const audience of audiences) {
    const decision = mayDisclose(consent, receipt, question.status, audience, "care", question.nowMs);
    if (!decision.allow) return decision;
  }
  return { allow: true };
}

function receiptDraft(
  picture: PictureFacts,
  consent: Consent,
  takenBy: string,
): Omit<Receipt, "ciphertexts"> {
  return {
    v: 1,
    receiptId: receiptIdSchema.parse(picture.receiptId),
    ...(picture.rendition === "preview" && { derivedFrom: receiptIdSchema.parse(picture.photoId) }),
    ...(picture.clip !== undefined && { clip: true }),
    consentId: consentIdSchema.parse(picture.consentId),
    caseId: consent.caseId,
    pseudonym: consent.pseudonym,
    pictureSha256: picture.sha256,
    takenBy,
    takenAt: picture.takenAt,
    source: picture.source,
  };
}

/** The receipt names the ciphertext; the taker's certified key signs it. */
export const signReceipt = (
  picture: PictureFacts,
  consent: Consent,
  takenBy: string,
  { ciphertext, sha256 }: EncryptedBytes,
  signer: Signer,
): Promise<SignedReceipt> =>
  signer.sign({
    ...receiptDraft(picture, consent, takenBy),
    ciphertexts: [{ rendition: picture.rendition, sha256: toHex(sha256), bytes: ciphertext.length }],
  });

/** The event of a picture whose media id is reserved. */
export function pictureContent(
  picture: PictureFacts,
  receipt: SignedReceipt,
  secret: FileSecret,
  hash: Bytes,
  permit: PermitAnswer,
  language: Language,
): Result<Record<string, unknown>, "hash-mismatch"> {
  const reserved = permit.files.find((file) => file.sha256 === toHex(hash));
  // A permit for other bytes than these is no permit.
  if (reserved === undefined) return err("hash-mismatch");
  const { widthPx, heightPx, bytes } = picture;
  // What goes ahead of a clip is a still.
  const clip = picture.rendition === "full" ? picture.clip : undefined;
  const file = describeFile(reserved.mxc, secret, hash);
  const told: Photo = {
    photoId: receiptIdSchema.parse(picture.photoId),
    receipt,
    site: picture.site,
    view: picture.view,
    widthPx,
    heightPx,
    ...(clip && { clip }),
    bytes,
    file,
  };
  const size = { w: widthPx, h: heightPx, size: bytes };
  return ok({
    ...(clip === undefined
      ? { msgtype: "m.image", info: { mimetype: "image/jpeg", ...size } }
      : { msgtype: "m.video", info: { mimetype: clip.type, ...size, duration: clip.durationMs } }),
    body: inWords.photo(picture, language),
    file,
    [contentKeys[picture.rendition === "full" ? "photo" : "preview"]]: told,
  });
}
