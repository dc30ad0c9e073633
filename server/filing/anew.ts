import type { CaseState } from "#protocol/case-state.ts";
import type { Filed } from "#protocol/events.ts";
import type { FileableEvent } from "./work.ts";

/**
 * Ids of what is filed anew under another patient. Everything that is filed has its ids from its event's; what is filed again after a correction of
 * identity has them from event and correction together, so that it is another set, the same whenever it is made.
 */

/** In no event id. */
const mark = "~";

/** The id that an event is filed under after a correction. */
export const anewId = (eventId: string, correctionEventId: string): string =>
  `${eventId}${mark}${correctionEventId.slice(1)}`;

/** The event behind a filing id, and the correction under which it is filed. */
export function saidIn(filingId: string): { readonly eventId: string; readonly under: string | undefined } {
  const [eventId = filingId, under] = filingId.split(mark);
  return { eventId, under: under === undefined ? undefined : `$${under}` };
}

/** The correction at its place in the set that it brought about. */
export function isTheCorrection(filingId: string): boolean {
  const { eventId, under } = saidIn(filingId);
  return eventId === under;
}

/** A word for the room, about the event that people know. */
export function asSaid(filed: Filed): Filed {
  const { eventId, under } = saidIn(filed.ofEvent);
  return { ...filed, ofEvent: eventId, ...(under === undefined ? {} : { under }) };
}

/** An event as the plans take it: under the id that it is filed under. */
export const underId = (event: FileableEvent, filingId: string): FileableEvent => ({
  ...event,
  eventId: filingId,
});

/** A case as the plans take it. What is signed keeps the ids that it was signed with. */
export function underIds(state: CaseState, filingIds: ReadonlyMap<string, string>): CaseState {
  const own = <T extends { readonly eventId: string }>(each: T): T => ({
    ...each,
    eventId: filingIds.get(each.eventId) ?? each.eventId,
  });
  return {
    ...state,
    request: state.request && own(state.request),
    consents: state.consents.map(own),
    photos: state.photos.map(own),
    previews: state.previews.map(own),
    messages: state.messages.map(own),
    responses: state.responses.map(own),
    opinion: state.opinion && own(state.opinion),
    amendments: state.amendments.map(own),
    questions: state.questions.map((each) => ({ ...own(each), replaced: own(each.replaced) })),
    glasses: state.glasses.map(own),
    informed: state.informed.map(own),
    withdrawals: state.withdrawals.map(own),
    calls: state.calls.map(own),
  };
}
