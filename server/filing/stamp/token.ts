import { createHash, randomBytes } from "node:crypto";
import { fromBER, Integer, OctetString, Sequence } from "asn1js";
import {
  type Attribute,
  Certificate,
  ContentInfo,
  ExtKeyUsage,
  id_ContentType_SignedData,
  id_ExtKeyUsage,
  id_eContentType_TSTInfo,
  id_sha256,
  id_sha384,
  id_sha512,
  MessageImprint,
  SignedData,
  type SignerInfo,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from "pkijs";

/** A time stamp (RFC 3161) that is not what was asked for, or that nobody here trusts. `reason` may be logged. */
export class StampFault extends Error {
  override readonly name = "StampFault";
  readonly reason: string;
  constructor(reason: string, options: { cause?: unknown } = {}) {
    super(reason, options);
    this.reason = reason;
  }
}

export type Query = { readonly der: Uint8Array<ArrayBuffer>; readonly nonce: Integer };

/** What a token must say to be taken. */
export type Expected = {
  /** The very bytes that were stamped. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly nonce: Integer;
  /** OID of the policy that the stamp must be given under. */
  readonly policy: string | undefined;
  /** Authorities that are trusted here: the token's signer has its certificate from one of them. */
  readonly trusted: readonly Certificate[];
  readonly nowMs: number;
};

/** The time that a token attests, and who attests it. */
export type Stamp = { readonly token: Uint8Array<ArrayBuffer>; readonly atMs: number; readonly by: string };

const idTimeStamping = "1.3.6.1.5.5.7.3.8";
const idSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";
const idCommonName = "2.5.4.3";
/** A stamp is asked for and given now: one of another time is an old one, or comes from a clock that is wrong. */
const clocksDifferMs = 10 * 60_000;

/** The certificates of a PEM file. */
export const certificatesOf = (pem: string): Certificate[] =>
  [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)].map(([, body = ""]) =>
    Certificate.fromBER(Buffer.from(body, "base64")),
  );

/** A query over the SHA-256 of these bytes: nothing else of them leaves. */
export async function queryFor(data: Uint8Array<ArrayBuffer>, policy: string | undefined): Promise<Query> {
  const bytes = randomBytes(16);
  // The first bits make it a positive number of that length.
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  const nonce = new Integer({ valueHex: new Uint8Array(bytes).buffer });
  const query = new TimeStampReq({
    version: 1,
    messageImprint: await MessageImprint.create("SHA-256", data),
    nonce,
    // Who signed comes with the token, so that it can be verified when nobody has its certificate any more.
    certReq: true,
    ...(policy === undefined ? {} : { reqPolicy: policy }),
  });
  return { der: new Uint8Array(query.toSchema().toBER()), nonce };
}

/** The token of an authority's answer, byte for byte as it came. */
export function tokenOf(answer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  try {
    const { status } = TimeStampResp.fromBER(answer).status;
    if (status !== 0 && status !== 1) throw new StampFault(`refused-with-status-${status}`);
    const { result } = fromBER(answer);
    const token = result instanceof Sequence ? result.valueBlock.value[1] : undefined;
    if (token === undefined) throw new StampFault("no-token");
    return new Uint8Array(token.valueBeforeDecodeView);
  } catch (cause) {
    throw cause instanceof StampFault ? cause : new StampFault("unreadable-answer", { cause });
  }
}

/**
 * Verifies a token as RFC 3161 §2.2 has it: over these very bytes, in answer to this very query, now, by one signer whose certificate is for
 * nothing but time stamps and leads to an authority that is trusted here. Throws a StampFault.
 */
export async function verifyToken(token: Uint8Array<ArrayBuffer>, expected: Expected): Promise<Stamp> {
  const { signed, signerInfo, info } = openToken(token);
  if (info.messageImprint.hashAlgorithm.algorithmId !== id_sha256) throw new StampFault("imprint-algorithm");
  if (!(await info.verify({ data: bufferOf(expected.data) }))) throw new StampFault("imprint-differs");
  if (info.nonce === undefined || !info.nonce.isEqual(expected.nonce)) throw new StampFault("nonce-differs");
  if (expected.policy !== undefined && info.policy !== expected.policy)
    throw new StampFault("policy-differs");
  const atMs = info.genTime.getTime();
  if (Math.abs(atMs - expected.nowMs) > clocksDifferMs) throw new StampFault("time-differs");
  if (![id_sha256, id_sha384, id_sha512].includes(signerInfo.digestAlgorithm.algorithmId))
    throw new StampFault("weak-digest");
  const signer = await signerOf(signed, expected);
  if (!isForStampsAlone(signer)) throw new StampFault("not-a-time-stamping-certificate");
  if (!isBoundTo(signerInfo, signer)) throw new StampFault("signer-differs");
  return { token, atMs, by: commonNameOf(signer) };
}

function openToken(token: Uint8Array<ArrayBuffer>): {
  signed: SignedData;
  signerInfo: SignerInfo;
  info: TSTInfo;
} {
  try {
    const content = ContentInfo.fromBER(token);
    if (content.contentType !== id_ContentType_SignedData) throw new StampFault("not-signed");
    const signed = new SignedData({ schema: content.content });
    const [signerInfo, another] = signed.signerInfos;
    const { eContent, eContentType } = signed.encapContentInfo;
    if (signerInfo === undefined || another !== undefined || eContent === undefined)
      throw new StampFault("not-by-one-signer");
    if (eContentType !== id_eContentType_TSTInfo) throw new StampFault("not-a-time-stamp");
    return { signed, signerInfo, info: TSTInfo.fromBER(eContent.getValue()) };
  } catch (cause) {
    throw cause instanceof StampFault ? cause : new StampFault("unreadable-token", { cause });
  }
}

/** Who signed, when signature and chain hold at the time that the token says. */
async function signerOf(signed: SignedData, { data, trusted }: Expected): Promise<Certificate> {
  try {
    const verdict = await signed.verify({
      signer: 0,
      data: bufferOf(data),
      trustedCerts: [...trusted],
      checkChain: true,
      extendedMode: true,
    });
    if (verdict.signatureVerified === true && verdict.signerCertificate) return verdict.signerCertificate;
  } catch (cause) {
    throw new StampFault("not-trusted", { cause });
  }
  throw new StampFault("bad-signature");
}

/** RFC 3161 §2.3: that one purpose, and marked as critical. */
function isForStampsAlone({ extensions = [] }: Certificate): boolean {
  const found = extensions.find((each) => each.extnID === id_ExtKeyUsage);
  const purposes = found?.parsedValue instanceof ExtKeyUsage ? found.parsedValue.keyPurposes : [];
  return found?.critical === true && purposes.length === 1 && purposes[0] === idTimeStamping;
}

/** RFC 5816: the signature names its signer's certificate by hash, so that no other of the same key takes its place. */
function isBoundTo({ signedAttrs }: SignerInfo, signer: Certificate): boolean {
  const attribute = signedAttrs?.attributes.find((each) => each.type === idSigningCertificateV2);
  const named = attribute === undefined ? undefined : firstHashOf(attribute);
  if (named === undefined) return false;
  const der = Buffer.from(signer.toSchema().toBER());
  return createHash(named.algorithm).update(der).digest().equals(Buffer.from(named.hash));
}

const digests = new Map([
  [id_sha256, "sha256"],
  [id_sha384, "sha384"],
  [id_sha512, "sha512"],
]);

/** SigningCertificateV2 → ESSCertIDv2, whose hash is SHA-256 unless it says otherwise. */
function firstHashOf({ values }: Attribute): { algorithm: string; hash: Uint8Array } | undefined {
  const certs = sequence(values[0])?.[0];
  const first = sequence(sequence(certs)?.[0]);
  const hash = first?.find((each) => each instanceof OctetString);
  if (!(hash instanceof OctetString)) return undefined;
  const oid = sequence(first?.[0])?.[0]?.valueBlock.toString();
  const algorithm = oid === undefined ? "sha256" : digests.get(oid);
  return algorithm === undefined ? undefined : { algorithm, hash: hash.valueBlock.valueHexView };
}

const sequence = (value: unknown) => (value instanceof Sequence ? value.valueBlock.value : undefined);

const commonNameOf = ({ subject }: Certificate): string =>
  String(
    subject.typesAndValues.find((each) => each.type === idCommonName)?.value.valueBlock.value ?? "TSA",
  ).slice(0, 200);

const bufferOf = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
