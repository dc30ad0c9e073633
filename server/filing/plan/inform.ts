import type { Json } from "#protocol/canonical.ts";
import type { Informed } from "#protocol/events.ts";
import { idOf } from "../ids.ts";
import { caseIds, concept, instant, patientReference, personReference, requestOf, systems } from "./codes.ts";
import { informTaskId } from "./references.ts";
import type { PlanContext, Resource } from "./types.ts";

/** Why the patient is to be told, and whether they were. */
export type Inform = {
  /** The event of the broken glass, or of the consent that an emergency stood in for. */
  readonly eventId: string;
  readonly about: "glass" | "emergency";
  readonly by: string;
  readonly atMs: number;
  readonly reason: string;
  /** What it is about: the Consent that did not reach so far, where there is one. */
  readonly focus: string | undefined;
  readonly informed: { readonly eventId: string; readonly informed: Informed } | undefined;
};

const words = {
  glass: "Informer le patient de l’accès en urgence à son dossier d’avis (CSP R1110-3)",
  emergency: "Informer le patient de ce qui a été fait en urgence sans son accord (CSP R1110-3)",
} as const;

/** To tell the patient what was done without them: open until somebody says that it is done (CSP R1110-3). */
export function informTask(context: PlanContext, inform: Inform): Resource {
  const { informed } = inform;
  const request = `ServiceRequest/${caseIds(requestOf(context).eventId).serviceRequest}`;
  const doneMs = informed === undefined ? inform.atMs : Date.parse(informed.informed.at);
  return {
    resourceType: "Task",
    id: informTaskId(inform.eventId),
    identifier: [{ system: systems.uri, value: `urn:uuid:${informTaskId(inform.eventId)}` }],
    partOf: [{ reference: `Task/${caseIds(requestOf(context).eventId).task}` }],
    status: informed === undefined ? "requested" : "completed",
    businessStatus: { text: informed === undefined ? "to-inform" : `informed:${informed.informed.whom}` },
    intent: "order",
    code: {
      ...concept("urn:colloque:task", "inform-patient"),
      text: words[inform.about],
    },
    focus: { reference: inform.focus ?? request },
    for: patientReference(context),
    authoredOn: instant(inform.atMs),
    // Never before authoredOn, whatever the clocks say (inv-1).
    lastModified: instant(Math.max(inform.atMs, doneMs)),
    requester: personReference(context, inform.by),
    owner: personReference(context, inform.by),
    reasonCode: {
      ...concept(systems.actReason, inform.about === "glass" ? "BTG" : "ETREAT"),
      text: inform.reason,
    },
    ...(informed === undefined ? {} : { output: [outputOf(informed.eventId)] }),
  };
}

const outputOf = (eventId: string): Json => ({
  type: { text: "Information du patient" },
  valueReference: { reference: `Communication/${idOf(eventId, "Communication")}` },
});
