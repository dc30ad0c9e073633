import { z } from "zod";
import { canonicalJson } from "#protocol/canonical.ts";
import {
  linkMs,
  type Offer,
  type PhoneAnswer,
  type PhoneStatement,
  phoneAnswerSchema,
  phoneStatementSchema,
  sealedFor,
} from "#protocol/patient-phone.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { type PublicJwk, publicJwkSchema } from "#protocol/signed.ts";
import { fromBase64Url, sha256Hex, unseal, utf8 } from "../../../phone-page/seal.ts";
import { judgeSignature } from "../signature.ts";

/** Why an answer of a phone is not taken. Each is a key of the texts that people read. */
export type PhoneFault =
  | "damaged"
  | "bad-signature"
  | "other-device"
  | "other-offer"
  | "notice-changed"
  | "other-questions"
  | "signature-missing"
  | "signature-small"
  | "wrong-time";

export type CheckedAnswer = { readonly answer: PhoneAnswer; readonly statement: PhoneStatement };

export type AnswerContext = {
  /** The offer as it was sent, and as the sheet would make it now. */
  readonly offer: Offer;
  readonly offerNow: Offer;
  readonly key: string;
  /** The key that the server bound the link to. */
  readonly boundTo: PublicJwk | undefined;
  /** The server's clock when it gave the answer. */
  readonly nowMs: number;
};

/** Opens what the phone sealed and believes nothing of it that does not fit what was asked. */
export async function checkAnswer(
  sealed: string,
  context: AnswerContext,
): Promise<Result<CheckedAnswer, PhoneFault>> {
  const { offer, offerNow, key, boundTo, nowMs } = context;
  const opened = await unsealAnswer(sealed, key, offer.linkId);
  if (opened === null) return err("damaged");
  if (boundTo === undefined || boundTo.x !== opened.key.x || boundTo.y !== opened.key.y)
    return err("other-device");
  const statement = await readStatement(opened);
  if (statement === null) return err("bad-signature");
  if (statement.linkId !== offer.linkId || statement.consentId !== offer.consentId) return err("other-offer");
  if (!(await isOfThisNotice(statement, offer, offerNow))) return err("notice-changed");
  if (!answersEach(statement, offer)) return err("other-questions");
  const fault = await signatureFault(statement, opened);
  if (fault !== null) return err(fault);
  if (Math.abs(nowMs - Date.parse(statement.answeredAt)) > linkMs) return err("wrong-time");
  return ok({ answer: opened, statement });
}

async function unsealAnswer(sealed: string, key: string, linkId: string): Promise<PhoneAnswer | null> {
  try {
    const parsed = phoneAnswerSchema.safeParse(
      JSON.parse(await unseal(sealed, key, sealedFor.answer(linkId))),
    );
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

const headerSchema = z.object({ alg: z.literal("ES256"), jwk: publicJwkSchema });

/** The statement of a compact JWS (RFC 7515) by the phone's key, or null when it is not. */
async function readStatement({ jws, key }: PhoneAnswer): Promise<PhoneStatement | null> {
  const [header = "", payload = "", signature = ""] = jws.split(".");
  try {
    const { jwk } = headerSchema.parse(jsonOf(header));
    if (jwk.x !== key.x || jwk.y !== key.y) return null;
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const verifier = await crypto.subtle.importKey("jwk", key, algorithm, false, ["verify"]);
    const signed = utf8(`${header}.${payload}`);
    const isTheirs = await crypto.subtle.verify(algorithm, verifier, fromBase64Url(signature), signed);
    return isTheirs ? phoneStatementSchema.parse(jsonOf(payload)) : null;
  } catch {
    return null;
  }
}

const jsonOf = (part: string): unknown => JSON.parse(new TextDecoder().decode(fromBase64Url(part)));

/** What was signed is what was sent, word for word, and what the sheet still says. */
async function isOfThisNotice(statement: PhoneStatement, offer: Offer, offerNow: Offer): Promise<boolean> {
  const { notice, offerSha256 } = statement;
  const text = canonicalJson(offer);
  return (
    canonicalJson(offerNow) === text &&
    offerSha256 === (await sha256Hex(text)) &&
    notice.version === offer.notice.version &&
    notice.sha256 === (await sha256Hex(offer.notice.text[notice.language]))
  );
}

/** One decision for each question, in their order, and none besides. */
const answersEach = ({ decisions }: PhoneStatement, { asks }: Offer): boolean =>
  decisions.length === asks.length &&
  asks.every(({ purpose, project }, at) => {
    const decision = decisions[at];
    return decision?.purpose === purpose && decision.project === project;
  });

/** A yes is signed, so that it can be recognised; a no needs no form. */
async function signatureFault(
  { decisions, signature }: PhoneStatement,
  { signature: strokes }: PhoneAnswer,
): Promise<PhoneFault | null> {
  if (signature.kind === "written") return strokes.length === 0 ? null : "bad-signature";
  if (signature.sha256 !== (await sha256Hex(canonicalJson(strokes)))) return "bad-signature";
  if (!decisions.some((decision) => decision.granted)) return null;
  const judged = judgeSignature(strokes);
  if (judged === "missing") return "signature-missing";
  return judged === "too-small" ? "signature-small" : null;
}
