import { type Consent, inForce, type SignedConsent } from "#protocol/consent.ts";
import { audienceOf, mayDisclose } from "#protocol/disclose.ts";
import type { EncryptedFile, Photo } from "#protocol/events.ts";
import type { Clinician } from "#protocol/people.ts";
import type { Rendition } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import type { Api } from "../api.ts";
import { type Bytes, fromBase64, sha256Hex, toHex } from "../kit/bytes.ts";
import type { Clock } from "../kit/clock.ts";
import { glassesOf, type Lease, statusOf } from "../registry.ts";
import { verifySigned } from "../session/signing.ts";
import type { Picture, PictureRefusal } from "../types.ts";
import { decryptFile } from "./attachment.ts";
import type { Leases } from "./leases.ts";

/**
 * The reader's half of a photo's way: receipt and consent verified → gate 3 → download → hash → decrypt → screen.
 * What fails on the way gives a reason and never a part of a picture.
 */
export type PictureReader = {
  read(
    photo: PhotoInCase,
    rendition: Rendition,
    how: "view" | "machine",
  ): Promise<Result<Picture, PictureRefusal>>;
  /** Gate 3 alone, for what is on screen already. */
  mayShow(photo: PhotoInCase, rendition: Rendition): Promise<Result<void, PictureRefusal>>;
  /** Keeps a picture that this device sent, so that it is not fetched back. It passes the same gate. */
  keep(of: { readonly photoId: string; readonly consentId: string }, rendition: Rendition, jpeg: Bytes): void;
  /** Forgets the pictures of a consent that was taken back. */
  forget(consentId: string): void;
};

/** A photo or its preview, and what is known of it from the room. */
export type PhotoInCase = {
  readonly roomId: string;
  readonly caseId: string;
  readonly sender: string;
  readonly photo: Photo;
  /** The signed consents of the case. */
  readonly consents: readonly SignedConsent[];
};

export type ReaderDeps = {
  readonly api: Api;
  readonly leases: Leases;
  readonly registryKey: () => Promise<PublicJwk>;
  readonly clinicians: () => readonly Clinician[];
  readonly userId: () => string;
  readonly clock: Clock;
};

type Refused = Result<never, PictureRefusal>;
const refused = (reason: Extract<PictureRefusal, { kind: "refused" }>["reason"]): Refused =>
  err({ kind: "refused", reason });

const maxKept = 12;
/** Tells the access log whether a person looks at a picture, or this device prepares it. */
const readHeader = "x-colloque-read";

export function createPictureReader(deps: ReaderDeps): PictureReader {
  const kept = new Map<string, { readonly consentId: string; readonly jpeg: Bytes }>();

  return {
    keep({ photoId, consentId }, rendition, jpeg) {
      kept.set(`${photoId}/${rendition}`, { consentId, jpeg });
      const oldest = kept.size > maxKept ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    forget(consentId) {
      for (const [key, each] of kept) if (each.consentId === consentId) kept.delete(key);
    },
    mayShow: (inCase, rendition) => gateThree(inCase, rendition, deps),
    async read(inCase, rendition, how) {
      const { photo } = inCase;
      const gate = await gateThree(inCase, rendition, deps);
      if (!gate.ok) return gate;
      const own = kept.get(`${photo.photoId}/${rendition}`);
      const picture = own === undefined ? await fetchPicture(photo.file, how, deps.api) : ok(own.jpeg);
      if (!picture.ok) return picture;
      return showable(picture.value, photo);
    },
  };
}

/** Gate 3: nothing is fetched, let alone decrypted, before all of this holds. */
export async function gateThree(
  inCase: PhotoInCase,
  rendition: Rendition,
  deps: Omit<ReaderDeps, "api">,
): Promise<Result<void, PictureRefusal>> {
  const { photo, sender, roomId } = inCase;
  const receipt = photo.receipt.payload;
  const leasing = deps.leases.of(roomId);
  const registryKey = await deps.registryKey();
  const taken = { signer: receipt.takenBy, signedAtMs: Date.parse(receipt.takenAt) };
  if (receipt.takenBy !== sender || !(await verifySigned(photo.receipt, registryKey, taken)).ok)
    return refused("bad-signature");
  if (receipt.caseId !== inCase.caseId) return refused("receipt-of-another-case");
  const consent = inCase.consents.find((each) => each.payload.consentId === receipt.consentId);
  if (consent === undefined) return refused("no-consent");
  const given = { signer: consent.payload.collectedBy, signedAtMs: Date.parse(consent.payload.collectedAt) };
  if (!(await verifySigned(consent, registryKey, given)).ok) return refused("bad-signature");
  if (!namesCiphertext(photo, rendition)) return refused("hash-mismatch");
  let leases = await leasing;
  if (leases.ok && statusOf(leases.value, consent.payload, receipt).state === "unknown") {
    // The consent is newer than what was asked last.
    deps.leases.forget(roomId);
    leases = await deps.leases.of(roomId);
  }
  if (!leases.ok && leases.error === "withdrawn") return err({ kind: "withdrawn" });
  if (!leases.ok) return err({ kind: "unavailable", code: leases.error });
  const nowMs = deps.clock.nowMs();
  const status = statusOf(leases.value, consent.payload, receipt);
  const glasses = glassesOf(leases.value, consent.payload);
  const word = inForce(consent.payload, await livingWords(inCase, leases.value, registryKey));
  const audience = audienceOf(deps.userId(), word, deps.clinicians(), glasses, nowMs);
  const decision = mayDisclose(word, receipt, status, audience, "care", nowMs);
  if (decision.allow) return ok(undefined);
  return decision.reason === "withdrawn" ? err({ kind: "withdrawn" }) : refused(decision.reason);
}

/** The consents of the case that the registry calls live, and that were signed by who says to have collected them. */
async function livingWords(
  { consents }: PhotoInCase,
  leases: readonly Lease[],
  registryKey: PublicJwk,
): Promise<Consent[]> {
  const live = consents.filter(({ payload }) => statusOf(leases, payload, null).state === "live");
  const signed = await Promise.all(
    live.map((each) =>
      verifySigned(each, registryKey, {
        signer: each.payload.collectedBy,
        signedAtMs: Date.parse(each.payload.collectedAt),
      }),
    ),
  );
  return live.flatMap(({ payload }, at) => (signed[at]?.ok === true ? [payload] : []));
}

/** The event's file must be the very one that the receipt signed for. */
function namesCiphertext(photo: Photo, rendition: Rendition): boolean {
  const hash = toHex(fromBase64(photo.file.hashes.sha256));
  return photo.receipt.payload.ciphertexts.some(
    (each) => each.rendition === rendition && each.sha256 === hash,
  );
}

async function fetchPicture(
  file: EncryptedFile,
  how: "view" | "machine",
  api: Api,
): Promise<Result<Bytes, PictureRefusal>> {
  const path = file.url.slice("mxc://".length).split("/").map(encodeURIComponent).join("/");
  const headers = { [readHeader]: how };
  const answer = await api.raw(`${api.baseUrl}/_matrix/client/v1/media/download/${path}`, { headers });
  if (!answer.ok) {
    const { code, errcode, reason } = answer.error;
    if (code === "withdrawn") return err({ kind: "withdrawn" });
    if (reason !== null) return refused(reason);
    if (errcode === "M_NOT_YET_UPLOADED") return err({ kind: "arriving" });
    return err({ kind: "unavailable", code });
  }
  try {
    const decrypted = await decryptFile(new Uint8Array(await answer.value.arrayBuffer()), file);
    return decrypted.ok ? decrypted : refused(decrypted.error);
  } catch {
    return err({ kind: "unavailable", code: "homeserver-unreachable" });
  }
}

/** Only a JPEG becomes a picture, and only if it is what was hashed at the shutter. */
async function showable(jpeg: Bytes, photo: Photo): Promise<Result<Picture, PictureRefusal>> {
  const sha256 = await sha256Hex(jpeg);
  if (sha256 !== photo.receipt.payload.pictureSha256) return refused("hash-mismatch");
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8 || jpeg[2] !== 0xff) return refused("hash-mismatch");
  const url = URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
  return ok({ url, sha256, bytes: jpeg.length, release: () => URL.revokeObjectURL(url) });
}
