import type { CallsState, CaseRecord } from "../../matrix/types.ts";

/** What a case says of calls: whom the next one would ring, and whether one goes on. */
export type CaseCall = {
  /** Whom *Appeler* rings; empty where nobody can be called. */
  readonly to: readonly string[];
  /** Every colleague of the case who can be rung, one by one. */
  readonly each: readonly string[];
  /** Who is in the call of this case; empty while there is none. */
  readonly going: readonly string[];
  /** This device is in it. */
  readonly mine: boolean;
};

/** A call is for a handful of people. */
const mostRung = 7;

export function callIn(
  { roomId, state, members }: CaseRecord,
  { calls, hasCalls, me, bot }: CallFacts,
): CaseCall {
  const going = [...new Set((calls.inRooms.get(roomId) ?? []).map((each) => each.userId))];
  const inCall = calls.call !== null && calls.call.ended === null;
  const mine = inCall && calls.call?.roomId === roomId;
  const open =
    hasCalls &&
    !inCall &&
    state.request !== null &&
    state.opinion === null &&
    state.expired === null &&
    state.misfiled === null;
  const each = open ? members.filter((userId) => userId !== me && userId !== bot).slice(0, mostRung) : [];
  return { to: wanted(state, each, me), each, going, mine };
}

type CallFacts = {
  readonly calls: CallsState;
  readonly hasCalls: boolean;
  readonly me: string;
  readonly bot: string;
};

/** The requester rings who took the case, else everybody who may; an expert rings the requester. */
function wanted(
  { request, acceptedBy }: CaseRecord["state"],
  each: readonly string[],
  me: string,
): readonly string[] {
  const requester = request?.request.requester;
  const first = requester === me ? acceptedBy : requester;
  if (first !== null && first !== undefined && each.includes(first)) return [first];
  return requester === me ? each : [];
}
