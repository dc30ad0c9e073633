import { type Consent, inForce, type SignedConsent } from "#protocol/consent.ts";
import type { ConsentRules } from "#protocol/consent-rules.ts";
import { audienceOf, mayDisclose, type Status } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { ClipType, EncryptedFile, Photo } from "#protocol/events.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import { localUntilMs, statusWhenSilent } from "#protocol/offline.ts";
import type { Clinician } from "#protocol/people.ts";
import type { Receipt, Rendition } from "#protocol/receipt.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { RegistryKey } from "#protocol/signed.ts";
import type { Api } from "../api.ts";
import { type Bytes, fromBase64, sha256Hex, toHex } from "../kit/bytes.ts";
import { glassesOf, type Lease, leaseOn, stateOf, statusOf, timeOf } from "../registry.ts";
import { verifySigned } from "../session/signing.ts";
import type { Picture, PictureRefusal } from "../types.ts";
import { decryptFile } from "./attachment.ts";
import type { Emergencies } from "./emergencies.ts";
import { isSilence, type Leases } from "./leases.ts";
import type { OnShelf, Shelf } from "./shelf.ts";

/**
 * The reader's half of a photo's way: receipt and consent verified → gate 3 → download → hash → decrypt → screen.
 * What fails on the way gives a reason and never a part of a picture. While the registry is silent the download is what this device was
 * given before.
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
  /** Nobody is signed in any more. */
  clear(): void;
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
  readonly registryKey: () => Promise<RegistryKey>;
  readonly clinicians: () => readonly Clinician[];
  readonly userId: () => string;
  /** What holds on this device: on a shared station no hours without the registry. */
  readonly rules: () => Promise<Pick<ConsentRules, "offlineHours" | "localGlassMinutes">>;
  readonly emergencies: Pick<Emergencies, "on">;
  readonly shelf: Shelf;
};

type Refused = Result<never, PictureRefusal>;
const refused = (reason: Extract<PictureRefusal, { kind: "refused" }>["reason"]): Refused =>
  err({ kind: "refused", reason });

const maxKept = 12;
/** Tells the access log whether a person looks at a picture, or this device prepares it. */
const readHeader = "x-colloque-read";

export function createPictureReader(deps: ReaderDeps): PictureReader {
  const { shelf } = deps;
  const kept = new Map<string, { readonly consentId: string; readonly jpeg: Bytes }>();

  /** Where the registry's silence alone stands in the way, and the picture is here, an emergency could open it. */
  const refusal = async (of: OnShelf, why: PictureRefusal): Promise<PictureRefusal> => {
    const silent = isSilentRefusal(why);
    if (silent === null) return why;
    const onDevice = kept.has(keyOf(of)) || (await shelf.has(of));
    return { kind: "unavailable", code: silent, ...(onDevice && { onDevice }) };
  };

  const bytesOf = async (
    of: OnShelf,
    file: EncryptedFile,
    how: "view" | "machine",
    said: Word,
  ): Promise<Result<Bytes, PictureRefusal>> => {
    const fetched: Result<Bytes, PictureRefusal> =
      said === "heard"
        ? await fetchCiphertext(file, how, deps.api)
        : err({ kind: "unavailable", code: "registry-unreachable" });
    if (fetched.ok || isSilentRefusal(fetched.error) === null) return fetched;
    const before = await shelf.take(of);
    return before === null ? fetched : ok(before);
  };

  return {
    keep({ photoId, consentId }, rendition, jpeg) {
      kept.set(`${photoId}/${rendition}`, { consentId, jpeg });
      const oldest = kept.size > maxKept ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    clear() {
      kept.clear();
      shelf.clear();
    },
    forget(consentId) {
      for (const [key, each] of kept) if (each.consentId === consentId) kept.delete(key);
      shelf.forget(consentId);
    },
    async mayShow(inCase, rendition) {
      const gate = await gateThree(inCase, rendition, deps);
      return gate.ok ? ok(undefined) : err(await refusal(shelved(inCase.photo, rendition), gate.error));
    },
    async read(inCase, rendition, how) {
      const { photo } = inCase;
      const of = shelved(photo, rendition);
      const gate = await gateThree(inCase, rendition, deps);
      if (!gate.ok) return err(await refusal(of, gate.error));
      const own = kept.get(keyOf(of));
      if (own !== undefined) return showable(own.jpeg, photo);
      const ciphertext = await bytesOf(of, photo.file, how, gate.value);
      if (!ciphertext.ok) return ciphertext;
      const decrypted = await decryptFile(ciphertext.value, photo.file);
      if (!decrypted.ok) return refused(decrypted.error);
      const shown = await showable(decrypted.value, photo);
      if (shown.ok && gate.value === "heard") shelf.put(of, ciphertext.value);
      return shown;
    },
  };
}

const keyOf = ({ photoId, rendition }: OnShelf): string => `${photoId}/${rendition}`;
const shelved = ({ photoId, receipt }: Photo, rendition: Rendition): OnShelf => ({
  photoId,
  consentId: receipt.payload.consentId,
  rendition,
});

/** The code to tell, where nothing but silence stands in the way; null for everything else. */
function isSilentRefusal(why: PictureRefusal): ErrorCode | null {
  if (why.kind === "unavailable") return isSilence(why.code) ? why.code : null;
  return why.kind === "refused" && why.reason === "status-stale" ? "registry-unreachable" : null;
}

/** Whether the registry was heard, or is silent and its last word counts. */
type Word = "heard" | "silent";

/** Gate 3: nothing is fetched, let alone decrypted, before all of this holds. */
export async function gateThree(
  inCase: PhotoInCase,
  rendition: Rendition,
  deps: Omit<ReaderDeps, "api" | "shelf">,
): Promise<Result<Word, PictureRefusal>> {
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
  let heard = await leasing;
  if (heard.ok && leaseOn(heard.value, consent.payload) === undefined) {
    // The consent is newer than what was asked last.
    deps.leases.forget(roomId);
    heard = await deps.leases.of(roomId);
  }
  if (!heard.ok && heard.error === "withdrawn") return err({ kind: "withdrawn" });
  const leases = heard.ok ? heard.value : isSilence(heard.error) ? await deps.leases.lastHeard(roomId) : null;
  if (leases === null) return err({ kind: "unavailable", code: heard.ok ? "internal" : heard.error });
  const lease = leaseOn(leases, consent.payload);
  if (lease === undefined) return refused("status-unknown");
  // By the registry's time: this device's own clock may be wrong, or be set while the registry is silent.
  const nowMs = timeOf(lease);
  const { status, glasses } = heard.ok
    ? {
        status: statusOf(leases, consent.payload, receipt, nowMs),
        glasses: glassesOf(leases, consent.payload),
      }
    : await whileSilent(lease, receipt, nowMs, deps);
  const word = inForce(consent.payload, await livingWords(inCase, leases, registryKey));
  const audience = audienceOf(deps.userId(), word, deps.clinicians(), glasses, nowMs);
  const decision = mayDisclose(word, receipt, status, audience, "care", nowMs);
  if (decision.allow) return ok(heard.ok ? "heard" : "silent");
  return decision.reason === "withdrawn" ? err({ kind: "withdrawn" }) : refused(decision.reason);
}

/** The registry's last word, and the emergency that was signed here since it is silent, if any. */
async function whileSilent(
  lease: Lease,
  receipt: Receipt,
  nowMs: number,
  deps: Pick<ReaderDeps, "rules" | "emergencies" | "userId">,
): Promise<{ status: Status; glasses: OpenGlass[] }> {
  const rules = await deps.rules();
  const emergency = deps.emergencies.on(receipt.consentId);
  const word = { state: stateOf(lease, receipt), ageMs: lease.ageMs() };
  const here =
    emergency === null ? [] : [{ reader: deps.userId(), untilMs: localUntilMs(emergency, rules, nowMs) }];
  return {
    status: statusWhenSilent(word, emergency, rules, nowMs),
    glasses: [...glassesOf([lease], receipt), ...here],
  };
}

/** The consents of the case that the registry calls live, and that were signed by who says to have collected them. */
async function livingWords(
  { consents }: PhotoInCase,
  leases: readonly Lease[],
  registryKey: RegistryKey,
): Promise<Consent[]> {
  const live = consents.filter(({ payload }) => leaseOn(leases, payload)?.claims.state === "live");
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

async function fetchCiphertext(
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
    return ok(new Uint8Array(await answer.value.arrayBuffer()));
  } catch {
    return err({ kind: "unavailable", code: "homeserver-unreachable" });
  }
}

/** Only a JPEG becomes a picture, and only WebM or MP4 a clip; and only if it is what was hashed at the shutter. */
async function showable(bytes: Bytes, photo: Photo): Promise<Result<Picture, PictureRefusal>> {
  const sha256 = await sha256Hex(bytes);
  if (sha256 !== photo.receipt.payload.pictureSha256) return refused("hash-mismatch");
  const type = photo.clip?.type ?? "image/jpeg";
  if (!beginnings[type](bytes)) return refused("hash-mismatch");
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  return ok({ url, sha256, bytes: bytes.length, release: () => URL.revokeObjectURL(url) });
}

const starts = (bytes: Bytes, at: number, ...with_: number[]): boolean =>
  with_.every((byte, index) => bytes[at + index] === byte);

/** How a file of each type begins. */
const beginnings: Readonly<Record<"image/jpeg" | ClipType, (bytes: Bytes) => boolean>> = {
  "image/jpeg": (bytes) => starts(bytes, 0, 0xff, 0xd8, 0xff),
  "video/webm": (bytes) => starts(bytes, 0, 0x1a, 0x45, 0xdf, 0xa3),
  "video/mp4": (bytes) => starts(bytes, 4, 0x66, 0x74, 0x79, 0x70),
};
