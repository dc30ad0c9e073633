import type { Admission } from "#protocol/admission.ts";
import type { CallTrace } from "#protocol/calls.ts";
import type { CaseState } from "#protocol/case-state.ts";
import { type Consent, grants } from "#protocol/consent.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import type { Filed, Informed, Response, Withdrawn } from "#protocol/events.ts";
import type { CallsState, CaseRecord, PendingItem, UnreadableReason } from "../../matrix/types.ts";
import { type RingOutcome, ringsOf } from "./rings.ts";
import { filedOutcome } from "./thread.ts";

/** How far something that was said has come. Each word is true when it is shown. */
export type Delivery =
  | { readonly state: "waiting" | "sending" | "failed" }
  | { readonly state: "sent" | "seen" | "filed"; readonly atMs: number };

export type Entry = { readonly key: string; readonly atMs: number } & (
  | { readonly kind: "message"; readonly author: string; readonly text: string; readonly delivery: Delivery }
  | {
      readonly kind: "response";
      readonly author: string;
      readonly response: Response;
      readonly delivery: Delivery;
    }
  | { readonly kind: "photo"; readonly author: string; readonly eventId: string }
  | {
      readonly kind: "glass";
      readonly author: string;
      readonly reader: string;
      readonly reason: string;
      readonly endsMs: number;
    }
  /** The time of an emergency access is over. */
  | { readonly kind: "glass-over"; readonly reader: string }
  /** Whom the archivist could not let in, or put out. */
  | { readonly kind: "admission"; readonly admission: Admission }
  | { readonly kind: "informed"; readonly author: string; readonly informed: Informed }
  | { readonly kind: "withdrawn"; readonly author: string; readonly withdrawn: Withdrawn }
  | {
      readonly kind: "consent";
      readonly author: string;
      readonly consent: Consent;
      readonly granted: boolean;
    }
  /** A call took place, on the archivist's word. */
  | { readonly kind: "call"; readonly call: CallTrace }
  /** Somebody was rung for a call, and what came of it. */
  | {
      readonly kind: "ring";
      readonly author: string;
      readonly to: readonly string[];
      readonly outcome: RingOutcome;
    }
  | { readonly kind: "pending"; readonly item: PendingItem }
  | { readonly kind: "unreadable"; readonly reason: UnreadableReason; readonly count: number }
  | { readonly kind: "refused"; readonly count: number }
);

/** What the archivist last did in this case. */
export type ArchivistWord =
  | { readonly state: "nothing-yet" }
  | { readonly state: "filed"; readonly atMs: number; readonly all: boolean }
  | { readonly state: "waiting"; readonly sinceMs: number }
  | { readonly state: "parked" | "refused"; readonly atMs: number };

/** Everything that was said, oldest first, and what still waits on this device at the end. */
export function discussionOf(
  record: CaseRecord,
  bot: string,
  nowMs: number,
  calls: Pick<CallsState, "lastMet" | "inRooms">,
): readonly Entry[] {
  const { state } = record;
  const said: Entry[] = [
    ...state.messages.map(
      (each): Entry => ({
        key: each.eventId,
        kind: "message",
        author: each.sender,
        atMs: each.atMs,
        text: each.text,
        delivery: deliveryOf(state, each, bot),
      }),
    ),
    ...state.responses.map(
      (each): Entry => ({
        key: each.eventId,
        kind: "response",
        author: each.sender,
        atMs: each.atMs,
        response: each.response,
        delivery: deliveryOf(state, each, bot),
      }),
    ),
    ...laterPhotos(state),
    ...wordsOfThePatient(state),
    ...wordsOfTheArchivist(state),
    ...endedGlasses(state, nowMs),
    ...state.calls.map(({ eventId, call }): Entry => {
      const atMs = Date.parse(call.startedAt);
      return { key: eventId, kind: "call", atMs, call };
    }),
    ...ringsOf(state, nowMs, calls.lastMet.get(record.roomId) ?? 0, calls.inRooms.has(record.roomId)),
    ...unreadable(record),
  ];
  said.sort((a, b) => a.atMs - b.atMs);
  if (record.refused.length + state.malformed.length > 0)
    said.push({
      key: "refused",
      kind: "refused",
      atMs: state.lastAtMs,
      count: record.refused.length + state.malformed.length,
    });
  return [...said, ...record.pending.map(pendingEntry)];
}

const pendingEntry = (item: PendingItem): Entry => ({
  key: item.localId,
  kind: "pending",
  atMs: item.atMs,
  item,
});

/** Photos sent with the request stand beside it; one added afterwards is also a turn of the talk. */
function laterPhotos(state: CaseState): Entry[] {
  const talk = [...state.messages, ...state.responses].map((each) => each.atMs);
  if (talk.length === 0) return [];
  const began = Math.min(...talk);
  return state.photos
    .filter((photo) => photo.atMs > began)
    .map((photo) => ({
      key: photo.eventId,
      kind: "photo",
      atMs: photo.atMs,
      author: photo.sender,
      eventId: photo.eventId,
    }));
}

/** One act is one line, also where it had to be said of several consents. */
const oneActMs = 60_000;
function once(entries: readonly Entry[]): Entry[] {
  const same = (one: Entry, other: Entry): boolean => {
    if (other.atMs - one.atMs > oneActMs) return false;
    if (one.kind === "glass" && other.kind === "glass")
      return one.author === other.author && one.reader === other.reader && one.reason === other.reason;
    return (
      one.kind === "informed" &&
      other.kind === "informed" &&
      one.author === other.author &&
      one.informed.whom === other.informed.whom
    );
  };
  return entries.filter((entry, index) => !entries.slice(0, index).some((before) => same(before, entry)));
}

/** What changed of the consent since the request: a newer word, a word taken back, a broken glass and that the patient knows of it. */
function wordsOfThePatient(state: CaseState): Entry[] {
  return [
    ...state.consents.slice(1).map(
      ({ eventId, atMs, sender, consent }): Entry => ({
        key: eventId,
        kind: "consent",
        atMs,
        author: sender,
        consent,
        granted: grants(consent, "opinion"),
      }),
    ),
    ...once(
      state.glasses.map(
        ({ eventId, atMs, glass, reason }): Entry => ({
          key: eventId,
          kind: "glass",
          atMs,
          author: glass.openedBy,
          reader: glass.reader,
          reason,
          endsMs: Date.parse(glass.endsAt),
        }),
      ),
    ),
    ...once(
      state.informed.map(
        ({ eventId, atMs, sender, informed }): Entry => ({
          key: eventId,
          kind: "informed",
          atMs,
          author: sender,
          informed,
        }),
      ),
    ),
    ...state.withdrawals.map(
      ({ eventId, atMs, withdrawn }): Entry => ({
        key: eventId,
        kind: "withdrawn",
        atMs,
        author: withdrawn.by,
        withdrawn,
      }),
    ),
  ];
}

const wordsOfTheArchivist = ({ admissions }: CaseState): Entry[] =>
  admissions.map(({ eventId, atMs, admission }) => ({ key: eventId, kind: "admission", atMs, admission }));

/** One line for each reader whose emergency access is over, unless the archivist has said more of it: that they are gone. */
function endedGlasses({ glasses, admissions }: CaseState, nowMs: number): Entry[] {
  const ends = new Map<string, number>();
  for (const { glass } of glasses)
    ends.set(glass.reader, Math.max(ends.get(glass.reader) ?? 0, Date.parse(glass.endsAt)));
  const isGone = (reader: string, endMs: number) =>
    admissions.some(
      ({ admission: { userId, at, outcome } }) =>
        outcome.state === "glass-ended" && userId === reader && Date.parse(at) >= endMs - clockSkewMs,
    );
  return [...ends].flatMap(([reader, atMs]) =>
    nowMs > atMs && !isGone(reader, atMs)
      ? [{ key: `glass-over ${reader}`, kind: "glass-over" as const, atMs, reader }]
      : [],
  );
}

/** One line for each reason, at the time of the first: ten lost messages are one sentence, not ten. */
function unreadable(record: CaseRecord): Entry[] {
  const byReason = new Map<UnreadableReason, { atMs: number; count: number }>();
  for (const each of record.unreadable) {
    const known = byReason.get(each.reason);
    byReason.set(each.reason, {
      atMs: Math.min(known?.atMs ?? each.atMs, each.atMs),
      count: (known?.count ?? 0) + 1,
    });
  }
  return [...byReason].map(([reason, { atMs, count }]) => ({
    key: `unreadable-${reason}`,
    kind: "unreadable",
    atMs,
    reason,
    count,
  }));
}

function deliveryOf(
  state: CaseState,
  each: { readonly eventId: string; readonly sender: string; readonly atMs: number },
  bot: string,
): Delivery {
  const outcome = filedOutcome(state, each.eventId);
  if (outcome?.state === "filed") return { state: "filed", atMs: Date.parse(outcome.at) };
  const seen = [...(state.seen.get(each.eventId) ?? [])].filter(
    ([reader]) => reader !== each.sender && reader !== bot,
  );
  if (seen.length > 0) return { state: "seen", atMs: Math.min(...seen.map(([, atMs]) => atMs)) };
  return { state: "sent", atMs: each.atMs };
}

/** The archivist's line: what is parked or refused comes before what is done. */
export function archivistWord(state: CaseState, due: readonly string[]): ArchivistWord {
  if (state.expired !== null) return { state: "filed", atMs: Date.parse(state.expired.filedAt), all: true };
  const outcomes = [...state.filed.values()].map((each) => each.outcome);
  const stopped =
    outcomes.find((each) => each.state === "parked") ?? outcomes.find((each) => each.state === "refused");
  if (stopped !== undefined && (stopped.state === "parked" || stopped.state === "refused"))
    return { state: stopped.state, atMs: Date.parse(stopped.at) };
  const waiting = outcomes.find((each) => each.state === "waiting");
  if (waiting?.state === "waiting") return { state: "waiting", sinceMs: Date.parse(waiting.since) };
  const filed = outcomes.flatMap((each) => (each.state === "filed" ? [Date.parse(each.at)] : []));
  if (filed.length === 0) return { state: "nothing-yet" };
  return { state: "filed", atMs: Math.max(...filed), all: due.length === 0 };
}

/** What an administrator ended because it could not be filed, newest first. */
export type ByHand = Pick<Extract<Filed["outcome"], { state: "resolved" }>, "how" | "why" | "by"> & {
  readonly eventId: string;
  readonly kind: Filed["kind"];
  readonly atMs: number;
};

export const endedByHand = (state: CaseState): ByHand[] =>
  [...state.filed.values()]
    .flatMap(({ ofEvent, kind, outcome }) =>
      outcome.state === "resolved"
        ? [
            {
              eventId: ofEvent,
              kind,
              how: outcome.how,
              why: outcome.why,
              by: outcome.by,
              atMs: Date.parse(outcome.at),
            },
          ]
        : [],
    )
    .sort((a, b) => b.atMs - a.atMs);

/** What this person has not had on screen yet, photos left out: a photo is seen when its picture is. */
export function unseenBy(state: CaseState, me: string): string[] {
  const shown = [
    ...(state.request === null
      ? []
      : [{ eventId: state.request.eventId, sender: state.request.request.requester }]),
    ...state.messages,
    ...state.responses,
    ...(state.opinion === null ? [] : [state.opinion]),
    ...state.amendments,
    ...state.questions.map(({ eventId, amendment }) => ({ eventId, sender: amendment.author })),
  ];
  return shown
    .filter((each) => each.sender !== me && !state.seen.get(each.eventId)?.has(me))
    .map((each) => each.eventId);
}
