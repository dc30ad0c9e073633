import { z } from "zod";
import { caseIdSchema, eventIdSchema, instantSchema, userIdSchema } from "./ids.ts";
import { maxAmendReason, minAmendReason } from "./opinion.ts";
import { signedSchema } from "./signed.ts";

/** Longest sentence of a question; real ones have 318 characters on average. */
export const maxQuestion = 1000;
export const questionText = z.string().trim().min(1).max(maxQuestion);

/** A later version of a question, by who asked: it takes the place of the one before, which stays readable. The same words as for an opinion. */
export const questionAmendmentSchema = z.object({
  v: z.literal(1),
  caseId: caseIdSchema,
  /** The version that its author had before them: the request, or an amendment of it. */
  amends: z.object({ eventId: eventIdSchema }),
  how: z.enum(["completed", "corrected"]),
  reason: z.string().trim().min(minAmendReason).max(maxAmendReason),
  question: questionText,
  author: userIdSchema,
  signedAt: instantSchema,
});
export type QuestionAmendment = z.infer<typeof questionAmendmentSchema>;
export const signedQuestionAmendmentSchema = signedSchema(questionAmendmentSchema);
export type SignedQuestionAmendment = z.infer<typeof signedQuestionAmendmentSchema>;

/** A version of a question that another took the place of. */
export type FormerQuestion = {
  readonly eventId: string;
  readonly atMs: number;
  readonly question: string;
};

/** What of a case's state this is about. */
type Asked = {
  readonly request: {
    readonly eventId: string;
    readonly atMs: number;
    readonly request: { readonly caseId: string; readonly requester: string; readonly question: string };
  } | null;
  readonly opinion: object | null;
  readonly questions: readonly AmendedQuestion[];
};

/** A later version of a case's question, and what it took the place of. */
export type AmendedQuestion = {
  readonly eventId: string;
  readonly atMs: number;
  readonly amendment: QuestionAmendment;
  readonly replaced: FormerQuestion;
};

type Said = {
  readonly eventId: string;
  readonly sender: string;
  readonly atMs: number;
  readonly amendment: SignedQuestionAmendment;
};

/** C18: by who asked, from a version that the case knows, as long as nobody answered it. */
export function amendQuestion<S extends Asked>(state: S, event: Said): S {
  const { payload } = event.amendment;
  const { request, questions } = state;
  if (request === null || state.opinion !== null) return state;
  if (payload.author !== event.sender || event.sender !== request.request.requester) return state;
  if (payload.caseId !== request.request.caseId) return state;
  const known = [request.eventId, ...questions.map((each) => each.eventId)];
  if (!known.includes(payload.amends.eventId) || known.includes(event.eventId)) return state;
  const standing = questions.at(-1) ?? request;
  const replaced = { eventId: standing.eventId, atMs: standing.atMs, question: request.request.question };
  const { eventId, atMs } = event;
  return {
    ...state,
    request: { ...request, request: { ...request.request, question: payload.question } },
    questions: [...questions, { eventId, atMs, amendment: payload, replaced }],
  };
}
