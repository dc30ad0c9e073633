import type { Consent } from "#protocol/consent.ts";
import { clinicians } from "./people.ts";

/**
 * What docs/consent-rules.md says, once more and in another way: tables and plain comparisons, none of the product's rules. "either" is
 * where the document leaves room: clocks that differ by minutes, and a word of the registry that is believed for a minute.
 */
export type Verdict = "allow" | "refuse" | "either";

const minute = 60_000;
/** Clocks of honest machines differ by so much. */
const skew = 5 * minute;
/** How long the registry's word is believed on a device. */
const wordLasts = minute;
/** How long a membership is believed by the gateway. */
const membershipLasts = 1_000;

type Standing = "collector" | "named" | "team" | "addressed" | "stranger";
type Who = Standing | "glass" | "record";
type Purpose = Consent["decisions"][number]["purpose"];

const care: readonly Purpose[] = ["care-named", "care-team", "care-outside-team"];
/** Of which purposes one must be granted, for pictures to go to these. */
const picturesNeed: Readonly<Record<Who, readonly Purpose[]>> = {
  collector: care,
  named: care,
  glass: care,
  record: care,
  team: ["care-team", "care-outside-team"],
  addressed: ["care-outside-team"],
  stranger: [],
};

/** A broken glass, by the hospital's clock. */
export type Glass = { readonly reader: string; readonly openedAtMs: number; readonly endsAtMs: number };

/** A consent as it truly is, whatever machines believe. */
export type ConsentTruth = {
  readonly consent: Consent;
  /** The registry has it, as far as its database goes. */
  readonly isRegistered: boolean;
  readonly withdrawnAtMs: number | undefined;
  readonly glasses: readonly Glass[];
};

/** What a receipt says, and whether all of it holds: signed by the taker, sent by the taker, of these bytes. */
export type ReceiptTruth = {
  readonly consentId: string;
  readonly caseId: string;
  readonly pseudonym: string;
  readonly takenAtMs: number;
  readonly clip: boolean;
};

const granted = (consent: Consent, purpose: Purpose): boolean =>
  consent.decisions.some((each) => each.purpose === purpose && each.granted);

function standingOf(userId: string, consent: Consent): Standing {
  const teamsOf = (id: string) => clinicians.find((each) => each.userId === id)?.teams ?? [];
  const specialty = clinicians.find((each) => each.userId === userId)?.specialty;
  const { recipients, collectedBy } = consent;
  if (userId === collectedBy) return "collector";
  if (recipients.some((each) => each.kind === "person" && each.userId === userId)) return "named";
  if (teamsOf(userId).some((team) => teamsOf(collectedBy).includes(team))) return "team";
  const told = recipients.some(
    (each) =>
      (each.kind === "specialty" && each.specialty === specialty) ||
      (each.kind === "team" && teamsOf(userId).includes(each.teamId)),
  );
  return told ? "addressed" : "stranger";
}

/** G14: of the words that stand and take the first one's place, one after the other, the newest; from when the first was said. */
export function wordNow(first: Consent, standing: readonly Consent[]): Consent {
  let word = first;
  const seen = [first.consentId];
  for (;;) {
    const next = standing
      .filter(({ supersedes, caseId }) => supersedes === word.consentId && caseId === first.caseId)
      .filter(({ consentId, pseudonym }) => !seen.includes(consentId) && pseudonym === first.pseudonym)
      .toSorted((one, other) => Date.parse(one.collectedAt) - Date.parse(other.collectedAt))
      .at(-1);
    if (next === undefined) return { ...word, consentId: first.consentId, collectedAt: first.collectedAt };
    seen.push(next.consentId);
    word = next;
  }
}

/** G1 to G14 and G17 for care: may that person (or the record) have words (no receipt) or a picture, by a clock that says `nowMs`? */
export function rules(
  truth: ConsentTruth | undefined,
  receipt: ReceiptTruth | null,
  who: string | "record",
  nowMs: number,
  /** How long after a withdrawal it may still be believed there. */
  believedMs = 0,
): Verdict {
  if (truth === undefined || !truth.isRegistered) return "refuse";
  const { consent, withdrawnAtMs } = truth;
  const verdicts: Verdict[] = [];
  if (withdrawnAtMs !== undefined) verdicts.push(nowMs > withdrawnAtMs + believedMs ? "refuse" : "either");
  const begins = Date.parse(consent.collectedAt);
  verdicts.push(nowMs < begins - skew ? "refuse" : nowMs < begins ? "either" : "allow");
  if (!granted(consent, "opinion")) return "refuse";
  if (receipt !== null) verdicts.push(receiptFits(consent, receipt));
  if (receipt?.clip === true && !granted(consent, "video")) return "refuse";
  verdicts.push(reaches(truth, receipt !== null, who, nowMs, believedMs));
  return all(verdicts);
}

function receiptFits(consent: Consent, receipt: ReceiptTruth): Verdict {
  if (receipt.consentId !== consent.consentId || receipt.caseId !== consent.caseId) return "refuse";
  if (receipt.pseudonym !== consent.pseudonym) return "refuse";
  const before = Date.parse(consent.collectedAt) - receipt.takenAtMs;
  return before > skew ? "refuse" : before > 0 ? "either" : "allow";
}

/** In its time for whom the consent reaches; and for whom the glass is broken, past its end and its reach. */
function reaches(
  truth: ConsentTruth,
  isPicture: boolean,
  who: string | "record",
  nowMs: number,
  believedMs: number,
): Verdict {
  const { consent, glasses } = truth;
  const ends = Date.parse(consent.expiresAt);
  const inTime: Verdict = nowMs > ends + skew ? "refuse" : nowMs > ends ? "either" : "allow";
  const covers = (as: Who): Verdict => {
    if (isPicture) return picturesNeed[as].some((purpose) => granted(consent, purpose)) ? "allow" : "refuse";
    return as === "stranger" ? "refuse" : "allow";
  };
  const as: Who = who === "record" ? "record" : standingOf(who, consent);
  const isPoolWithoutYes = as === "addressed" && consent.method === "non-opposition";
  const plain = isPoolWithoutYes ? "refuse" : all([inTime, covers(as)]);
  const broken = glasses.filter((each) => each.reader === who);
  const open: Verdict = any(
    broken.map(({ openedAtMs, endsAtMs }): Verdict => {
      if (nowMs > endsAtMs) return "refuse";
      // On a device, the registry's word of the last minute may be from before.
      return nowMs >= openedAtMs + believedMs && nowMs <= endsAtMs - (believedMs && 1000)
        ? "allow"
        : "either";
    }),
  );
  return any([plain, all([open, covers("glass")])]);
}

/** Gate 2, a download: only a member now; and by the hospital's clock. */
export function mayDownload(
  truth: ConsentTruth | undefined,
  receipt: ReceiptTruth,
  person: { readonly userId: string; readonly isMember: boolean; readonly leftAtMs: number | undefined },
  nowMs: number,
): Verdict {
  const member: Verdict = person.isMember
    ? "allow"
    : person.leftAtMs !== undefined && nowMs <= person.leftAtMs + membershipLasts
      ? "either"
      : "refuse";
  return all([member, rules(truth, receipt, person.userId, nowMs)]);
}

/** Gate 3, on a device: by the registry's time, on its word of the last minute, which members alone are given. */
export function mayShow(
  truth: ConsentTruth | undefined,
  receipt: ReceiptTruth,
  person: {
    readonly userId: string;
    readonly isMember: boolean;
    readonly leftAtMs: number | undefined;
    readonly skewMs: number;
    /** When it last had the registry's word on the room. */
    readonly heardAtMs: number | undefined;
  },
  nowMs: number,
): Verdict {
  const { skewMs, leftAtMs, heardAtMs } = person;
  const isOld = nowMs > (heardAtMs ?? Number.NEGATIVE_INFINITY) + wordLasts;
  // A lease that seems older, or younger, than clocks may differ is an old one played again; one from before the clock was set is good.
  const isOff = Math.abs(skewMs) > skew + 2_000;
  if (isOff && isOld) return "refuse";
  const lastWord = person.isMember ? Number.POSITIVE_INFINITY : (leftAtMs ?? Number.NEGATIVE_INFINITY);
  const isIn = lastWord === Number.POSITIVE_INFINITY && !isOff;
  const word: Verdict = isIn ? "allow" : nowMs > lastWord + wordLasts ? "refuse" : "either";
  return all([word, rules(truth, receipt, person.userId, nowMs, wordLasts)]);
}

const hour = 60 * minute;

/**
 * G15 and G16: while the registry is silent, on what it said last (`told`) for four hours; and for a quarter of an hour past them, and past
 * the reach and the end, when an emergency was signed there. A device may know less than it was told, and then shows nothing.
 */
export function mayShowInSilence(
  told: ConsentTruth | undefined,
  receipt: ReceiptTruth,
  person: {
    readonly userId: string;
    readonly heardAtMs: number;
    readonly openedHereAtMs: number | undefined;
  },
  nowMs: number,
): Verdict {
  const { userId, heardAtMs, openedHereAtMs } = person;
  const endsAtMs = (openedHereAtMs ?? Number.NEGATIVE_INFINITY) + 15 * minute;
  // Over a reload a clock may be off by what clocks may differ.
  if (told === undefined || (nowMs > heardAtMs + 4 * hour + skew && nowMs > endsAtMs)) return "refuse";
  const here = openedHereAtMs === undefined ? [] : [{ reader: userId, openedAtMs: openedHereAtMs, endsAtMs }];
  const truth = { ...told, glasses: [...told.glasses, ...here] };
  return all(["either", rules(truth, receipt, userId, nowMs, nowMs - heardAtMs)]);
}

/** G11: whether the registry takes a broken glass, and how long it is open by its clock. Who may break one is asked elsewhere. */
export function glassOf(
  truth: ConsentTruth | undefined,
  asked: { readonly openedAtMs: number; readonly endsAtMs: number },
  nowMs: number,
): { readonly verdict: Verdict; readonly endsAtMs: number } {
  const longest = 240 * minute;
  const slip = Math.abs(asked.openedAtMs - nowMs);
  const endsAtMs = Math.min(asked.endsAtMs, nowMs + longest);
  if (truth === undefined || !truth.isRegistered || truth.withdrawnAtMs !== undefined)
    return { verdict: "refuse", endsAtMs };
  if (!granted(truth.consent, "opinion") || asked.endsAtMs - asked.openedAtMs > longest)
    return { verdict: "refuse", endsAtMs };
  return { verdict: slip > skew - 2_000 ? "either" : "allow", endsAtMs };
}

/** R1 to R7: whether the registry takes a consent at all. */
export function counts(consent: Consent, takenInAtMs: number): Verdict {
  const hours = (Date.parse(consent.expiresAt) - Date.parse(consent.collectedAt)) / 3_600_000;
  const yes = consent.decisions.filter((each) => each.granted);
  const purposes = new Set(yes.map((each) => each.purpose));
  const beyondCare = ["teaching", "research", "publication"] as const;
  const isBeyond = beyondCare.some((each) => purposes.has(each));
  const faults = [
    hours > 731 * 24,
    consent.method === "emergency" && hours > 72,
    consent.method === "emergency" && consent.givenBy !== "nobody",
    consent.method !== "emergency" && consent.givenBy === "nobody",
    consent.method === "emergency" && (isBeyond || purposes.has("video")),
    consent.method === "non-opposition" &&
      (isBeyond || purposes.has("care-outside-team") || purposes.has("video")),
    consent.method === "oral-witnessed" && isBeyond,
    purposes.has("publication") && consent.givenBy === "parent",
    consent.assent === "no" && (isBeyond || purposes.has("video")),
    yes.some((each) => each.purpose === "research" && (each.project ?? "").trim() === ""),
  ];
  const ahead = Date.parse(consent.collectedAt) - takenInAtMs;
  const over = takenInAtMs - Date.parse(consent.expiresAt);
  if (faults.includes(true) || ahead > skew || over > skew) return "refuse";
  return ahead > 0 || over > 0 ? "either" : "allow";
}

export function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("refuse")) return "refuse";
  return verdicts.includes("either") ? "either" : "allow";
}

function any(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("allow")) return "allow";
  return verdicts.includes("either") ? "either" : "refuse";
}
