import type { PermitAnswer } from "#protocol/api.ts";
import type { Consent } from "#protocol/consent.ts";
import { audienceOf, type Decision, mayDisclose, type Status } from "#protocol/disclose.ts";
import { contentKeys, type Photo } from "#protocol/events.ts";
import { consentIdSchema, receiptIdSchema } from "#protocol/ids.ts";
import { type Addressee, type Clinician, membersOf } from "#protocol/people.ts";
import type { Receipt, Rendition, SignedReceipt } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { type Bytes, toHex } from "../kit/bytes.ts";
import type { Signer } from "../session/signing.ts";
import type { PreparedPhoto } from "../types.ts";
import { inWords, type Language } from "../words.ts";
import {
  describeFile,
  type EncryptedBytes,
  encryptFile,
  type FileSecret,
  makeFileSecret,
} from "./attachment.ts";

/**
 * The sender's half of a photo's way, in this order: gate 1 → encrypt and hash → receipt → (permit) → event and bytes.
 * Nothing is encrypted, let alone sent, before the gate allowed it.
 */

/** A photo without its pictures, as an event needs it. */
export type PhotoFacts = Omit<PreparedPhoto, "jpeg" | "preview"> & {
  readonly bytes: number;
  readonly preview: { readonly widthPx: number; readonly heightPx: number; readonly bytes: number };
};

export type PhotoPictures = Readonly<Record<Rendition, Bytes>>;
export type PhotoSecrets = Readonly<Record<Rendition, FileSecret>>;
export type EncryptedPhoto = Readonly<Record<Rendition, EncryptedBytes>>;

export const factsOf = ({ jpeg, preview, ...facts }: PreparedPhoto): PhotoFacts => ({
  ...facts,
  bytes: jpeg.length,
  preview: { widthPx: preview.widthPx, heightPx: preview.heightPx, bytes: preview.jpeg.length },
});

export const makePhotoSecrets = (): PhotoSecrets => ({ full: makeFileSecret(), preview: makeFileSecret() });

/** Who will see it: everybody whom the addressee stands for, or the people who are in the room already. */
export type Readers =
  | { readonly kind: "addressee"; readonly addressee: Addressee }
  | { readonly kind: "people"; readonly userIds: readonly string[] };

export type GateQuestion = {
  readonly consent: Consent | null;
  /** Null when the words of a request are asked about, rather than a photo. */
  readonly photo: PhotoFacts | null;
  readonly readers: Readers;
  readonly sender: string;
  readonly clinicians: readonly Clinician[];
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
    ...(userIds.length === 0 && readers.kind === "addressee" ? ["outside-team" as const] : []),
    ...userIds.map((userId) => audienceOf(userId, consent, clinicians)),
  ];
  const receipt =
    question.photo === null ? null : { ...receiptDraft(question.photo, consent, sender), ciphertexts: [] };
  for (const audience of audiences) {
    const decision = mayDisclose(consent, receipt, question.status, audience, "care", question.nowMs);
    if (!decision.allow) return decision;
  }
  return { allow: true };
}

function receiptDraft(photo: PhotoFacts, consent: Consent, takenBy: string): Omit<Receipt, "ciphertexts"> {
  return {
    v: 1,
    receiptId: receiptIdSchema.parse(photo.photoId),
    consentId: consentIdSchema.parse(photo.consentId),
    caseId: consent.caseId,
    pseudonym: consent.pseudonym,
    pictureSha256: photo.sha256,
    takenBy,
    takenAt: photo.takenAt,
    source: photo.source,
  };
}

/** Both renditions side by side. The same secrets give the same bytes again after a reload. */
export async function encryptPhoto(pictures: PhotoPictures, secrets: PhotoSecrets): Promise<EncryptedPhoto> {
  const [preview, full] = await Promise.all([
    encryptFile(pictures.preview, secrets.preview),
    encryptFile(pictures.full, secrets.full),
  ]);
  return { preview, full };
}

/** The receipt names every ciphertext; the taker's certified key signs it. */
export const signReceipt = (
  photo: PhotoFacts,
  consent: Consent,
  takenBy: string,
  encrypted: EncryptedPhoto,
  signer: Signer,
): Promise<SignedReceipt> =>
  signer.sign({
    ...receiptDraft(photo, consent, takenBy),
    ciphertexts: (["preview", "full"] as const).map((rendition) => ({
      rendition,
      sha256: toHex(encrypted[rendition].sha256),
      bytes: encrypted[rendition].ciphertext.length,
    })),
  });

/** The event of a photo whose media ids are reserved. */
export function photoContent(
  photo: PhotoFacts,
  receipt: SignedReceipt,
  secrets: PhotoSecrets,
  hashes: Readonly<Record<Rendition, Bytes>>,
  permit: PermitAnswer,
  language: Language,
): Result<Record<string, unknown>, "hash-mismatch"> {
  const mxcOf = (rendition: Rendition): string | undefined =>
    permit.files.find((file) => file.rendition === rendition && file.sha256 === toHex(hashes[rendition]))
      ?.mxc;
  const mxc = { preview: mxcOf("preview"), full: mxcOf("full") };
  // A permit for other bytes than these is no permit.
  if (mxc.preview === undefined || mxc.full === undefined) return err("hash-mismatch");
  const file = describeFile(mxc.full, secrets.full, hashes.full);
  const told: Photo = {
    photoId: receipt.payload.receiptId,
    receipt,
    site: photo.site,
    view: photo.view,
    widthPx: photo.widthPx,
    heightPx: photo.heightPx,
    bytes: photo.bytes,
    preview: { ...photo.preview, file: describeFile(mxc.preview, secrets.preview, hashes.preview) },
    file,
  };
  return ok({
    msgtype: "m.image",
    body: inWords.photo(photo, language),
    file,
    info: { mimetype: "image/jpeg", w: photo.widthPx, h: photo.heightPx, size: photo.bytes },
    [contentKeys.photo]: told,
  });
}
