import { describe, expect, test } from "vitest";
import type { Consent, Purpose } from "#protocol/consent.ts";
import { frenchRules } from "#protocol/consent-rules.ts";
import type { Photo } from "#protocol/events.ts";
import { consentIdSchema, receiptIdSchema } from "#protocol/ids.ts";
import type { LocalGlass } from "#protocol/offline.ts";
import type { Clinician } from "#protocol/people.ts";
import type { Receipt } from "#protocol/receipt.ts";
import { err, ok } from "#protocol/result.ts";
import { sha256Hex, toHex } from "../kit/bytes.ts";
import { type Clock, markOf } from "../kit/clock.ts";
import { type Lease, readLease } from "../registry.ts";
import { type Signer, verifySigned } from "../session/signing.ts";
import { memoryDevice } from "../testing/memory-device.ts";
import { at, colleague, collector, nowMs, stranger, testConsent, testRegistry } from "../testing/people.ts";
import { describeFile, encryptFile, makeFileSecret } from "./attachment.ts";
import type { Leases } from "./leases.ts";
import { createPictureReader, gateThree, type PhotoInCase, type ReaderDeps } from "./read.ts";
import { createShelf } from "./shelf.ts";

const registry = await testRegistry();
const taker = await registry.certified(collector);
const roomId = "!room";

/** Now, or as much later, by both clocks. */
const clockAt = (ms: number): Clock => ({
  nowMs: () => ms,
  monoMs: () => ms - nowMs,
  wait: async () => undefined,
});
/** A lease as it was heard at the beginning of each test. */
const heard = (token: string, in_ = roomId, clock = clockAt(nowMs)) =>
  readLease(token, in_, registry.key, markOf(clockAt(nowMs)), clock);
const jpeg = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

type Made = { inCase: PhotoInCase; consent: Consent; ciphertext: Uint8Array<ArrayBuffer> };

async function madePhoto(
  options: {
    purposes?: readonly Purpose[];
    receipt?: Partial<Receipt>;
    signer?: Signer;
    consent?: Partial<Consent>;
    clip?: NonNullable<Photo["clip"]>;
    bytes?: Uint8Array<ArrayBuffer>;
  } = {},
): Promise<Made> {
  const plain = options.bytes ?? jpeg;
  const consent = testConsent(options.purposes ?? ["opinion", "care-named"], options.consent);
  const secret = makeFileSecret();
  const { ciphertext, sha256 } = await encryptFile(plain, secret);
  const file = describeFile("mxc://valombre.example/full", secret, sha256);
  const receipt = await (options.signer ?? taker).sign<Receipt>({
    v: 1,
    receiptId: receiptIdSchema.parse(crypto.randomUUID()),
    consentId: consent.consentId,
    caseId: consent.caseId,
    pseudonym: consent.pseudonym,
    pictureSha256: await sha256Hex(plain),
    ...(options.clip && { clip: true }),
    ciphertexts: [{ rendition: "full", sha256: toHex(sha256), bytes: ciphertext.length }],
    takenBy: collector,
    takenAt: at(nowMs - 1000),
    source: "camera",
    ...options.receipt,
  });
  const photo: Photo = {
    photoId: receipt.payload.receiptId,
    receipt,
    site: { region: "back", laterality: "U" },
    view: "overview",
    widthPx: 10,
    heightPx: 10,
    bytes: plain.length,
    ...(options.clip && { clip: options.clip }),
    file,
  };
  const signedConsent = await taker.sign(consent);
  const inCase = { roomId, caseId: consent.caseId, sender: collector, photo, consents: [signedConsent] };
  return { inCase, consent, ciphertext };
}

async function depsFor(
  consent: Consent,
  change: {
    lease?: Record<string, string | number | string[]>;
    userId?: string;
    nowMs?: number;
    silent?: boolean;
    offlineHours?: number;
    emergency?: LocalGlass;
  } = {},
): Promise<Omit<ReaderDeps, "api">> {
  const clock = clockAt(change.nowMs ?? nowMs);
  const lease = await heard(await registry.lease(consent, change.lease), roomId, clock);
  const leases: Lease[] = lease === null ? [] : [lease];
  return {
    leases: change.silent === true ? silent(leases) : hears(leases),
    registryKey: async () => registry.key,
    clinicians: (): Clinician[] => [],
    userId: () => change.userId ?? colleague,
    rules: async () => ({ ...frenchRules, offlineHours: change.offlineHours ?? frenchRules.offlineHours }),
    emergencies: { on: () => change.emergency ?? null },
    shelf: createShelf({ device: memoryDevice(), mayKeep: async () => false, clock }),
  };
}

const quiet = {
  forget: () => undefined,
  unlearn: () => undefined,
  clear: () => undefined,
  keepFresh: () => undefined,
};
const hears = (leases: readonly Lease[]): Leases => ({
  ...quiet,
  of: async () => ok(leases),
  lastHeard: async () => null,
});
const silent = (leases: readonly Lease[]): Leases => ({
  ...quiet,
  of: async () => err("registry-unreachable"),
  lastHeard: async () => (leases.length === 0 ? null : leases),
});

const refusal = (reason: string) => ({ ok: false, error: { kind: "refused", reason } });
const allowed = { ok: true, value: "heard" };

describe("gate 3", () => {
  test("[G17] a clip is seen under a yes to being filmed, and not under one to photos alone", async () => {
    const clip = { type: "video/webm", durationMs: 2000 } as const;
    const filmed = await madePhoto({ clip, purposes: ["opinion", "care-named", "video"] });
    expect(await gateThree(filmed.inCase, "full", await depsFor(filmed.consent))).toEqual(allowed);
    const alone = await madePhoto({ clip });
    expect(await gateThree(alone.inCase, "full", await depsFor(alone.consent))).toEqual(
      refusal("video-not-granted"),
    );
  });

  test("a colleague who was named sees the photo; a stranger does not", async () => {
    const { inCase, consent } = await madePhoto();
    expect(await gateThree(inCase, "full", await depsFor(consent))).toEqual(allowed);
    const other = await depsFor(consent, { userId: stranger });
    expect(await gateThree(inCase, "full", other)).toEqual(refusal("audience-not-covered"));
  });

  test("a receipt with one changed member is forged; the same one unchanged is not", async () => {
    const { inCase, consent } = await madePhoto();
    const { receipt } = inCase.photo;
    const payload = { ...receipt.payload, pictureSha256: "f".repeat(64) };
    const forged = { ...inCase, photo: { ...inCase.photo, receipt: { ...receipt, payload } } };
    expect(await gateThree(forged, "full", await depsFor(consent))).toEqual(refusal("bad-signature"));
    expect(await gateThree(inCase, "full", await depsFor(consent))).toEqual(allowed);
  });

  test("what was found good once says nothing of what differs by one member, nor of another signer or registry", async () => {
    const { receipt } = (await madePhoto()).inCase.photo;
    const expected = { signer: collector, signedAtMs: Date.parse(receipt.payload.takenAt) };
    const good = () => verifySigned(receipt, registry.key, expected);
    expect((await good()).ok).toBe(true);
    const changed = { ...receipt, payload: { ...receipt.payload, source: "file" } };
    expect((await verifySigned(changed, registry.key, expected)).ok).toBe(false);
    expect((await verifySigned(receipt, registry.key, { ...expected, signer: stranger })).ok).toBe(false);
    expect((await verifySigned(receipt, (await testRegistry()).key, expected)).ok).toBe(false);
    expect((await good()).ok).toBe(true);
  });

  test("a receipt that another person signed for the taker is refused", async () => {
    const { inCase, consent } = await madePhoto({ signer: await registry.certified(stranger) });
    expect(await gateThree(inCase, "full", await depsFor(consent))).toEqual(refusal("bad-signature"));
  });

  test("a key that this registry never certified is refused, whatever it signed", async () => {
    const elsewhere = await testRegistry();
    const { inCase, consent } = await madePhoto({ signer: await elsewhere.certified(collector) });
    expect(await gateThree(inCase, "full", await depsFor(consent))).toEqual(refusal("bad-signature"));
  });

  test("a photo sent on by somebody else than its taker is refused", async () => {
    const { inCase, consent } = await madePhoto();
    const sentOn = { ...inCase, sender: stranger };
    expect(await gateThree(sentOn, "full", await depsFor(consent))).toEqual(refusal("bad-signature"));
  });

  test("a receipt of another case, and a consent of another patient, are refused", async () => {
    const { inCase, consent } = await madePhoto();
    const elsewhere = { ...inCase, caseId: crypto.randomUUID() };
    expect(await gateThree(elsewhere, "full", await depsFor(consent))).toEqual(
      refusal("receipt-of-another-case"),
    );
    const other = await madePhoto({ receipt: { pseudonym: "BBBBBBBBBBBBBBBBBBBBBB" } });
    const deps = await depsFor(other.consent);
    expect(await gateThree(other.inCase, "full", deps)).toEqual(refusal("receipt-of-another-patient"));
  });

  test("without its consent in the case, or with one whose words were changed, it is refused", async () => {
    const { inCase, consent } = await madePhoto();
    const deps = await depsFor(consent);
    expect(await gateThree({ ...inCase, consents: [] }, "full", deps)).toEqual(refusal("no-consent"));
    const widened = inCase.consents.map((each) => ({
      ...each,
      payload: { ...each.payload, expiresAt: at(nowMs + 9e10) },
    }));
    expect(await gateThree({ ...inCase, consents: widened }, "full", deps)).toEqual(refusal("bad-signature"));
  });

  test("a withdrawn consent, and a photo withdrawn alone, are withdrawn; another photo's withdrawal is not", async () => {
    const { inCase, consent } = await madePhoto();
    const { receiptId } = inCase.photo.receipt.payload;
    const withdrawn = { ok: false, error: { kind: "withdrawn" } };
    const gone = await depsFor(consent, { lease: { state: "withdrawn" } });
    expect(await gateThree(inCase, "full", gone)).toEqual(withdrawn);
    const alone = await depsFor(consent, { lease: { withdrawnReceipts: [receiptId] } });
    expect(await gateThree(inCase, "full", alone)).toEqual(withdrawn);
    const derived = await madePhoto({ consent, receipt: { derivedFrom: receiptId } });
    expect(await gateThree(derived.inCase, "full", alone)).toEqual(withdrawn);
    const another = await depsFor(consent, { lease: { withdrawnReceipts: [crypto.randomUUID()] } });
    expect(await gateThree(inCase, "full", another)).toEqual(allowed);
  });

  test("a lease is believed for its minute and not a moment longer", async () => {
    const { inCase, consent } = await madePhoto();
    const within = await depsFor(consent, { nowMs: nowMs + 59_000 });
    expect(await gateThree(inCase, "full", within)).toEqual(allowed);
    const after = await depsFor(consent, { nowMs: nowMs + 61_000 });
    expect(await gateThree(inCase, "full", after)).toEqual(refusal("status-stale"));
  });

  test("an old lease played again, one of another room, and one that the registry did not sign say nothing", async () => {
    const { inCase, consent } = await madePhoto();
    const old = await depsFor(consent, { lease: { iat: nowMs / 1000 - 3600, exp: nowMs / 1000 + 60 } });
    expect(await gateThree(inCase, "full", old)).toEqual(refusal("status-unknown"));
    const elsewhere = await depsFor(consent, { lease: { roomId: "!other" } });
    expect(await gateThree(inCase, "full", elsewhere)).toEqual(refusal("status-unknown"));
    const forged = await (await testRegistry()).lease(consent);
    expect(await heard(forged)).toBeNull();
    expect(await heard(await registry.lease(consent))).not.toBeNull();
  });

  test("a file that the receipt did not name is refused before it is fetched", async () => {
    const { inCase, consent } = await madePhoto();
    const other = describeFile("mxc://valombre.example/other", makeFileSecret(), new Uint8Array(32));
    const swapped = { ...inCase, photo: { ...inCase.photo, file: other } };
    expect(await gateThree(swapped, "full", await depsFor(consent))).toEqual(refusal("hash-mismatch"));
    // The preview's receipt line is missing in this photo: it may not be shown either.
    expect(await gateThree(inCase, "preview", await depsFor(consent))).toEqual(refusal("hash-mismatch"));
  });

  test("before the consent's time, and after its end, nothing is shown", async () => {
    const early = await madePhoto({ receipt: { takenAt: at(nowMs - 3_000_000) } });
    expect(await gateThree(early.inCase, "full", await depsFor(early.consent))).toEqual(
      refusal("taken-before-consent"),
    );
    const over = await madePhoto({ consent: { expiresAt: at(nowMs - 30_000) } });
    const later = await depsFor(over.consent, {
      nowMs: nowMs + 10 * 60_000,
      lease: { exp: nowMs / 1000 + 900 },
    });
    expect(await gateThree(over.inCase, "full", later)).toEqual(refusal("expired"));
  });
});

describe("reading a picture", () => {
  const answering = (body: Uint8Array<ArrayBuffer>): ReaderDeps["api"] => ({
    baseUrl: "http://hospital.example",
    raw: async () => ok(new Response(body)),
    get: async () => err("internal"),
    post: async () => err("internal"),
    tell: async () => err({ code: "internal", errcode: null, reason: null }),
  });

  test("the bytes that were hashed at the shutter become a picture; other bytes never do", async () => {
    const { inCase, consent, ciphertext } = await madePhoto();
    const deps = await depsFor(consent);
    const read = createPictureReader({ ...deps, api: answering(ciphertext) });
    const picture = await read.read(inCase, "full", "view");
    expect(picture.ok && picture.value.sha256).toBe(inCase.photo.receipt.payload.pictureSha256);
    if (picture.ok) picture.value.release();
    const changed = Uint8Array.from(ciphertext, (byte, index) => (index === 0 ? byte ^ 1 : byte));
    const tampered = createPictureReader({ ...deps, api: answering(changed) });
    expect(await tampered.read(inCase, "full", "view")).toEqual(refusal("hash-mismatch"));
  });

  test("a clip is shown as the kind of video that it is said to be, and as nothing else", async () => {
    const webm = Uint8Array.from([0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3]);
    const mp4 = Uint8Array.from([0, 0, 0, 28, 0x66, 0x74, 0x79, 0x70, 1]);
    const shown = async (type: "video/webm" | "video/mp4", bytes: Uint8Array<ArrayBuffer>) => {
      const clip = { type, durationMs: 2000 };
      const made = await madePhoto({ clip, bytes, purposes: ["opinion", "care-named", "video"] });
      const deps = await depsFor(made.consent);
      const reader = createPictureReader({ ...deps, api: answering(made.ciphertext) });
      const picture = await reader.read(made.inCase, "full", "view");
      if (picture.ok) picture.value.release();
      return picture.ok;
    };
    expect(await shown("video/webm", webm)).toBe(true);
    expect(await shown("video/mp4", mp4)).toBe(true);
    for (const [type, bytes] of [
      ["video/webm", mp4],
      ["video/mp4", webm],
      ["video/webm", jpeg],
    ] as const)
      expect(await shown(type, bytes)).toBe(false);
    const film = await madePhoto({ bytes: webm });
    const reader = createPictureReader({ ...(await depsFor(film.consent)), api: answering(film.ciphertext) });
    expect(await reader.read(film.inCase, "full", "view")).toEqual(refusal("hash-mismatch"));
  });

  test("what was announced and is not there yet is arriving; what the server withdrew is withdrawn", async () => {
    const { inCase, consent } = await madePhoto();
    const deps = await depsFor(consent);
    const refusing = (code: "not-found" | "withdrawn", errcode: string): ReaderDeps["api"] => ({
      ...answering(jpeg),
      raw: async () => err({ code, errcode, reason: null }),
    });
    const early = createPictureReader({ ...deps, api: refusing("not-found", "M_NOT_YET_UPLOADED") });
    expect(await early.read(inCase, "full", "view")).toEqual({ ok: false, error: { kind: "arriving" } });
    const late = createPictureReader({ ...deps, api: refusing("withdrawn", "M_NOT_FOUND") });
    expect(await late.read(inCase, "full", "view")).toEqual({ ok: false, error: { kind: "withdrawn" } });
  });

  test("a person's look is told from a machine's; what this device sent is not fetched, and is forgotten with its consent", async () => {
    const { inCase, consent, ciphertext } = await madePhoto();
    const told: (string | null)[] = [];
    const api: ReaderDeps["api"] = {
      ...answering(ciphertext),
      async raw(_url, init) {
        told.push(new Headers(init?.headers).get("x-colloque-read"));
        return ok(new Response(ciphertext));
      },
    };
    const reader = createPictureReader({ ...(await depsFor(consent)), api });
    await reader.read(inCase, "full", "machine");
    await reader.read(inCase, "full", "view");
    expect(told).toEqual(["machine", "view"]);
    const { photoId } = inCase.photo;
    const { consentId } = consent;
    reader.keep({ photoId, consentId }, "full", jpeg);
    await reader.read(inCase, "full", "view");
    expect(told).toHaveLength(2);
    reader.forget(consentId);
    await reader.read(inCase, "full", "view");
    expect(told).toHaveLength(3);
  });
});

describe("gate 3 while the registry is silent", () => {
  const hours = (n: number) => nowMs + n * 3_600_000;
  const stale = refusal("status-stale");

  test("[G15] its last word opens for the organisation's hours and not a moment longer; on a shared station for its minute", async () => {
    const { inCase, consent } = await madePhoto();
    const at = async (change: { nowMs: number; offlineHours?: number }) =>
      gateThree(inCase, "full", await depsFor(consent, { ...change, silent: true }));
    expect(await at({ nowMs: hours(4) - 1000 })).toEqual({ ok: true, value: "silent" });
    expect(await at({ nowMs: hours(4) + 1000 })).toEqual(stale);
    expect(await at({ nowMs: nowMs + 59_000, offlineHours: 0 })).toEqual({ ok: true, value: "silent" });
    expect(await at({ nowMs: nowMs + 61_000, offlineHours: 0 })).toEqual(stale);
  });

  test("[G15] what it never said, or said no to, or said of somebody else, opens nothing", async () => {
    const { inCase, consent } = await madePhoto();
    const silent = { silent: true, nowMs: hours(1) };
    const other = await madePhoto();
    expect(await gateThree(inCase, "full", await depsFor(other.consent, silent))).toEqual(
      refusal("status-unknown"),
    );
    const gone = await depsFor(consent, { ...silent, lease: { state: "withdrawn" } });
    expect(await gateThree(inCase, "full", gone)).toEqual({ ok: false, error: { kind: "withdrawn" } });
    const uncovered = await depsFor(consent, { ...silent, userId: stranger });
    expect(await gateThree(inCase, "full", uncovered)).toEqual(refusal("audience-not-covered"));
  });

  test("[G16] an emergency signed here opens past the hours, the reach and the end, for its minutes; never past a no", async () => {
    const { inCase, consent } = await madePhoto({ consent: { expiresAt: at(hours(6)) } });
    const emergency = { ageMs: 60_000 };
    const silent = { silent: true, nowMs: hours(7), userId: stranger };
    const pass = async (change: object) =>
      gateThree(inCase, "full", await depsFor(consent, { ...silent, ...change }));
    expect(await pass({ emergency })).toEqual({ ok: true, value: "silent" });
    expect(await pass({})).toEqual(stale);
    expect(await pass({ emergency: { ageMs: 16 * 60_000 } })).toEqual(stale);
    const withdrawn = { ok: false, error: { kind: "withdrawn" } };
    expect(await pass({ emergency, lease: { state: "withdrawn" } })).toEqual(withdrawn);
    const no = await madePhoto({ purposes: ["care-named"] });
    const deps = await depsFor(no.consent, { silent: true, emergency });
    expect(await gateThree(no.inCase, "full", deps)).toEqual(refusal("opinion-not-granted"));
    // Where the registry answers, its own word counts.
    const answers = await depsFor(consent, { emergency, userId: stranger });
    expect(await gateThree(inCase, "full", answers)).toEqual(refusal("audience-not-covered"));
  });
});

describe("a picture that is on the device while the registry is silent", () => {
  const api: ReaderDeps["api"] = {
    baseUrl: "http://hospital.example",
    raw: async () => err({ code: "homeserver-unreachable", errcode: null, reason: null }),
    get: async () => err("internal"),
    post: async () => err("internal"),
    tell: async () => err({ code: "internal", errcode: null, reason: null }),
  };

  test("is shown from what was given before, hash and all; what is not here, or was taken back, is not", async () => {
    const { inCase, consent, ciphertext } = await madePhoto();
    const online = await depsFor(consent);
    const giving = { ...api, raw: async () => ok(new Response(ciphertext)) };
    const before = await createPictureReader({ ...online, api: giving }).read(inCase, "full", "view");
    expect(before.ok).toBe(true);
    const deps = { ...(await depsFor(consent, { silent: true })), shelf: online.shelf, api };
    const reader = createPictureReader(deps);
    const shown = await reader.read(inCase, "full", "view");
    expect(shown.ok && shown.value.sha256).toBe(inCase.photo.receipt.payload.pictureSha256);
    const elsewhere = await madePhoto({ consent });
    expect(await reader.read(elsewhere.inCase, "full", "view")).toMatchObject({
      error: { kind: "unavailable", code: "registry-unreachable" },
    });
    reader.forget(consent.consentId);
    expect(await reader.read(inCase, "full", "view")).toMatchObject({ ok: false });
  });

  test("says that an emergency could open it, where it is here and only the silence stands in the way", async () => {
    const { inCase, consent, ciphertext } = await madePhoto();
    const late = await depsFor(consent, { silent: true, nowMs: nowMs + 5 * 3_600_000 });
    const reader = createPictureReader({ ...late, api });
    const shut = { kind: "unavailable", code: "registry-unreachable" };
    expect(await reader.mayShow(inCase, "full")).toEqual({ ok: false, error: shut });
    const { photoId } = inCase.photo;
    late.shelf.put({ photoId, consentId: consent.consentId, rendition: "full" }, ciphertext);
    expect(await reader.read(inCase, "full", "view")).toEqual({
      ok: false,
      error: { ...shut, onDevice: true },
    });
    const uncovered = await depsFor(consent, { silent: true, userId: stranger });
    const asStranger = createPictureReader({ ...uncovered, shelf: late.shelf, api });
    expect(await asStranger.mayShow(inCase, "full")).toEqual(refusal("audience-not-covered"));
  });
});

describe("the patient's newer word at gate 3", () => {
  test("it lets in who was added to it, and what was taken back again counts no more", async () => {
    const { inCase, consent } = await madePhoto();
    const newer = await taker.sign<Consent>({
      ...consent,
      consentId: consentIdSchema.parse(crypto.randomUUID()),
      supersedes: consent.consentId,
      recipients: [...consent.recipients, { kind: "person", userId: stranger }],
      collectedAt: at(nowMs - 500),
    });
    const wider = { ...inCase, consents: [...inCase.consents, newer] };
    const leasesOf = async (change: Record<string, string>): Promise<Lease[]> => {
      const tokens = [await registry.lease(consent), await registry.lease(newer.payload, change)];
      const read = await Promise.all(tokens.map((token) => heard(token)));
      return read.filter((lease) => lease !== null);
    };
    const asStranger = async (change: Record<string, string>) => {
      const deps = await depsFor(consent, { userId: stranger });
      const leases = await leasesOf(change);
      return gateThree(wider, "full", { ...deps, leases: { ...deps.leases, of: async () => ok(leases) } });
    };
    expect(await asStranger({})).toEqual(allowed);
    expect(await asStranger({ state: "withdrawn" })).toEqual(refusal("audience-not-covered"));
    const forged = { ...newer, payload: { ...newer.payload, expiresAt: at(nowMs + 9e9) } };
    const deps = await depsFor(consent, { userId: stranger });
    const leases = await leasesOf({});
    expect(
      await gateThree({ ...inCase, consents: [...inCase.consents, forged] }, "full", {
        ...deps,
        leases: { ...deps.leases, of: async () => ok(leases) },
      }),
    ).toEqual(refusal("audience-not-covered"));
  });
});
