import { idOf } from "../ids.ts";
import type { FileableEvent } from "../work.ts";
import { caseIds, instant, matrixIdentifier, patientReference, personReference, requestOf } from "./codes.ts";
import { serviceRequest, task } from "./request.ts";
import { changeAudit, filingAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource } from "./types.ts";

type MessageEvent = Extract<FileableEvent, { kind: "message" }>;
type ResponseEvent = Extract<FileableEvent, { kind: "response" }>;

/** One message of the discussion. */
export function planMessage(event: MessageEvent, context: PlanContext): Plan {
  const resource = communication(context, event, event.text);
  return {
    steps: [
      {
        kind: "bundle",
        writes: [
          { resource },
          {
            resource: filingAudit(context, event.eventId, event.sender, [`Communication/${resource.id}`]),
          },
        ],
      },
    ],
    entries: [{ id: resource.id, kind: "message", reference: `Communication/${resource.id}` }],
    blobs: {},
  };
}

/** What the expert did with the request: its Task moves, and a question back is a Communication too. */
export function planResponse(event: ResponseEvent, context: PlanContext): Plan {
  const { response } = event;
  const said =
    response.kind === "accepted"
      ? undefined
      : communication(context, event, response.kind === "declined" ? response.reason : response.question);
  const taskId = caseIds(requestOf(context).eventId).task;
  return {
    steps: [
      {
        kind: "bundle",
        writes: [
          { resource: serviceRequest(context) },
          { resource: task(context) },
          ...(said === undefined ? [] : [{ resource: said }]),
          { resource: changeAudit(context, event.eventId, event.sender, [`Task/${taskId}`]) },
        ],
      },
    ],
    entries: [
      { id: idOf(event.eventId, "response"), kind: "response", reference: `Task/${taskId}` },
      ...(said === undefined
        ? []
        : [{ id: said.id, kind: "response" as const, reference: `Communication/${said.id}` }]),
    ],
    blobs: {},
  };
}

function communication(
  context: PlanContext,
  event: { eventId: string; sender: string; atMs: number },
  words: string,
): Resource {
  const { eventId } = requestOf(context);
  return {
    resourceType: "Communication",
    id: idOf(event.eventId, "Communication"),
    identifier: [matrixIdentifier(event.eventId)],
    basedOn: [{ reference: `ServiceRequest/${caseIds(eventId).serviceRequest}` }],
    status: "completed",
    subject: patientReference(context),
    about: [{ reference: `ServiceRequest/${caseIds(eventId).serviceRequest}` }],
    sent: instant(event.atMs),
    sender: personReference(context, event.sender),
    // A text of nothing but control characters was said all the same.
    payload: [{ contentString: /[^\p{Cc}\s]/u.test(words) ? words : "…" }],
  };
}
