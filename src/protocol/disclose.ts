import { z } from "zod";
import type { Consent, Purpose } from "./consent.ts";
import { grants } from "./consent.ts";
import type { OpenGlass } from "./glass.ts";
import type { Addressee, Clinician } from "./people.ts";
import { membersOf } from "./people.ts";
import type { Receipt } from "./receipt.ts";
import { missingCase } from "./result.ts";

/** What stands between a disclosure and its refusal. Each is a key of the texts that people read. */
export const refusalReasonSchema = z.enum([
  "no-consent",
  "opinion-not-granted",
  "purpose-not-granted",
  "video-not-granted",
  "audience-not-covered",
  "expired",
  "not-yet-valid",
  "withdrawn",
  "status-unknown",
  "status-stale",
  "receipt-of-another-case",
  "receipt-of-another-patient",
  "receipt-of-another-consent",
  "taken-before-consent",
]);
export type RefusalReason = z.infer<typeof refusalReasonSchema>;

export type Decision = { readonly allow: true } | { readonly allow: false; readonly reason: RefusalReason };

/** What lets a person into a case: the patient's word, or a broken glass until that ends (milliseconds since the epoch). */
export type Cover =
  | { readonly by: "consent" }
  | { readonly by: "glass"; readonly untilMs: number }
  | { readonly by: "nothing"; readonly reason: RefusalReason };

/** What the registry says of a consent or permit, until when that may be believed (milliseconds since the epoch). */
export type Status =
  | { readonly state: "live" | "withdrawn"; readonly untilMs: number }
  | { readonly state: "unknown" };

/**
 * Who would see it, seen from the consent: a colleague named to the patient, the team, somebody of a pool that the patient was told
 * of, a stranger to it, somebody let in by a broken glass, or the record itself.
 */
export type Audience = "collector" | "named" | "team" | "addressed" | "stranger" | "glass" | "record";

/** Why it would be shown. Care covers the opinion, the pictures and their filing; research is for one named project. */
export type DisclosurePurpose = "care" | "teaching" | "publication" | `research:${string}`;

/** Clocks of honest machines differ; so much is forgiven at either end of a period. */
export const clockSkewMs = 5 * 60 * 1000;

const allow: Decision = { allow: true };
const refuse = (reason: RefusalReason): Decision => ({ allow: false, reason });

/**
 * The one rule: may this be shown to that audience for this purpose, now? A null receipt asks for the words of the request
 * rather than for a picture. Called from the four gates and from nowhere else. Rules G1 to G14 and G17 in RULES.md.
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
  // G11: what an emergency overrides is the end and the reach of a consent, never a no.
  if (audience !== "glass" && nowMs > Date.parse(consent.expiresAt) + clockSkewMs) return refuse("expired");
  if (nowMs < Date.parse(consent.collectedAt) - clockSkewMs) return refuse("not-yet-valid");
  if (!grants(consent, "opinion")) return refuse("opinion-not-granted");
  if (receipt !== null) {
    const mismatch = matchReceipt(consent, receipt);
    if (mismatch !== null) return refuse(mismatch);
    // G17: to be filmed is a yes of its own, which nothing stands in for.
    if (receipt.clip === true && !grants(consent, "video")) return refuse("video-not-granted");
  }
  if (purpose !== "care") return beyondCare(consent, audience, purpose);
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

/** G8, G11, G12, G13: a use beyond care needs a yes of its own, said by somebody and not merely not refused. */
function beyondCare(
  consent: Consent,
  audience: Audience,
  purpose: Exclude<DisclosurePurpose, "care">,
): Decision {
  if (audience === "glass" || consent.method === "emergency" || consent.method === "non-opposition")
    return refuse("purpose-not-granted");
  const agreed =
    purpose === "teaching" || purpose === "publication"
      ? grants(consent, purpose)
      : grants(consent, "research", purpose.slice("research:".length));
  return agreed ? allow : refuse("purpose-not-granted");
}

/** The words of the request: information and no objection is enough inside the team; a pool needs the patient's yes, who was told of it (CSP L1110-4). */
function wordsFor(consent: Consent, audience: Audience): Decision {
  switch (audience) {
    case "collector":
    case "record":
    case "named":
    case "team":
    case "glass":
      return allow;
    case "addressed":
      return consent.method === "non-opposition" ? refuse("audience-not-covered") : allow;
    case "stranger":
      return refuse("audience-not-covered");
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
    case "glass":
      return any("care-named", "care-team", "care-outside-team") ? allow : refuse("purpose-not-granted");
    case "team":
      return any("care-team", "care-outside-team") ? allow : refuse("audience-not-covered");
    case "addressed":
      return any("care-outside-team") && consent.method !== "non-opposition"
        ? allow
        : refuse("audience-not-covered");
    case "stranger":
      return refuse("audience-not-covered");
    default:
      return missingCase(audience);
  }
}

/**
 * Where a person stands for a consent. Somebody named in person is "named"; a colleague in a care team of the collector is
 * "team"; a member of a pool that the patient was told of is "addressed" (CSP L1110-4 III); for whom a glass is broken now is in by
 * that, and everybody else, known or not, is a stranger.
 */
export function audienceOf(
  userId: string,
  consent: Consent,
  clinicians: readonly Clinician[],
  glasses: readonly OpenGlass[],
  nowMs: number,
): Audience {
  const standing = standingOf(userId, consent, clinicians);
  const expired = nowMs > Date.parse(consent.expiresAt) + clockSkewMs;
  const broken = glasses.some((glass) => glass.reader === userId && nowMs <= glass.untilMs);
  // The plain way first: a glass is for where that ends.
  return broken && (expired || standing === "stranger" || standing === "addressed" || standing === "team")
    ? "glass"
    : standing;
}

function standingOf(userId: string, consent: Consent, clinicians: readonly Clinician[]): Audience {
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
  const pools = consent.recipients.filter((recipient) => recipient.kind !== "person");
  const addressed = pools.some((pool) =>
    membersOf(pool, clinicians, consent.collectedBy).some((each) => each.userId === userId),
  );
  return addressed ? "addressed" : "stranger";
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
