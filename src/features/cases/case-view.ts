import type { Directory, Health } from "#protocol/api.ts";
import {
  arrivingPhotos,
  type CaseState,
  mayMisfile,
  notYetFiled,
  type OpinionVersion,
  ofOnePhoto,
  opinionVersions,
} from "#protocol/case-state.ts";
import type { Consent } from "#protocol/consent.ts";
import type { ConsentRules } from "#protocol/consent-rules.ts";
import type { Expired, Photo, Request } from "#protocol/events.ts";
import type { Patient } from "#protocol/patient.ts";
import type { AmendedQuestion, FormerQuestion } from "#protocol/question.ts";
import { expiryOf } from "#protocol/retention.ts";
import type {
  CallsState,
  CaseRecord,
  CasesState,
  OutgoingRequest,
  PendingItem,
  PendingPhoto,
} from "../../matrix/types.ts";
import { type CaseCall, callIn } from "./case-call.ts";
import {
  type ConsentStanding,
  type Reminders,
  remindersOf,
  standingOf,
  type TakenBack,
  takenBackOf,
} from "./consent-standing.ts";
import {
  type ArchivistWord,
  archivistWord,
  type ByHand,
  discussionOf,
  type Entry,
  endedByHand,
} from "./discussion.ts";
import type { PictureState, Pictures } from "./picture-model.ts";
import {
  caseThread,
  consentOf,
  filedOutcome,
  firstReader,
  isWithdrawn,
  photoThread,
  type Thread,
} from "./thread.ts";
import { type Role, roleIn, type Turn, turnOf } from "./turn.ts";
import { findCase } from "./worklist.ts";

export type { PendingItem, PendingPhoto };

export type PhotoView = {
  /** The first event of it, which stays the same when the whole picture follows its preview: pictures are asked for by it. */
  readonly key: string;
  /** Its own event; the preview's while the whole picture is on its way. */
  readonly eventId: string;
  /** False while only its preview is there. */
  readonly whole: boolean;
  readonly photo: Photo;
  readonly sender: string;
  readonly atMs: number;
  readonly consent: Consent | null;
  /** Its receipt's and its preview's. */
  readonly receiptIds: readonly string[];
  readonly thread: Thread;
  readonly withdrawn: boolean;
  readonly reader: { readonly userId: string; readonly atMs: number } | null;
  readonly filing: ReturnType<typeof filedOutcome>;
  /** Null until it is asked for. */
  readonly picture: PictureState | null;
};

/** Which actions stand at the foot of the case. */
export type Bar =
  | { readonly kind: "accept" }
  | { readonly kind: "answer"; readonly awaitingMore: boolean }
  | { readonly kind: "requester" }
  | { readonly kind: "taken"; readonly by: string }
  | { readonly kind: "declined" }
  | { readonly kind: "leaving" }
  /** `correcting`: whose it is has been said here, and is on its way. */
  | { readonly kind: "misfiled"; readonly correcting: boolean }
  | { readonly kind: "closed" };

export type OpenCase = {
  readonly state: "open";
  readonly key: string;
  readonly roomId: string;
  readonly role: Role;
  readonly turn: Turn;
  readonly me: string;
  readonly bot: string;
  readonly nowMs: number;
  readonly directory: Directory | null;
  readonly request: Request;
  readonly requestedAtMs: number;
  readonly thread: Thread;
  readonly photos: readonly PhotoView[];
  readonly pendingPhotos: readonly PendingItem[];
  readonly discussion: readonly Entry[];
  readonly archivist: ArchivistWord;
  /** What an administrator ended because it could not be filed. */
  readonly byHand: readonly ByHand[];
  readonly archivistPresent: boolean;
  readonly health: Health | null;
  readonly opinion: {
    /** The version that stands. */
    readonly standing: OpinionVersion;
    readonly author: string;
    /** The versions whose place it took, newest first. */
    readonly earlier: readonly OpinionVersion[];
  } | null;
  /** The versions of the question: which stands, which were replaced, newest first, and whether this person may write another. */
  readonly question: {
    readonly eventId: string;
    readonly amended: AmendedQuestion | null;
    readonly earlier: readonly FormerQuestion[];
    readonly mayAmend: boolean;
  };
  /** Said to be of the wrong patient. */
  readonly misfiled: {
    readonly by: string;
    readonly atMs: number;
    readonly reason: string;
    readonly told: readonly string[];
    readonly seenBy: readonly string[];
    /** The record has entered in error what it had of the case. */
    readonly done: boolean;
  } | null;
  /** Whom it was asked for before, and who gave it to this patient; the newest. */
  readonly corrected: {
    readonly wrong: Patient;
    readonly by: string;
    readonly atMs: number;
    readonly reason: string;
    readonly told: readonly string[];
    readonly seenBy: readonly string[];
  } | null;
  readonly mayMisfile: boolean;
  readonly opinionPending: PendingItem | null;
  readonly consent: ConsentStanding | null;
  readonly reminders: Reminders;
  /** Null while nothing was taken back. */
  readonly takenBack: TakenBack | null;
  /** Who is in the case beside the archivist, or was invited. */
  readonly people: readonly { readonly userId: string; readonly invited: boolean }[];
  readonly rules: ConsentRules | null;
  /** The content has left the messenger; or when it will, as far as that is known. */
  readonly expired: Expired | null;
  readonly expiresAtMs: number | null;
  readonly bar: Bar;
  readonly call: CaseCall;
};

export type CaseView =
  | { readonly state: "loading" }
  | { readonly state: "absent" }
  /** Its request is in this device's outbox and the room does not exist yet. */
  | { readonly state: "outgoing"; readonly outgoing: OutgoingRequest; readonly nowMs: number }
  /** The room is there and its content is not readable on this device yet. */
  | { readonly state: "arriving"; readonly late: boolean }
  | OpenCase;

export type CaseFacts = {
  readonly cases: CasesState;
  readonly directory: Directory | null;
  readonly health: Health | null;
  readonly me: string;
  readonly bot: string;
  readonly nowMs: number;
  readonly rules: ConsentRules | null;
  /** After how many days an answered case leaves the messenger; 0 when it stays. */
  readonly retentionDays: number;
  readonly pictures: Pictures;
  readonly calls: CallsState;
  /** Whether there are calls here. */
  readonly hasCalls: boolean;
};

/** Keys usually arrive in seconds; after this long a person is told who can help. */
const lateMs = 60_000;

export function caseViewOf(key: string, facts: CaseFacts): CaseView {
  const record = findCase(facts.cases, key);
  if (record === null) {
    const outgoing = facts.cases.outgoing.find((each) => each.request.caseId === key);
    if (outgoing !== undefined) return { state: "outgoing", outgoing, nowMs: facts.nowMs };
    // What this device kept is not all there is: only the homeserver can say that a case is none of this person's.
    return { state: facts.cases.synced ? "absent" : "loading" };
  }
  const { request } = record.state;
  if (request !== null) return openCase(key, record, request, facts);
  const sinceMs = Math.min(...record.unreadable.map((each) => each.atMs));
  return { state: "arriving", late: facts.nowMs - sinceMs > lateMs };
}

function openCase(
  key: string,
  record: CaseRecord,
  { request, atMs }: { readonly request: Request; readonly atMs: number },
  facts: CaseFacts,
): OpenCase {
  const { state, pending } = record;
  const { me, bot } = facts;
  return {
    state: "open",
    key,
    roomId: record.roomId,
    role: roleIn(state, me),
    turn: turnOf(state, me),
    me,
    bot,
    nowMs: facts.nowMs,
    directory: facts.directory,
    request,
    requestedAtMs: atMs,
    thread: caseThread(state, bot),
    photos: [...state.photos, ...arrivingPhotos(state)].map((photo) => photoView(record, photo, facts)),
    pendingPhotos: pending.filter((item) => item.kind === "photo"),
    discussion: discussionOf(record, bot, facts.nowMs, facts.calls),
    archivist: archivistWord(state, notYetFiled(state)),
    byHand: endedByHand(state),
    archivistPresent: record.members.includes(bot),
    health: facts.health,
    opinion: opinionOf(state),
    question: questionOf(record, me),
    misfiled: misfiledOf(state),
    corrected: correctedOf(state),
    mayMisfile:
      state.misfiled === null && mayMisfile(state, me) && !pending.some((item) => item.kind === "misfiled"),
    opinionPending: pending.find(({ kind }) => kind === "opinion" || kind === "amendment") ?? null,
    consent: standingOf(state, facts.nowMs),
    reminders: remindersOf(state, facts.nowMs),
    takenBack: takenBackOf(state),
    people: peopleIn(record, bot),
    rules: facts.rules,
    expired: state.expired,
    expiresAtMs: notYetFiled(state).length > 0 ? null : expiryOf(state, facts.retentionDays),
    bar: barOf(record, me),
    call: callIn(record, facts),
  };
}

const peopleIn = ({ members, invited }: CaseRecord, bot: string): OpenCase["people"] => [
  ...members.filter((userId) => userId !== bot).map((userId) => ({ userId, invited: false })),
  ...invited.map((userId) => ({ userId, invited: true })),
];

function photoView(
  { state }: CaseRecord,
  photo: CaseRecord["state"]["photos"][number],
  { bot, pictures }: CaseFacts,
): PhotoView {
  const key = state.previews.find((preview) => ofOnePhoto(preview, photo))?.eventId ?? photo.eventId;
  const shown = pictures.get(key);
  const refusal = shown?.step === "refused" ? shown.refusal : null;
  const { consentId } = photo.photo.receipt.payload;
  const gateSaysWithdrawn =
    state.withdrawals.some((each) => each.withdrawn.consentId === consentId) ||
    refusal?.kind === "withdrawn" ||
    (refusal?.kind === "refused" && refusal.reason === "withdrawn");
  const filing = filedOutcome(state, photo.eventId);
  return {
    key,
    eventId: photo.eventId,
    whole: state.photos.includes(photo),
    photo: photo.photo,
    sender: photo.sender,
    atMs: photo.atMs,
    consent: consentOf(state, consentId),
    receiptIds: [...state.photos, ...state.previews]
      .filter((each) => each === photo || ofOnePhoto(each, photo))
      .map((each) => each.photo.receipt.payload.receiptId),
    thread: photoThread(state, photo, bot, gateSaysWithdrawn),
    withdrawn: gateSaysWithdrawn || isWithdrawn(filing),
    reader: firstReader(state, photo.eventId, photo.sender, bot),
    filing,
    picture: shown ?? null,
  };
}

function barOf(record: CaseRecord, me: string): Bar {
  const { state, pending } = record;
  if (state.misfiled !== null)
    return { kind: "misfiled", correcting: pending.some((item) => item.kind === "identity") };
  if (state.opinion !== null || state.expired !== null) return { kind: "closed" };
  // On its way is not given: the letter says so, and nothing else can be done meanwhile.
  if (pending.some((item) => item.kind === "opinion" && item.state !== "failed")) return { kind: "leaving" };
  const turn = turnOf(state, me);
  switch (turn) {
    case "taken-by-another":
      return { kind: "taken", by: state.acceptedBy ?? "" };
    case "declined-by-me":
      return { kind: "declined" };
    case "give-opinion":
    case "await-more":
      return state.acceptedBy === me || turn === "await-more"
        ? { kind: "answer", awaitingMore: turn === "await-more" }
        : { kind: "accept" };
    case "answered":
      return { kind: "closed" };
    default:
      return { kind: "requester" };
  }
}

function misfiledOf({ misfiled, filed }: CaseState): OpenCase["misfiled"] {
  if (misfiled === null) return null;
  const { by, reason, told, seenBy = [] } = misfiled.misfiling;
  const done = filed.get(misfiled.eventId)?.outcome.state === "filed";
  return { by, reason, told, seenBy, atMs: misfiled.atMs, done };
}

function questionOf({ state, pending }: CaseRecord, me: string): OpenCase["question"] {
  const amended = state.questions.at(-1) ?? null;
  const isOpen = state.opinion === null && state.misfiled === null && state.expired === null;
  return {
    eventId: amended?.eventId ?? state.request?.eventId ?? "",
    amended,
    earlier: state.questions.map((each) => each.replaced).reverse(),
    mayAmend: isOpen && roleIn(state, me) === "requester" && !pending.some(({ kind }) => kind === "question"),
  };
}

function correctedOf({ corrections }: CaseState): OpenCase["corrected"] {
  const last = corrections.at(-1);
  if (last === undefined) return null;
  const { reason, told, seenBy = [] } = last.misfiled.misfiling;
  return { wrong: last.wrong, by: last.correction.by, atMs: last.atMs, reason, told, seenBy };
}

function opinionOf(state: CaseState): OpenCase["opinion"] {
  const [standing, ...earlier] = opinionVersions(state).reverse();
  return standing === undefined ? null : { standing, author: standing.opinion.author, earlier };
}
