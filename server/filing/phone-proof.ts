import { canonicalJson } from "#protocol/canonical.ts";
import type { Consent, ConsentEvidence } from "#protocol/consent.ts";
import { phoneStatementSchema, saysTheSame } from "#protocol/patient-phone.ts";
import { verifyCompact } from "../kit/jose.ts";
import { sha256Hex } from "./ids.ts";

/**
 * Whether a consent that is said to come from the patient's phone is what a phone signed: same decisions, same notice, this very text and
 * this very signature. Any other method needs none of it. Throws `bad-signature` when the phone's JWS does not hold.
 */
export async function isPhonesWord(consent: Consent, evidence: ConsentEvidence): Promise<boolean> {
  if (consent.method !== "patient-phone") return true;
  const phone = evidence.patientPhone;
  if (phone === undefined) return false;
  const statement = await verifyCompact(phoneStatementSchema, phone.jws, phone.key);
  const { signature } = statement;
  return (
    saysTheSame(statement, consent) &&
    statement.answeredAt === phone.answeredAt &&
    statement.notice.sha256 === sha256Hex(evidence.noticeText) &&
    (signature.kind === "written" || signature.sha256 === sha256Hex(canonicalJson(evidence.signature ?? [])))
  );
}
