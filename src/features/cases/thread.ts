import type { CaseState } from "#protocol/case-state.ts";
import type { Consent } from "#protocol/consent.ts";
import type { Expired, Filed } from "#protocol/events.ts";

export type KnotName = "consented" | "encrypted" | "seen" | "filed";

/** One knot of a thread. A knot is tied only once what it says is true; `filed` means read back from the record. */
export type Knot = {
  readonly name: KnotName;
  readonly state: "tied" | "next" | "to-come" | "withdrawn" | "failed";
  readonly atMs: number | null;
};

export type Thread = readonly [Knot, Knot, Knot, Knot];

export type ThreadFacts = {
  readonly consentedAtMs: number | null;
  readonly encryptedAtMs: number | null;
  readonly seenAtMs: number | null;
  readonly filed: Filed["outcome"] | null;
  readonly withdrawn: boolean;
};

/** Ties what is true. The first knot that is not yet tied is the next one. */
export function threadOf(facts: ThreadFacts): Thread {
  const filedAtMs = facts.filed?.state === "filed" ? Date.parse(facts.filed.at) : null;
  const times = {
    consented: facts.consentedAtMs,
    encrypted: facts.encryptedAtMs,
    seen: facts.seenAtMs,
    filed: filedAtMs,
  };
  let nextGiven = false;
  const knot = (name: KnotName): Knot => {
    const atMs = times[name];
    if (atMs !== null) return { name, state: "tied", atMs };
    const { filed } = facts;
    // Read back by nobody, whatever a human says of it.
    const stopped = filed?.state === "refused" || filed?.state === "parked" || filed?.state === "resolved";
    if (name === "filed" && stopped) return { name, state: "failed", atMs: Date.parse(filed.at) };
    if (nextGiven) return { name, state: "to-come", atMs: null };
    nextGiven = true;
    return { name, state: "next", atMs: null };
  };
  const thread: Thread = [knot("consented"), knot("encrypted"), knot("seen"), knot("filed")];
  return facts.withdrawn ? cut(thread) : thread;
}

/** A withdrawn picture: what was tied stays as history, the thread stops after it. */
function cut(thread: Thread): Thread {
  let stopped = false;
  const end = (knot: Knot): Knot => {
    if (knot.state === "tied") return knot;
    if (stopped) return { ...knot, state: "to-come" };
    stopped = true;
    return { ...knot, state: "withdrawn" };
  };
  return [end(thread[0]), end(thread[1]), end(thread[2]), end(thread[3])];
}

/** Who, other than its sender and the archivist, had the event on screen first. */
export function firstReader(
  state: CaseState,
  eventId: string,
  sender: string,
  bot: string,
): { readonly userId: string; readonly atMs: number } | null {
  const readers = [...(state.seen.get(eventId) ?? [])].filter(
    ([reader]) => reader !== sender && reader !== bot,
  );
  const first = readers.sort(([, a], [, b]) => a - b)[0];
  return first === undefined ? null : { userId: first[0], atMs: first[1] };
}

export const filedOutcome = (state: CaseState, eventId: string): Filed["outcome"] | null =>
  state.filed.get(eventId)?.outcome ?? null;

export const isWithdrawn = (outcome: Filed["outcome"] | null): boolean =>
  outcome?.state === "refused" && outcome.reason === "withdrawn";

export function consentOf(state: CaseState, consentId: string): Consent | null {
  return state.consents.find((each) => each.consent.consentId === consentId)?.consent ?? null;
}

/** The thread of one photo. `refusedAsWithdrawn` is what the reading gate said of it on this device. */
export function photoThread(
  state: CaseState,
  photo: CaseState["photos"][number],
  bot: string,
  refusedAsWithdrawn: boolean,
): Thread {
  const consent = consentOf(state, photo.photo.receipt.payload.consentId);
  const outcome = filedOutcome(state, photo.eventId);
  return threadOf({
    consentedAtMs: consent === null ? null : Date.parse(consent.collectedAt),
    encryptedAtMs: photo.atMs,
    seenAtMs: firstReader(state, photo.eventId, photo.sender, bot)?.atMs ?? null,
    filed: outcome,
    withdrawn: refusedAsWithdrawn || isWithdrawn(outcome),
  });
}

/** The thread of a whole case: a knot is tied when it is for the request and for every photo; the latest tells the time. */
export function caseThread(state: CaseState, bot: string): Thread {
  if (state.expired !== null) return expiredThread(state.expired);
  const request = state.request;
  const consent = state.consents[0]?.consent;
  const all: Thread[] = state.photos.map((photo) => photoThread(state, photo, bot, false));
  if (request !== null)
    all.push(
      threadOf({
        consentedAtMs: consent === undefined ? null : Date.parse(consent.collectedAt),
        encryptedAtMs: request.atMs,
        seenAtMs: firstReader(state, request.eventId, request.request.requester, bot)?.atMs ?? null,
        filed: filedOutcome(state, request.eventId),
        withdrawn: false,
      }),
    );
  return threadOf({
    consentedAtMs: latest(all.map((thread) => thread[0])),
    encryptedAtMs: latest(all.map((thread) => thread[1])),
    seenAtMs: latest(all.map((thread) => thread[2])),
    filed: mergedFiling(all.map((thread) => thread[3])),
    withdrawn:
      isTakenBack(state) ||
      (all.length > 0 && all.every((thread) => thread.some((knot) => knot.state === "withdrawn"))),
  });
}

/** What expired was answered, so seen, and is in the record. */
const expiredThread = ({ consentedAt, requestedAt, ended, filedAt }: Expired): Thread =>
  threadOf({
    consentedAtMs: Date.parse(consentedAt ?? requestedAt),
    encryptedAtMs: Date.parse(requestedAt),
    seenAtMs: Date.parse(ended.at),
    filed: { state: "filed", at: filedAt, entries: [] },
    withdrawn: false,
  });

/** No word of the patient counts here any more. */
const isTakenBack = ({ consents, withdrawals }: CaseState): boolean =>
  consents.length > 0 &&
  consents.every(({ consent }) => withdrawals.some((each) => each.withdrawn.consentId === consent.consentId));

function latest(knots: readonly Knot[]): number | null {
  if (knots.length === 0) return null;
  let at = 0;
  for (const knot of knots) {
    // A withdrawn photo no longer waits for anything.
    if (knot.state === "withdrawn") continue;
    if (knot.atMs === null) return null;
    at = Math.max(at, knot.atMs);
  }
  return at === 0 ? null : at;
}

function mergedFiling(knots: readonly Knot[]): Filed["outcome"] | null {
  const failed = knots.find((knot) => knot.state === "failed");
  if (failed !== undefined && failed.atMs !== null)
    return { state: "parked", at: new Date(failed.atMs).toISOString(), reason: "" };
  const at = latest(knots);
  return at === null ? null : { state: "filed", at: new Date(at).toISOString(), entries: [] };
}
