import type { Admission } from "./admission.ts";
import type { DeclineReason, Ring } from "./call-events.ts";
import type { CallTrace } from "./calls.ts";
import type { Consent } from "./consent.ts";
import type {
  CaseEvent,
  Expired,
  Filed,
  Informed,
  Photo,
  Request,
  SignedOpinion,
  Withdrawn,
} from "./events.ts";
import type { Glass } from "./glass.ts";
import type { Amendment, Opinion, SignedAmendment } from "./opinion.ts";
import { type AmendedQuestion, amendQuestion } from "./question.ts";
import { type Corrected, correctIdentity, isOfThisRecord, type Misfiled, misfile } from "./wrong-patient.ts";

export { mayMisfile } from "./wrong-patient.ts";

export type CaseStatus = "draft" | "requested" | "accepted" | "more-asked" | "declined" | "answered";

export type CaseMessage = {
  eventId: string;
  sender: string;
  atMs: number;
  text: string;
  clientRef: string | undefined;
};
export type CasePhoto = { eventId: string; sender: string; atMs: number; photo: Photo };

/** A case as the events of its room tell it. */
export type CaseState = {
  readonly status: CaseStatus;
  readonly request: { readonly eventId: string; readonly atMs: number; readonly request: Request } | null;
  readonly consents: readonly {
    readonly eventId: string;
    readonly sender: string;
    readonly atMs: number;
    readonly consent: Consent;
    /** Why nobody could be asked, where it was an emergency. */
    readonly emergencyReason: string | undefined;
  }[];
  readonly photos: readonly CasePhoto[];
  /** The smaller forms that went ahead of the photos; they stay beside them. */
  readonly previews: readonly CasePhoto[];
  readonly messages: readonly CaseMessage[];
  readonly responses: readonly {
    eventId: string;
    sender: string;
    atMs: number;
    response: import("./events.ts").Response;
  }[];
  readonly acceptedBy: string | null;
  readonly declined: { readonly by: string; readonly reason: string } | null;
  readonly opinion: {
    readonly eventId: string;
    readonly sender: string;
    readonly atMs: number;
    readonly opinion: SignedOpinion;
  } | null;
  /** Later versions of the opinion, in the order in which they came. */
  readonly amendments: readonly {
    readonly eventId: string;
    readonly sender: string;
    readonly atMs: number;
    readonly amendment: SignedAmendment;
  }[];
  /** Later versions of the question, in the order in which they came; the newest is the request's. */
  readonly questions: readonly AmendedQuestion[];
  /** Said to be of the wrong patient, and not corrected yet: by whom, and why. */
  readonly misfiled: Misfiled | null;
  /** Each time that the case was given to another patient than it was asked for, oldest first. */
  readonly corrections: readonly Corrected[];
  /** Broken glasses, whoever broke them: everybody in the case sees them. */
  readonly glasses: readonly {
    readonly eventId: string;
    readonly atMs: number;
    readonly glass: Glass;
    readonly reason: string;
  }[];
  /** When and whom of the patient's side was told, of a glass or an emergency. */
  readonly informed: readonly {
    readonly eventId: string;
    readonly sender: string;
    readonly atMs: number;
    readonly informed: Informed;
  }[];
  /** Consents that were taken back, on the archivist's word. */
  readonly withdrawals: readonly {
    readonly eventId: string;
    readonly atMs: number;
    readonly withdrawn: Withdrawn;
  }[];
  /** Whom the archivist could not let in, and who had to go, oldest first. */
  readonly admissions: readonly {
    readonly eventId: string;
    readonly atMs: number;
    readonly admission: Admission;
  }[];
  /** Calls that took place, on the archivist's word. */
  readonly calls: readonly { readonly eventId: string; readonly atMs: number; readonly call: CallTrace }[];
  /** The content has left the messenger: what stays of it. */
  readonly expired: Expired | null;
  /** Who rang whom for a call, oldest first, and what those who were rung said to it. */
  readonly rings: readonly {
    readonly eventId: string;
    readonly sender: string;
    readonly atMs: number;
    readonly ring: Ring;
  }[];
  readonly declines: readonly {
    readonly eventId: string;
    readonly sender: string;
    readonly atMs: number;
    readonly ringId: string;
    readonly reason: DeclineReason;
  }[];
  /** The latest word of the archivist on each event. */
  readonly filed: ReadonlyMap<string, Filed>;
  /** Who had each event on screen, and when first (milliseconds). */
  readonly seen: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly malformed: readonly { readonly eventId: string; readonly what: string }[];
  readonly lastAtMs: number;
};

export const emptyCase: CaseState = {
  status: "draft",
  request: null,
  consents: [],
  photos: [],
  previews: [],
  messages: [],
  responses: [],
  acceptedBy: null,
  declined: null,
  opinion: null,
  amendments: [],
  questions: [],
  misfiled: null,
  corrections: [],
  glasses: [],
  informed: [],
  withdrawals: [],
  admissions: [],
  calls: [],
  expired: null,
  rings: [],
  declines: [],
  filed: new Map(),
  seen: new Map(),
  malformed: [],
  lastAtMs: 0,
};

/**
 * One step of a case (rules C1 to C6 in RULES.md). `bot` is the archivist's user id: only its word says "filed".
 * The same event twice changes nothing but what was already so.
 */
export function stepCase(state: CaseState, event: CaseEvent, bot: string): CaseState {
  const next = {
    ...state,
    lastAtMs:
      event.kind === "seen" || event.kind === "filed" ? state.lastAtMs : Math.max(state.lastAtMs, event.atMs),
  };
  const { eventId, sender, atMs } = event;
  // C15: after that, whatever was said in the case, now or before, is no part of it any more.
  if (state.expired !== null && sender !== bot) return state;
  switch (event.kind) {
    case "request":
      // C1: the first request is the case's; its requester is who sent it.
      if (state.request !== null || event.request.requester !== sender) return state;
      return {
        ...next,
        status: state.status === "draft" ? "requested" : state.status,
        request: { eventId, atMs, request: event.request },
      };
    case "consent":
      if (event.consent.payload.collectedBy !== sender || has(state.consents, eventId)) return state;
      return {
        ...next,
        consents: [
          ...state.consents,
          {
            eventId,
            sender,
            atMs,
            consent: event.consent.payload,
            emergencyReason: event.evidence.emergencyReason,
          },
        ],
      };
    case "photo":
      if (event.photo.receipt.payload.takenBy !== sender || has(state.photos, eventId)) return state;
      return { ...next, photos: [...state.photos, { eventId, sender, atMs, photo: event.photo }] };
    case "preview":
      if (event.preview.receipt.payload.takenBy !== sender || has(state.previews, eventId)) return state;
      return { ...next, previews: [...state.previews, { eventId, sender, atMs, photo: event.preview }] };
    case "message":
      if (has(state.messages, eventId) || repeated(state, event.clientRef, sender)) return state;
      return {
        ...next,
        messages: [
          ...state.messages,
          { eventId, sender, atMs, text: event.text, clientRef: event.clientRef },
        ],
      };
    case "response":
      return respond(next, event);
    case "opinion":
      return answer(next, event);
    case "amendment":
      return amend(next, event);
    case "question":
      return amendQuestion(next, event);
    case "misfiled":
      return misfile(next, event);
    case "identity":
      return correctIdentity(next, event);
    case "glass":
      // C8: a glass is broken by who signed for it, in this case.
      if (event.glass.payload.openedBy !== sender || has(state.glasses, eventId)) return state;
      return {
        ...next,
        glasses: [...state.glasses, { eventId, atMs, glass: event.glass.payload, reason: event.reason }],
      };
    case "informed":
      if (has(state.informed, eventId)) return state;
      return { ...next, informed: [...state.informed, { eventId, sender, atMs, informed: event.informed }] };
    case "withdrawn":
      // C9: that a consent was taken back is the archivist's word alone, once for each.
      if (
        sender !== bot ||
        state.withdrawals.some((each) => each.withdrawn.consentId === event.withdrawn.consentId)
      )
        return state;
      return {
        ...next,
        withdrawals: [...state.withdrawals, { eventId, atMs, withdrawn: event.withdrawn }],
      };
    case "admission":
      // C11: who is let in or put out is the archivist's word alone.
      if (sender !== bot || has(state.admissions, eventId)) return state;
      return { ...next, admissions: [...state.admissions, { eventId, atMs, admission: event.admission }] };
    case "call":
      // C19: that a call took place is the archivist's word alone, once for each.
      if (sender !== bot || state.calls.some((each) => each.call.callId === event.call.callId)) return state;
      return { ...next, calls: [...state.calls, { eventId, atMs, call: event.call }] };
    case "expired":
      // C15: that the content is gone is the archivist's word alone; nothing of what was said before stays, only what this says.
      if (sender !== bot) return state;
      return {
        ...emptyCase,
        lastAtMs: Date.parse(event.expired.ended.at),
        status: "answered",
        expired: event.expired,
        request: {
          eventId: event.expired.requestEventId,
          atMs: Date.parse(event.expired.requestedAt),
          request: event.expired.request,
        },
      };
    case "ring":
      if (has(state.rings, eventId)) return state;
      return { ...next, rings: [...state.rings, { eventId, sender, atMs, ring: event.ring }] };
    case "decline":
      if (has(state.declines, eventId)) return state;
      return {
        ...state,
        declines: [...state.declines, { eventId, sender, atMs, ringId: event.ringId, reason: event.reason }],
      };
    case "filed":
      // C6: "filed" is the archivist's word alone.
      if (sender !== bot || !isOfThisRecord(state, event.filed)) return state;
      return {
        ...next,
        filed: new Map(state.filed).set(
          event.filed.ofEvent,
          keepFiled(state.filed.get(event.filed.ofEvent), event.filed),
        ),
      };
    case "seen":
      return { ...next, seen: addSeen(state.seen, event.seen.ofEvents, sender, atMs) };
    case "malformed":
      return { ...next, malformed: [...state.malformed, { eventId, what: event.what }] };
    case "foreign":
      return next;
  }
}

export function foldCase(events: Iterable<CaseEvent>, bot: string): CaseState {
  let state = emptyCase;
  for (const event of events) state = stepCase(state, event, bot);
  return state;
}

type Of<K extends CaseEvent["kind"]> = Extract<CaseEvent, { kind: K }>;

function respond(state: CaseState, event: Of<"response">): CaseState {
  // C2: the requester does not answer his own question, and nothing moves after the opinion.
  if (state.request === null || event.sender === state.request.request.requester || state.opinion !== null)
    return state;
  if (has(state.responses, event.eventId)) return state;
  const base = {
    ...state,
    responses: [
      ...state.responses,
      { eventId: event.eventId, sender: event.sender, atMs: event.atMs, response: event.response },
    ],
  };
  switch (event.response.kind) {
    case "accepted":
      // C3: the first to accept holds the case.
      return state.acceptedBy === null
        ? { ...base, status: "accepted", acceptedBy: event.sender, declined: null }
        : base;
    case "declined":
      if (state.acceptedBy !== null && state.acceptedBy !== event.sender) return base;
      return {
        ...base,
        status: "declined",
        acceptedBy: null,
        declined: { by: event.sender, reason: event.response.reason },
      };
    case "more-asked":
      return { ...base, status: "more-asked" };
  }
}

function answer(state: CaseState, event: Of<"opinion">): CaseState {
  const payload = event.opinion.payload;
  // C4: the author is the sender, of another person's request, and of this very one. C5: the first opinion closes.
  if (state.request === null || state.opinion !== null || payload.author !== event.sender) return state;
  if (event.sender === state.request.request.requester) return state;
  if (payload.requestEventId !== state.request.eventId || payload.caseId !== state.request.request.caseId)
    return state;
  return {
    ...state,
    status: "answered",
    opinion: { eventId: event.eventId, sender: event.sender, atMs: event.atMs, opinion: event.opinion },
  };
}

/** C13: a version of the case's opinion by its own author, made from a version that is known. */
function amend(state: CaseState, event: Of<"amendment">): CaseState {
  const { amends, opinion } = event.amendment.payload;
  const first = state.opinion?.opinion.payload;
  if (first === undefined || has(state.amendments, event.eventId)) return state;
  if (event.sender !== first.author || opinion.author !== first.author) return state;
  if (opinion.caseId !== first.caseId || opinion.requestEventId !== first.requestEventId) return state;
  const versions = opinionVersions(state);
  if (
    !versions.some((each) => each.eventId === amends.eventId && each.opinion.opinionId === amends.opinionId)
  )
    return state;
  if (versions.some((each) => each.opinion.opinionId === opinion.opinionId)) return state;
  const { eventId, sender, atMs, amendment } = event;
  return { ...state, amendments: [...state.amendments, { eventId, sender, atMs, amendment }] };
}

/** One version of a case's opinion; the first has no reason. */
export type OpinionVersion = {
  readonly eventId: string;
  readonly atMs: number;
  readonly opinion: Opinion;
  readonly amended: Pick<Amendment, "how" | "reason"> | null;
};

/** The opinion and what took its place, oldest first: the last one stands. */
export function opinionVersions(state: Pick<CaseState, "opinion" | "amendments">): OpinionVersion[] {
  if (state.opinion === null) return [];
  const { eventId, atMs, opinion } = state.opinion;
  return [
    { eventId, atMs, opinion: opinion.payload, amended: null },
    ...state.amendments.map((each) => ({
      eventId: each.eventId,
      atMs: each.atMs,
      opinion: each.amendment.payload.opinion,
      amended: { how: each.amendment.payload.how, reason: each.amendment.payload.reason },
    })),
  ];
}

const has = (list: readonly { readonly eventId: string }[], eventId: string): boolean =>
  list.some((each) => each.eventId === eventId);

const repeated = (state: CaseState, clientRef: string | undefined, sender: string): boolean =>
  clientRef !== undefined &&
  state.messages.some((each) => each.clientRef === clientRef && each.sender === sender);

/** A later "waiting" never takes back a "filed", nor what a human ended. */
function keepFiled(before: Filed | undefined, after: Filed): Filed {
  return isSettled(before) && after.outcome.state === "waiting" && before !== undefined ? before : after;
}

/** In the record, or ended by a human who said why. */
const isSettled = (filed: Filed | undefined): boolean =>
  filed?.outcome.state === "filed" || filed?.outcome.state === "resolved";

function addSeen(
  seen: CaseState["seen"],
  events: readonly string[],
  reader: string,
  atMs: number,
): CaseState["seen"] {
  const all = new Map(seen);
  for (const eventId of events) {
    const readers = new Map(all.get(eventId));
    if (!readers.has(reader)) readers.set(reader, atMs);
    all.set(eventId, readers);
  }
  return all;
}

/** Of what the patient has yet to be told: broken glasses and emergencies, oldest first (rule C10; CSP R1110-3). */
export function notYetInformed(state: CaseState): Informed["of"][] {
  const glasses = state.glasses
    .filter(
      ({ glass }) =>
        !state.informed.some(({ informed: { of } }) => of.kind === "glass" && of.glassId === glass.glassId),
    )
    .map(({ glass }) => ({ kind: "glass" as const, glassId: glass.glassId }));
  const emergencies = state.consents
    .filter(({ consent: { consentId, method } }) => {
      if (method !== "emergency") return false;
      const told = state.informed.some(
        ({ informed: { of } }) => of.kind === "emergency" && of.consentId === consentId,
      );
      // The patient's own later word is more than being told.
      return !told && !state.consents.some(({ consent }) => consent.supersedes === consentId);
    })
    .map(({ consent }) => ({ kind: "emergency" as const, consentId: consent.consentId }));
  return [...glasses, ...emergencies];
}

/** Whether two pictures are forms of one photo: the same id, and of the same hand. */
export const ofOnePhoto = (one: CasePhoto, other: CasePhoto): boolean =>
  one.photo.photoId === other.photo.photoId && one.sender === other.sender;

/** Previews whose photo is still on its way. */
export const arrivingPhotos = (state: CaseState): CasePhoto[] =>
  state.previews.filter((preview) => !state.photos.some((photo) => ofOnePhoto(photo, preview)));

/** Whether everything that belongs in the record is there, or was ended by a human (rule C12). An empty list means all of it. */
export function notYetFiled(state: CaseState): string[] {
  // Only what is filed expires.
  if (state.expired !== null) return [];
  // What is of the wrong patient belongs in no record: only that it is so does.
  if (state.misfiled !== null)
    return [state.misfiled.eventId].filter((eventId) => !isSettled(state.filed.get(eventId)));
  const corrected = state.corrections.at(-1);
  const due = [
    ...(corrected === undefined ? [] : [corrected.misfiled.eventId, corrected.eventId]),
    ...(state.request === null ? [] : [state.request.eventId]),
    ...state.questions.map((each) => each.eventId),
    ...state.consents.map((each) => each.eventId),
    ...state.photos.map((each) => each.eventId),
    ...opinionVersions(state).map((each) => each.eventId),
  ];
  return due.filter((eventId) => !isSettled(state.filed.get(eventId)));
}
