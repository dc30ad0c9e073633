import type { CaseState } from "#protocol/case-state.ts";

/** What came of a ring: nobody answered it, it was refused, or who was rung was in another call. An answered one is no line of the talk. */
export type RingOutcome = "missed" | "declined" | "busy";

type RingLine = {
  readonly key: string;
  readonly kind: "ring";
  readonly atMs: number;
  readonly author: string;
  readonly to: readonly string[];
  readonly outcome: RingOutcome;
};

/** The rings that nobody answered. `metMs`: when two people were last seen in the case's call; `going`: somebody is in it. */
export function ringsOf(state: CaseState, nowMs: number, metMs: number, going: boolean): RingLine[] {
  return state.rings.flatMap((ring): RingLine[] => {
    const { eventId, sender, atMs } = ring;
    const to = ring.ring["m.mentions"].user_ids;
    const said = state.declines.find((each) => each.ringId === eventId && to.includes(each.sender));
    const wasAnswered = metMs >= atMs || inCallAt(state, to, atMs, ring.ring.lifetime);
    if (wasAnswered) return [];
    const line = { key: eventId, kind: "ring", atMs, author: sender, to } as const;
    if (said !== undefined) return [{ ...line, outcome: said.reason }];
    const isOver = nowMs > atMs + (going ? ring.ring.lifetime : aroundMs);
    return isOver ? [{ ...line, outcome: "missed" }] : [];
  });
}

/**
 * The archivist says that somebody who was rung was in the call while it rang, or came in then. Not just that there was a call: the one
 * before may end in the record after the next ring.
 */
const inCallAt = ({ calls }: CaseState, to: readonly string[], atMs: number, lifetimeMs: number): boolean =>
  calls
    .flatMap(({ call }) => call.participants)
    .some(
      ({ userId, joinedAt, leftAt }) =>
        to.includes(userId) &&
        Date.parse(joinedAt) <= atMs + lifetimeMs + aroundMs &&
        Date.parse(leftAt) > atMs,
    );

/** The media server's clock is not the homeserver's. */
const aroundMs = 5000;
