import { type CaseState, notYetInformed, opinionVersions } from "./case-state.ts";
import type { CopyObstacle } from "./copies.ts";
import type { Expired, Request } from "./events.ts";

const dayMs = 24 * 3600_000;
/** How much of the question stays as the title of the case. */
const maxTitle = 120;

/**
 * When the content of a case leaves the messenger (rule C16): so many days after its end, or after the last that was said or opened since,
 * whichever is later; null while it stays, because it has not ended, or something that was done without the patient has yet to be told
 * them, or the organisation keeps all (0 days). That all of it is in the record is `whyStays`'s to see to.
 */
export function expiryOf(state: CaseState, days: number): number | null {
  const ended = endOf(state);
  if (days <= 0 || ended === null || state.expired !== null) return null;
  if (notYetInformed(state).length > 0) return null;
  const glasses = state.glasses.map(({ glass }) => Date.parse(glass.endsAt));
  return Math.max(ended.atMs, state.lastAtMs, ...glasses) + days * dayMs;
}

/** What ended a case: that it is of the wrong patient, or its opinion in the version that stands. */
function endOf(
  state: CaseState,
): { how: Expired["ended"]["how"]; by: Expired["ended"]["by"]; atMs: number } | null {
  if (state.misfiled !== null)
    return { how: "misfiled", by: state.misfiled.misfiling.by, atMs: state.misfiled.atMs };
  const standing = opinionVersions(state).at(-1);
  return standing === undefined
    ? null
    : { how: "answered", by: standing.opinion.author, atMs: standing.atMs };
}

/** All that is known of a case where its content is about to be taken out. */
export type Leaving = {
  /** The case as the record has it: folded from what was filed and read back, and from nothing else. */
  readonly state: CaseState;
  /** Where each thing is that was handed over to filing. */
  readonly items: readonly ItemState[];
  /** Events of the case that nobody could take for anything: they are in no record. */
  readonly malformed: number;
  /** Words of the archivist that the room was not told. */
  readonly untold: number;
  /** Some process files or tells it at this moment. */
  readonly inHand: boolean;
  /** Copies of its letters, oldest first. */
  readonly copies: readonly {
    readonly to: string;
    readonly state: "waiting" | "handed" | "failed";
    readonly obstacle: CopyObstacle | null;
  }[];
};
type ItemState =
  | "new"
  | "planned"
  | "refusing"
  | "parked"
  | "filed"
  | "refused"
  | "ignored"
  | "resolved"
  /** Of the wrong patient, and filed anew under the right one: what took its place is an item of its own. */
  | "replaced";

export type Stays = "too-early" | "not-filed" | "malformed" | "not-told" | "in-hand" | "copy-not-handed-over";

/** Settled: read back from the record, or ended by the gate or by a human who said why. */
const settled: readonly ItemState[] = ["filed", "refused", "ignored", "resolved", "replaced"];

/** Why the content of a case stays in the messenger (rule C16); null when it may leave. What is not known to be settled is not. */
export function whyStays(leaving: Leaving, days: number, nowMs: number): Stays | null {
  if (!leaving.items.every((state) => settled.includes(state))) return "not-filed";
  if (leaving.malformed > 0) return "malformed";
  if (leaving.untold > 0) return "not-told";
  if (leaving.inHand) return "in-hand";
  if (!leaving.copies.every((copy, at) => isHandedOver(copy, leaving.copies.slice(at + 1))))
    return "copy-not-handed-over";
  const atMs = expiryOf(leaving.state, days);
  return atMs === null || atMs > nowMs ? "too-early" : null;
}

/** What nobody may be sent any more is owed to nobody; what failed otherwise was sent again, or waits for a human. */
function isHandedOver({ to, state, obstacle }: Leaving["copies"][number], later: Leaving["copies"]): boolean {
  if (state !== "failed") return state === "handed";
  if (obstacle === "consent-ended" || obstacle === "not-a-letter") return true;
  return later.some((each) => each.to === to && each.state === "handed");
}

/** What stays of a case for its members: whose it is, what was asked in a line, how it ended and when. The rest is in the record. */
export function summaryOf(state: CaseState, filedAtMs: number, nowMs: number): Expired | null {
  const { request, consents } = state;
  const ended = endOf(state);
  if (request === null || ended === null) return null;
  const {
    background: _b,
    treatments: _t,
    allergies: _a,
    hypothesis: _h,
    callback: _c,
    ...kept
  } = request.request;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    at: iso(nowMs),
    requestEventId: request.eventId,
    request: { ...kept, history: "", question: titleOf(kept) },
    requestedAt: iso(request.atMs),
    ...(consents[0] === undefined ? {} : { consentedAt: consents[0].consent.collectedAt }),
    consentIds: consents.map(({ consent }) => consent.consentId),
    ended: { how: ended.how, by: ended.by, at: iso(ended.atMs) },
    filedAt: iso(filedAtMs),
  };
}

function titleOf({ question }: Pick<Request, "question">): string {
  const line = question.split("\n")[0]?.trim() ?? question;
  return line.length <= maxTitle ? line : `${line.slice(0, maxTitle - 1).trimEnd()}…`;
}
