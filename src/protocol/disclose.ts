import type { Consent, Purpose } from "./consent.ts";
import { grants } from "./consent.ts";
import type { Addressee, Clinician } from "./people.ts";
import { membersOf } from "./people.ts";
import type { Receipt } from "./receipt.ts";
import { missingCase } from "./result.ts";

/** What stands between a disclosure and its refusal. Each is a key of the texts that people read. */
export type RefusalReason =
  | "no-consent"
  | "opinion-not-granted"
  | "purpose-not-granted"
  | "audience-not-covered"
  | "expired"
  | "not-yet-valid"
  | "withdrawn"
  | "status-unknown"
  | "status-stale"
  | "receipt-of-another-case"
  | "receipt-of-another-patient"
  | "receipt-of-another-consent"
  | "taken-before-consent";

export type Decision = { readonly allow: true } | { readonly allow: false; readonly reason: RefusalReason };

/** What the registry says of a consent or permit, until when that may be believed (milliseconds since the epoch). */
export type Status =
  | { readonly state: "live" | "withdrawn"; readonly untilMs: number }
  | { readonly state: "unknown" };

/** Who would see it, seen from the consent: a colleague named to the patient, the team, beyond it, or the record itself. */
export type Audience = "collector" | "named" | "team" | "outside-team" | "record";

/** Why it would be shown. Care covers the opinion, the pictures and their filing. */
export type DisclosurePurpose = "care" | "teaching" | "research" | "publication";

/** Clocks of honest machines differ; so much is forgiven at either end of a period. */
export const clockSkewMs = 5 * 60 * 1000;

const allow: Decision = { allow: true };
const refuse = (reason: RefusalReason): Decision => ({ allow: false, reason });

/**
 * The one rule: may this be shown to that audience for this purpose, now? A null receipt asks for the words of the request
 * rather than for a picture. Called from the four gates and from nowhere else. Rules G1 to G9 in RULES.md.
 */
export function mayDisclose(
  consent: Consent | null,
  receipt: Receipt | null,
  status: Status,
  audience: Audience,
  purpose: DisclosurePurpose,
  nowMs: number,
): Decision {
  if (consent === null) return refuse("no-consent");
  if (status.state === "unknown") return refuse("status-unknown");
  if (status.state === "withdrawn") return refuse("withdrawn");
  if (nowMs > status.untilMs) return refuse("status-stale");
  if (nowMs > Date.parse(consent.expiresAt) + clockSkewMs) return refuse("expired");
  if (nowMs < Date.parse(consent.collectedAt) - clockSkewMs) return refuse("not-yet-valid");
  if (!grants(consent, "opinion")) return refuse("opinion-not-granted");
  if (receipt !== null) {
    const mismatch = matchReceipt(consent, receipt);
    if (mismatch !== null) return refuse(mismatch);
  }
  if (purpose !== "care") return grants(consent, purpose) ? allow : refuse("purpose-not-granted");
  return receipt === null ? wordsFor(consent, audience) : pictureFor(consent, audience);
}

function matchReceipt(consent: Consent, receipt: Receipt): RefusalReason | null {
  if (receipt.consentId !== consent.consentId) return "receipt-of-another-consent";
  if (receipt.caseId !== consent.caseId) return "receipt-of-another-case";
  if (receipt.pseudonym !== consent.pseudonym) return "receipt-of-another-patient";
  if (Date.parse(receipt.takenAt) < Date.parse(consent.collectedAt) - clockSkewMs)
    return "taken-before-consent";
  return null;
}

/** The words of the request: information and no objection is enough inside the team, a pool needs the patient's yes (CSP L1110-4). */
function wordsFor(consent: Consent, audience: Audience): Decision {
  switch (audience) {
    case "collector":
    case "record":
    case "named":
    case "team":
      return allow;
    case "outside-team":
      return grants(consent, "care-outside-team") ? allow : refuse("audience-not-covered");
    default:
      return missingCase(audience);
  }
}

function pictureFor(consent: Consent, audience: Audience): Decision {
  const any = (...purposes: Purpose[]) => purposes.some((purpose) => grants(consent, purpose));
  switch (audience) {
    case "collector":
    case "record":
    case "named":
      return any("care-named", "care-team", "care-outside-team") ? allow : refuse("purpose-not-granted");
    case "team":
      return any("care-team", "care-outside-team") ? allow : refuse("audience-not-covered");
    case "outside-team":
      return any("care-outside-team") ? allow : refuse("audience-not-covered");
    default:
      return missingCase(audience);
  }
}

/**
 * Where a person stands for a consent. Somebody named in person is "named"; a colleague in a care team of the collector is
 * "team"; everybody else, members of an addressed pool included, is "outside-team" (CSP L1110-4 III; unknown means outside).
 */
export function audienceOf(userId: string, consent: Consent, clinicians: readonly Clinician[]): Audience {
  if (userId === consent.collectedBy) return "collector";
  if (consent.recipients.some((recipient) => recipient.kind === "person" && recipient.userId === userId))
    return "named";
  const person = clinicians.find((each) => each.userId === userId);
  const collector = clinicians.find((each) => each.userId === consent.collectedBy);
  if (
    person !== undefined &&
    collector !== undefined &&
    person.teams.some((team) => collector.teams.includes(team))
  )
    return "team";
  return "outside-team";
}

/** The purposes that a request to these addressees needs to have granted, so that the sheet can ask for them. */
export function purposesNeededFor(
  recipients: readonly Addressee[],
  clinicians: readonly Clinician[],
  collector: string,
): Purpose[] {
  const needed = new Set<Purpose>(["opinion"]);
  for (const recipient of recipients) {
    if (recipient.kind === "person") {
      needed.add("care-named");
      continue;
    }
    const mine = clinicians.find((each) => each.userId === collector)?.teams ?? [];
    const inside = membersOf(recipient, clinicians, collector).every((person) =>
      person.teams.some((team) => mine.includes(team)),
    );
    needed.add(inside ? "care-team" : "care-outside-team");
  }
  return [...needed];
}
