import type { CaseEvent, Filed, Request } from "./events.ts";
import type { IdentityCorrection } from "./identity.ts";
import type { Misfiling } from "./misfiling.ts";
import type { Patient } from "./patient.ts";

export type Misfiled = { readonly eventId: string; readonly atMs: number; readonly misfiling: Misfiling };

/** That a case was given to another patient than it was asked for. */
export type Corrected = {
  readonly eventId: string;
  readonly atMs: number;
  /** Under whom it was until then. */
  readonly wrong: Patient;
  readonly misfiled: Misfiled;
  readonly correction: IdentityCorrection;
};

type Of<K extends CaseEvent["kind"]> = Extract<CaseEvent, { kind: K }>;
/** What of a case's state this is about. */
type Whose = {
  readonly request: { readonly eventId: string; readonly atMs: number; readonly request: Request } | null;
  readonly acceptedBy: string | null;
  readonly opinion: { readonly sender: string } | null;
  readonly misfiled: Misfiled | null;
  readonly corrections: readonly Corrected[];
  readonly filed: ReadonlyMap<string, Filed>;
};

/** Who may say that a case is of the wrong patient. */
export const mayMisfile = (
  state: Pick<Whose, "request" | "acceptedBy" | "opinion">,
  userId: string,
): boolean => [state.request?.request.requester, state.acceptedBy, state.opinion?.sender].includes(userId);

/** C14: once until the identity is corrected, signed by who says it: who asked, who took the case, or who answered. */
export function misfile<S extends Whose>(state: S, event: Of<"misfiled">): S {
  const { payload } = event.misfiling;
  if (state.request === null || state.misfiled !== null || payload.by !== event.sender) return state;
  if (payload.caseId !== state.request.request.caseId || payload.requestEventId !== state.request.eventId)
    return state;
  if (!mayMisfile(state, event.sender)) return state;
  if (state.corrections.some((each) => each.misfiled.eventId === event.eventId)) return state;
  return { ...state, misfiled: { eventId: event.eventId, atMs: event.atMs, misfiling: payload } };
}

/** C17: by who asked, and on the very word that it answers. All that was said stays; the case is of that patient, and owed to that record. */
export function correctIdentity<S extends Whose>(state: S, event: Of<"identity">): S {
  const { payload } = event.correction;
  const { request, misfiled } = state;
  if (request === null || misfiled === null) return state;
  if (payload.by !== event.sender || event.sender !== request.request.requester) return state;
  if (payload.caseId !== request.request.caseId || payload.requestEventId !== request.eventId) return state;
  if (payload.misfilingId !== misfiled.misfiling.misfilingId) return state;
  const wrong = request.request.patient;
  if (payload.patient.recordId === wrong.recordId) return state;
  return {
    ...state,
    request: { ...request, request: { ...request.request, patient: payload.patient } },
    misfiled: null,
    corrections: [
      ...state.corrections,
      { eventId: event.eventId, atMs: event.atMs, wrong, misfiled, correction: payload },
    ],
    // What the record had was of the other patient. A human's end of what could not be filed stays.
    filed: new Map(
      [...state.filed].filter(([, { kind, outcome }]) => kind === "misfiled" || outcome.state === "resolved"),
    ),
  };
}

/** Whether a word of the archivist is about the record that the case is owed to now, and not about the one of before (C17). */
export const isOfThisRecord = (state: Pick<Whose, "corrections">, filed: Filed): boolean =>
  filed.kind === "misfiled" || filed.under === state.corrections.at(-1)?.eventId;
