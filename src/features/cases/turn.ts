import type { CaseState } from "#protocol/case-state.ts";

/** Where a person stands in a case: who asked, or somebody who may answer. Before the request is readable, nobody knows. */
export type Role = "requester" | "expert" | "unknown";

export type Tab = "to-answer" | "waiting" | "done";

/** What this person is expected to do next, or what the case waits for. */
export type Turn =
  /** The content has not arrived on this device yet. */
  | "arriving"
  /** An opinion is expected from this person. */
  | "give-opinion"
  /** The expert asked something; the requester's word is awaited. */
  | "give-more"
  /** Nobody took it: the requester has to choose somebody else. */
  | "choose-another"
  | "await-opinion"
  | "await-more"
  /** A colleague of the same pool holds it. */
  | "taken-by-another"
  | "declined-by-me"
  | "answered";

export function roleIn(state: CaseState, me: string): Role {
  if (state.request === null) return "unknown";
  return state.request.request.requester === me ? "requester" : "expert";
}

export function turnOf(state: CaseState, me: string): Turn {
  const role = roleIn(state, me);
  if (state.opinion !== null || state.misfiled !== null || state.expired !== null) return "answered";
  if (role === "unknown") return "arriving";
  return role === "requester" ? requesterTurn(state) : expertTurn(state, me);
}

function requesterTurn(state: CaseState): Turn {
  if (state.status === "declined") return "choose-another";
  return moreIsAwaited(state) ? "give-more" : "await-opinion";
}

function expertTurn(state: CaseState, me: string): Turn {
  const last = state.responses.findLast((each) => each.sender === me)?.response.kind;
  if (last === "declined") return "declined-by-me";
  if (state.acceptedBy !== null && state.acceptedBy !== me) return "taken-by-another";
  return moreIsAwaited(state) && (last === "more-asked" || state.acceptedBy === me)
    ? "await-more"
    : "give-opinion";
}

/** Whether the last question of an expert has had no word or photo of the requester since. */
function moreIsAwaited(state: CaseState): boolean {
  const asked = state.responses.findLast((each) => each.response.kind === "more-asked");
  const requester = state.request?.request.requester;
  if (asked === undefined || requester === undefined) return false;
  return ![...state.messages, ...state.photos].some(
    (each) => each.sender === requester && each.atMs > asked.atMs,
  );
}

const tabs: Readonly<Record<Turn, Tab>> = {
  arriving: "to-answer",
  "give-opinion": "to-answer",
  "give-more": "to-answer",
  "choose-another": "to-answer",
  "await-opinion": "waiting",
  "await-more": "waiting",
  "taken-by-another": "waiting",
  "declined-by-me": "done",
  answered: "done",
};

export const tabOf = (turn: Turn): Tab => tabs[turn];
