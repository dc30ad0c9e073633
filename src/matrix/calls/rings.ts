import type { CaseEvent } from "#protocol/events.ts";
import type { CallMember } from "./devices.ts";

/** Somebody rings this person in a case. */
export type Incoming = {
  readonly roomId: string;
  /** The ring's event. */
  readonly ringId: string;
  readonly from: string;
  readonly sinceMs: number;
  readonly untilMs: number;
};

/** The clocks of a device and of its homeserver are a little apart. */
const skewMs = 15_000;

type RingEvent = Extract<CaseEvent, { kind: "ring" }>;

/**
 * The ring of a room that this person hears now, or null: of somebody who is in the call, for this person, neither over nor refused nor
 * answered, here or on another of their devices.
 */
export function incomingOf(
  roomId: string,
  events: readonly CaseEvent[],
  members: readonly CallMember[],
  me: string,
  nowMs: number,
): Incoming | null {
  const rings = events.filter((event): event is RingEvent => event.kind === "ring");
  const ring = rings.findLast((each) => each.sender !== me && each.ring["m.mentions"].user_ids.includes(me));
  if (ring === undefined) return null;
  const { lifetime } = ring.ring;
  // A clock that is behind does not make it ring for longer.
  const sinceMs = Math.min(ring.atMs, nowMs);
  if (nowMs > ring.atMs + lifetime + skewMs) return null;
  const refused = events.some(
    (each) => each.kind === "decline" && each.ringId === ring.eventId && each.sender === me,
  );
  const isThere = members.some((each) => each.userId === ring.sender);
  const answered = members.some((each) => each.userId === me);
  if (refused || !isThere || answered) return null;
  return { roomId, ringId: ring.eventId, from: ring.sender, sinceMs, untilMs: sinceMs + lifetime };
}

/** What those who were rung said to it. */
export function declinesOf(
  events: readonly CaseEvent[],
  ringId: string,
): ReadonlyMap<string, "declined" | "busy"> {
  const said = new Map<string, "declined" | "busy">();
  for (const each of events)
    if (each.kind === "decline" && each.ringId === ringId && !said.has(each.sender))
      said.set(each.sender, each.reason);
  return said;
}
