import type { Consent, ConsentEvidence, Purpose } from "#protocol/consent.ts";
import type { ConsentId } from "#protocol/ids.ts";
import { missingCase } from "#protocol/result.ts";
import type { ConsentDraft } from "../../matrix/types.ts";
import type { Capacity, ConsentDeps, ConsentState, Giver } from "./consent-state.ts";
import { baseOf, consentMonths, noticeVersion } from "./notice.ts";
import { careAskedFor, filming, otherUses } from "./purposes.ts";
import { fitSignature, judgeSignature } from "./signature.ts";

/** The consent that the sheet amounts to, and the evidence behind it. */

type Notice = { readonly consentId: ConsentId; readonly noticeSha256: string };

export function draftOf(
  deps: ConsentDeps,
  state: ConsentState,
  granted: ReadonlySet<Purpose>,
  { consentId, noticeSha256 }: Notice,
): ConsentDraft {
  const nowMs = deps.clock();
  const { caseId, pseudonym, recipients, supersedes } = deps.subject;
  return {
    consentId,
    caseId,
    pseudonym,
    decisions: decisionsOf(deps, state, granted),
    recipients: [...recipients],
    method: methodOf(state),
    givenBy: giverOf(state),
    ...assentOf(state),
    ...(supersedes !== undefined && { supersedes }),
    notice: { version: noticeVersion, sha256: noticeSha256, language: state.language },
    collectedAt: new Date(nowMs).toISOString(),
    expiresAt: endOf(deps, state, nowMs),
  };
}

/** Every decision that was put to the patient, the noes among them. */
function decisionsOf(
  deps: ConsentDeps,
  { project }: ConsentState,
  granted: ReadonlySet<Purpose>,
): Consent["decisions"] {
  const { recipients } = deps.subject;
  const care = careAskedFor(recipients, deps.clinicians, deps.collector).map(({ purpose }) => purpose);
  return (["opinion", ...care, filming, ...otherUses] as const).map((purpose) => ({
    purpose,
    granted: granted.has(purpose),
    ...(purpose === "research" && granted.has(purpose) && { project: project.trim() }),
  }));
}

/** An emergency stands in for the patient's word for hours; a word for the time of the care. */
function endOf({ rules }: ConsentDeps, { proof }: ConsentState, nowMs: number): string {
  if (proof.kind === "emergency") return new Date(nowMs + rules.emergencyHours * 3_600_000).toISOString();
  const ends = new Date(nowMs);
  ends.setUTCMonth(ends.getUTCMonth() + consentMonths);
  return new Date(Math.min(ends.getTime(), nowMs + rules.maxDays * 86_400_000)).toISOString();
}

function methodOf({ proof }: ConsentState): ConsentDraft["method"] {
  switch (proof.kind) {
    case "signature":
      return "signed-on-screen";
    case "oral":
      return "oral-witnessed";
    case "non-opposition":
      return "non-opposition";
    case "emergency":
      return "emergency";
    case "phone":
      return "patient-phone";
    default:
      return missingCase(proof);
  }
}

const givers: Readonly<Record<Capacity, Consent["givenBy"]>> = {
  mother: "parent",
  father: "parent",
  "both-parents": "both-parents",
  guardian: "guardian",
};

function giverOf({ giver, proof }: ConsentState): Consent["givenBy"] {
  if (proof.kind === "emergency") return "nobody";
  return giver.kind === "patient" ? "patient" : givers[giver.capacity];
}

const assentOf = ({ giver, assent, proof }: ConsentState): Pick<Consent, "assent"> =>
  giver.kind === "representative" && assent !== null && proof.kind !== "emergency" ? { assent } : {};

const capacityInWords = {
  fr: { mother: "mère", father: "père", "both-parents": "parent", guardian: "tuteur légal" },
  en: { mother: "mother", father: "father", "both-parents": "parent", guardian: "legal guardian" },
} as const;

export function evidenceOf(
  { giver, proof, language, interpreter }: ConsentState,
  consentId: ConsentId,
  noticeText: string,
): ConsentEvidence {
  const signed = proof.kind === "signature" && judgeSignature(proof.strokes) === "signed";
  const named = proof.kind !== "emergency" && giver.kind === "representative" ? giver : null;
  const inCapacity = (name: string): string | null =>
    named === null ? null : withCapacity(name, capacityInWords[baseOf(language)][named.capacity]);
  const said: Partial<Record<keyof ConsentEvidence, string | null>> = {
    witness: proof.kind === "oral" ? proof.witness : null,
    representative: inCapacity(named?.name ?? ""),
    secondRepresentative: hasSecond(giver) ? inCapacity(giver.second) : null,
    interpreter,
    emergencyReason: proof.kind === "emergency" ? proof.reason : null,
  };
  const words = Object.fromEntries(
    Object.entries(said).flatMap(([key, text]) =>
      text == null || text.trim() === "" ? [] : [[key, text.trim()]],
    ),
  );
  return { consentId, noticeText, ...words, ...(signed && { signature: fitSignature(proof.strokes) }) };
}

const withCapacity = (name: string, capacity: string): string =>
  name.trim() === "" ? "" : `${name.trim()}, ${capacity}`;

export const hasSecond = (giver: Giver): giver is Extract<Giver, { kind: "representative" }> =>
  giver.kind === "representative" && giver.capacity === "both-parents";
