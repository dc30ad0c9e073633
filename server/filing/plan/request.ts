import type { Json } from "#protocol/canonical.ts";
import type { CaseStatus } from "#protocol/case-state.ts";
import type { Urgency } from "#protocol/events.ts";
import type { Addressee } from "#protocol/people.ts";
import { missingCase } from "#protocol/result.ts";
import {
  archivistId,
  caseIds,
  concept,
  instant,
  matrixIdentifier,
  patientReference,
  personReference,
  requestOf,
  siteConcept,
  systems,
  typeConcept,
} from "./codes.ts";
import { opinionReferences, photoDocumentId } from "./references.ts";
import { filingAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource } from "./types.ts";

/** The request itself: ServiceRequest and Task. */
export function planRequest(context: PlanContext): Plan {
  const { eventId, request } = requestOf(context);
  const ids = caseIds(eventId);
  return {
    steps: [
      {
        kind: "bundle",
        writes: [
          { resource: archivist() },
          { resource: serviceRequest(context) },
          { resource: task(context) },
          {
            resource: filingAudit(context, eventId, request.requester, [
              `ServiceRequest/${ids.serviceRequest}`,
              `Task/${ids.task}`,
            ]),
          },
        ],
      },
    ],
    entries: [
      { id: ids.serviceRequest, kind: "request", reference: `ServiceRequest/${ids.serviceRequest}` },
      { id: ids.task, kind: "request", reference: `Task/${ids.task}` },
    ],
    blobs: {},
  };
}

const archivist = (): Resource => ({
  resourceType: "Device",
  id: archivistId,
  status: "active",
  deviceName: [{ name: "Colloque, l’Archiviste", type: "user-friendly-name" }],
});

const priorities: Readonly<Record<Urgency, string>> = {
  now: "stat",
  today: "urgent",
  "48h": "asap",
  "7d": "routine",
};

/** The question as the case stands now. Written anew, whole, whenever its state changes. */
export function serviceRequest(context: PlanContext): Resource {
  const { eventId, request } = requestOf(context);
  const photos = context.state.photos.map((each) => ({
    reference: `DocumentReference/${photoDocumentId(each.eventId)}`,
  }));
  return {
    resourceType: "ServiceRequest",
    id: caseIds(eventId).serviceRequest,
    identifier: [
      { system: systems.uri, value: `urn:uuid:${request.caseId}` },
      { ...matrixIdentifier(eventId), use: "secondary" },
    ],
    status: requestStatus(context.state.status),
    intent: "order",
    category: [concept(systems.snomed, "3457005", "Patient referral")],
    priority: priorities[request.urgency],
    code: { ...typeConcept("request"), text: "Demande de télé-expertise" },
    subject: patientReference(context),
    authoredOn: request.createdAt,
    requester: personReference(context, request.requester),
    performer: performers(context, request.addressee),
    reasonCode: [{ text: request.question }],
    ...(request.site === undefined ? {} : { bodySite: [siteConcept(request.site, context.language)] }),
    ...(photos.length === 0 ? {} : { supportingInfo: photos }),
    ...notes(context),
  };
}

const labels = {
  history: "Contexte",
  background: "Antécédents",
  treatments: "Traitements",
  allergies: "Allergies",
  hypothesis: "Hypothèse",
} as const;

function notes(context: PlanContext): { note?: Json } {
  const { request } = requestOf(context);
  const keys = ["history", "background", "treatments", "allergies", "hypothesis"] as const;
  const note: Json[] = keys
    .map((key) => ({ key, text: request[key] }))
    .filter((each) => each.text !== undefined && each.text !== "")
    .map((each) => ({ text: `${labels[each.key]} : ${each.text}` }));
  // What was asked before, each with the time at which it was.
  for (const { replaced, amendment } of context.state.questions)
    note.push({
      time: instant(replaced.atMs),
      text: `Question remplacée (${amendment.reason}) : ${replaced.question}`,
    });
  return note.length === 0 ? {} : { note };
}

function requestStatus(status: CaseStatus): string {
  if (status === "answered") return "completed";
  return status === "declined" ? "revoked" : "active";
}

function performers(context: PlanContext, addressee: Addressee): Json[] {
  switch (addressee.kind) {
    case "person":
      return [personReference(context, addressee.userId)];
    case "team":
      return [
        { reference: `CareTeam/${addressee.teamId}`, display: context.team(addressee.teamId)?.name ?? "" },
      ];
    case "specialty": {
      const by = context.state.opinion?.sender ?? context.state.acceptedBy;
      return by === null || by === undefined ? [] : [personReference(context, by)];
    }
    default:
      return missingCase(addressee);
  }
}

const taskStatuses: Readonly<Record<CaseStatus, string>> = {
  draft: "draft",
  requested: "requested",
  accepted: "accepted",
  "more-asked": "on-hold",
  declined: "rejected",
  answered: "completed",
};

/** The life of the request. */
export function task(context: PlanContext): Resource {
  const { eventId, request } = requestOf(context);
  const ids = caseIds(eventId);
  const { state } = context;
  const owner = state.opinion?.sender ?? state.acceptedBy ?? addressedPerson(request.addressee);
  return {
    resourceType: "Task",
    id: ids.task,
    identifier: [{ system: systems.uri, value: `urn:uuid:${ids.task}` }],
    basedOn: [{ reference: `ServiceRequest/${ids.serviceRequest}` }],
    status: taskStatuses[state.status],
    ...(state.declined === null ? {} : { statusReason: { text: state.declined.reason } }),
    businessStatus: { text: state.status },
    intent: "order",
    priority: priorities[request.urgency],
    code: concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill", "Fulfill the focal request"),
    focus: { reference: `ServiceRequest/${ids.serviceRequest}` },
    for: patientReference(context),
    authoredOn: instant(Date.parse(request.createdAt)),
    // Never before authoredOn, whatever the clocks say (inv-1).
    lastModified: instant(Math.max(state.lastAtMs, Date.parse(request.createdAt))),
    requester: personReference(context, request.requester),
    ...(owner === undefined ? {} : { owner: personReference(context, owner) }),
    restriction: { period: { end: request.dueAt } },
    ...outputs(context),
  };
}

const addressedPerson = (addressee: Addressee): string | undefined =>
  addressee.kind === "person" ? addressee.userId : undefined;

function outputs(context: PlanContext): { output?: Json } {
  const references = opinionReferences(context.state);
  if (references.length === 0) return {};
  return {
    output: references.map((reference) => ({ type: typeConcept("opinion"), valueReference: { reference } })),
  };
}
