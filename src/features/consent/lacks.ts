import type { Purpose } from "#protocol/consent.ts";
import { type ConsentFault, type ConsentRules, faultOf } from "#protocol/consent-rules.ts";
import type { ConsentDraft } from "../../matrix/types.ts";
import type { ConsentState } from "./consent-state.ts";
import { hasSecond } from "./drafting.ts";
import { filming, isCare, otherUses } from "./purposes.ts";
import { judgeSignature } from "./signature.ts";

/** Why the sheet cannot be recorded yet. Each is a key of the texts that people read. */
export type Lack =
  | "nothing-chosen"
  | "pictures-need-opinion"
  | "video-needs-pictures"
  | "representative-name"
  | "second-name"
  | "assent-missing"
  | "signature-missing"
  | "signature-small"
  | "witness-missing"
  | "reason-missing"
  | "on-the-phone"
  | ConsentFault;

/** Fewer letters than this say nothing of why nobody could be asked. */
export const minEmergencyReason = 10;

/** What still lacks before the sheet can be recorded, the first first; the rules of this country have the last word. */
export function lackOf(state: ConsentState, draft: ConsentDraft, rules: ConsentRules): Lack | null {
  const { granted, proof } = state;
  const wanted = [...granted];
  if (proof.kind === "phone") return "on-the-phone";
  if (!granted.has("opinion"))
    return wanted.some((each) => isCare(each) || each === filming)
      ? "pictures-need-opinion"
      : "nothing-chosen";
  if (granted.has(filming) && !wanted.some((each) => isCare(each))) return "video-needs-pictures";
  return giverLack(state) ?? faultOf(asConsent(draft), rules) ?? proofLack(state);
}

function giverLack({ giver, assent, proof }: ConsentState): Lack | null {
  if (giver.kind === "patient" || proof.kind === "emergency") return null;
  if (giver.name.trim() === "") return "representative-name";
  if (hasSecond(giver) && giver.second.trim() === "") return "second-name";
  return assent === null ? "assent-missing" : null;
}

function proofLack({ proof }: ConsentState): Lack | null {
  switch (proof.kind) {
    case "signature": {
      const signature = judgeSignature(proof.strokes);
      if (signature === "missing") return "signature-missing";
      return signature === "too-small" ? "signature-small" : null;
    }
    case "oral":
      return proof.witness.trim() === "" ? "witness-missing" : null;
    case "emergency":
      return proof.reason.trim().length < minEmergencyReason ? "reason-missing" : null;
    default:
      return null;
  }
}

/** The door adds these three when it signs; no rule asks about them. */
const asConsent = (draft: ConsentDraft) =>
  ({ ...draft, v: 1, evidenceSha256: "0".repeat(64), collectedBy: "@x:x" }) as const;

/** The use beyond care, or the filming, that a rule stands against, so that the words can name it. */
export function useAtFault(draft: ConsentDraft, rules: ConsentRules): Purpose | null {
  return (
    ([filming, ...otherUses] as const).find((use) => {
      const alone = draft.decisions.map((each) => ({
        ...each,
        granted: each.granted && (each.purpose === use || each.purpose === "opinion"),
      }));
      const asked = alone.some((each) => each.purpose === use && each.granted);
      return asked && faultOf(asConsent({ ...draft, decisions: alone }), rules) !== null;
    }) ?? null
  );
}
