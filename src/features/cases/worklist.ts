import type { Directory } from "#protocol/api.ts";
import type { Urgency } from "#protocol/events.ts";
import { initialsOf, type Patient } from "#protocol/patient.ts";
import { type Addressee, fullName, shortName } from "#protocol/people.ts";
import type { CaseRecord, CasesState, OutgoingRequest } from "../../matrix/types.ts";
import { ageInYears } from "../patient/index.ts";
import { sameDay } from "./due.ts";
import { caseThread, type Thread } from "./thread.ts";
import { type Tab, type Turn, tabOf, turnOf } from "./turn.ts";

/** One row of the worklist: no more of the patient than initials, age and sex. */
export type Row = {
  readonly key: string;
  readonly turn: Turn;
  readonly tab: Tab;
  readonly urgency: Urgency | null;
  readonly dueMs: number | null;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly question: string | null;
  readonly patient: {
    readonly initials: string;
    readonly age: number | null;
    readonly sex: Patient["sex"];
  } | null;
  /** Who asked, for the expert; whom it was put to, for the requester. */
  readonly who: string;
  readonly photos: number;
  readonly thread: Thread;
  /** Words or pictures of this device that did not leave yet. */
  readonly unsent: number;
  readonly failed: boolean;
};

export type Headline = {
  readonly opinions: number;
  readonly more: number;
  readonly redirect: number;
  readonly waiting: number;
  /** What presses most among what is to answer. */
  readonly pressing:
    | { readonly kind: "late"; readonly count: number }
    | { readonly kind: "today"; readonly count: number; readonly dueMs: number }
    | null;
};

export type Worklist = {
  readonly loaded: boolean;
  readonly headline: Headline;
  readonly tabs: Readonly<Record<Tab, readonly Row[]>>;
  readonly outgoing: readonly OutgoingRow[];
};

export type OutgoingRow = Pick<OutgoingRequest, "localId" | "state" | "error" | "photos"> & {
  readonly key: string;
  readonly question: string;
  readonly urgency: Urgency;
  readonly patient: NonNullable<Row["patient"]>;
  readonly who: string;
};

export type WorklistFacts = {
  readonly cases: CasesState;
  readonly directory: Directory | null;
  readonly me: string;
  readonly bot: string;
  readonly nowMs: number;
};

export function worklistOf(facts: WorklistFacts): Worklist {
  const rows = [...facts.cases.byRoom.values()].map((record) => rowOf(record, facts));
  const tabs = {
    "to-answer": rows.filter((row) => row.tab === "to-answer").sort(byDue),
    waiting: rows.filter((row) => row.tab === "waiting").sort(byDue),
    done: rows.filter((row) => row.tab === "done").sort((a, b) => b.lastMs - a.lastMs),
  };
  const sent = new Set(rows.map((row) => row.key));
  return {
    loaded: facts.cases.loaded,
    headline: headlineOf(tabs["to-answer"], tabs.waiting.length, facts.nowMs),
    tabs,
    outgoing: facts.cases.outgoing
      .filter((each) => !sent.has(each.request.caseId))
      .map((each) => outgoingRow(each, facts)),
  };
}

/**
 * A case by its address: its random id, or its room's; never anything of a patient. Where the making of its room broke off and began
 * anew, the room in which the question is.
 */
export function findCase(cases: CasesState, key: string): CaseRecord | null {
  const found = [...cases.byRoom.values()].filter((each) => each.caseId === key || each.roomId === key);
  return found.find((each) => each.state.request !== null) ?? found[0] ?? null;
}

function rowOf(record: CaseRecord, { directory, me, bot, nowMs }: WorklistFacts): Row {
  const { state } = record;
  const request = state.request?.request ?? null;
  const turn = turnOf(state, me);
  const mine = request?.requester === me;
  return {
    key: request === null ? record.roomId : record.caseId,
    turn,
    tab: tabOf(turn),
    urgency: request?.urgency ?? null,
    dueMs: request === null ? null : Date.parse(request.dueAt),
    sinceMs: state.request?.atMs ?? record.unreadable[0]?.atMs ?? state.lastAtMs,
    lastMs: state.lastAtMs,
    question: request?.question ?? null,
    patient: request === null ? null : shortPatient(request.patient, nowMs),
    who:
      request === null
        ? ""
        : mine
          ? addresseeName(request, directory)
          : personName(request.requester, directory),
    photos: state.photos.length,
    thread: caseThread(state, bot),
    unsent: record.pending.length,
    failed: record.pending.some((item) => item.state === "failed"),
  };
}

function outgoingRow(each: OutgoingRequest, { directory, nowMs }: WorklistFacts): OutgoingRow {
  return {
    localId: each.localId,
    state: each.state,
    error: each.error,
    photos: each.photos,
    key: each.request.caseId,
    question: each.request.question,
    urgency: each.request.urgency,
    patient: shortPatient(each.request.patient, nowMs),
    who: addresseeName(each.request, directory),
  };
}

const shortPatient = (patient: Patient, nowMs: number) => ({
  initials: initialsOf(patient),
  age: ageInYears(patient.birthDate, nowMs),
  sex: patient.sex,
});

/** Nothing known sorts last; a late one sorts first by itself, as it was due first. */
const byDue = (a: Row, b: Row): number =>
  (a.dueMs ?? Number.MAX_SAFE_INTEGER) - (b.dueMs ?? Number.MAX_SAFE_INTEGER) || a.sinceMs - b.sinceMs;

function headlineOf(rows: readonly Row[], waiting: number, nowMs: number): Headline {
  const due = rows.filter((row) => row.turn === "give-opinion" && row.dueMs !== null);
  const late = due.filter((row) => (row.dueMs ?? 0) < nowMs);
  const today = due.filter((row) => row.dueMs !== null && row.dueMs >= nowMs && sameDay(row.dueMs, nowMs));
  const first = today[0]?.dueMs ?? null;
  return {
    opinions: count(rows, "give-opinion") + count(rows, "arriving"),
    more: count(rows, "give-more"),
    redirect: count(rows, "choose-another"),
    waiting,
    pressing:
      late.length > 0
        ? { kind: "late", count: late.length }
        : first !== null
          ? { kind: "today", count: today.length, dueMs: first }
          : null,
  };
}

const count = (rows: readonly Row[], turn: Turn): number => rows.filter((row) => row.turn === turn).length;

/** "Dr Martin"; the bare account name when the directory does not know the person. */
export function personName(
  userId: string,
  directory: Directory | null,
  form: "short" | "full" = "short",
): string {
  const person = directory?.clinicians.find((each) => each.userId === userId);
  if (person === undefined) return userId.slice(1).split(":")[0] ?? userId;
  return form === "short" ? shortName(person) : fullName(person);
}

/** Whom an addressee stands for, in the reader's words. */
export function addresseeInWords(
  t: (key: string) => string,
  addressee: Addressee,
  directory: Directory | null,
): string {
  if (addressee.kind === "specialty") return t(`specialty.${addressee.specialty}`);
  return addresseeName({ addressee }, directory);
}

/** A person's or team's name; for a specialty its id, which the view puts in words. */
export function addresseeName(
  request: { readonly addressee: Addressee },
  directory: Directory | null,
): string {
  const to = request.addressee;
  switch (to.kind) {
    case "person":
      return personName(to.userId, directory);
    case "team":
      return directory?.teams.find((team) => team.id === to.teamId)?.name ?? "";
    case "specialty":
      return "";
  }
}
