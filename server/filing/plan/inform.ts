import type { Json } from "#protocol/canonical.ts";
import type { Informed } from "#protocol/events.ts";
import { idOf } from "../ids.ts";
import type { FileableEvent } from "../work.ts";
import {
  caseIds,
  concept,
  instant,
  matrixIdentifier,
  patientReference,
  personReference,
  requestOf,
  systems,
} from "./codes.ts";
import { consentOf, type FiledConsent, groupsOf } from "./consent-resource.ts";
import { consentResourceId, informTaskId } from "./references.ts";
import { filingAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource } from "./types.ts";

type InformedEvent = Extract<FileableEvent, { kind: "informed" }>;
type Glass = PlanContext["state"]["glasses"][number];

/** What the patient is to be told of: a broken glass, or what an emergency stood in for. */
export type Untold =
  | { readonly kind: "glass"; readonly glass: Glass }
  | { readonly kind: "emergency"; readonly consent: FiledConsent };

/** That they were told, or had their own word afterwards, which is more. */
export type Told = {
  readonly whom: Informed["whom"] | "own-word";
  readonly atMs: number;
  /** The Communication that says so. */
  readonly by: string | undefined;
};

const words = {
  glass: "Informer le patient de l’accès en urgence à son dossier d’avis (CSP R1110-3)",
  emergency: "Informer le patient de ce qui a été fait en urgence sans son accord (CSP R1110-3)",
} as const;

/** To tell the patient what was done without them: open until somebody says that it is done (CSP R1110-3). */
export function informTask(context: PlanContext, untold: Untold, told: Told | undefined): Resource {
  const { eventId, by, atMs, reason } = factsOf(untold);
  const focus = focusOf(context, untold);
  return {
    resourceType: "Task",
    id: informTaskId(eventId),
    identifier: [{ system: systems.uri, value: `urn:uuid:${informTaskId(eventId)}` }],
    partOf: [{ reference: `Task/${caseIds(requestOf(context).eventId).task}` }],
    status: told === undefined ? "requested" : "completed",
    businessStatus: { text: told === undefined ? "to-inform" : `informed: ${told.whom}` },
    intent: "order",
    code: { ...concept("urn:colloque:task", "inform-patient"), text: words[untold.kind] },
    ...(focus === undefined ? {} : { focus: { reference: focus } }),
    for: patientReference(context),
    authoredOn: instant(atMs),
    // Never before authoredOn, whatever the clocks say (inv-1).
    lastModified: instant(Math.max(atMs, told?.atMs ?? 0)),
    requester: personReference(context, by),
    owner: personReference(context, by),
    reasonCode: {
      ...concept(systems.actReason, untold.kind === "glass" ? "BTG" : "ETREAT"),
      ...(reason === undefined ? {} : { text: reason }),
    },
    ...(told?.by === undefined
      ? {}
      : { output: [{ type: { text: "Information du patient" }, valueReference: { reference: told.by } }] }),
  };
}

/** The Consent that the glass was broken over, or that the emergency stood in for. */
export function focusOf(context: PlanContext, untold: Untold): string | undefined {
  const filed =
    untold.kind === "emergency" ? untold.consent : consentOf(context.state, untold.glass.glass.consentId);
  const group = filed === undefined ? undefined : groupsOf(filed.consent)[0];
  return filed === undefined || group === undefined
    ? undefined
    : `Consent/${consentResourceId(filed.eventId, group)}`;
}

function factsOf(untold: Untold) {
  if (untold.kind === "glass") {
    const { eventId, glass, reason } = untold.glass;
    return { eventId, by: glass.openedBy, atMs: Date.parse(glass.openedAt), reason };
  }
  // Why, is in the proof and in the Provenance: the case itself does not carry it on.
  const { eventId, consent } = untold.consent;
  return { eventId, by: consent.collectedBy, atMs: Date.parse(consent.collectedAt), reason: undefined };
}

/** What somebody says that the patient was told of, if the case has such a thing. */
export function untoldOf({ state }: Pick<PlanContext, "state">, of: Informed["of"]): Untold | undefined {
  if (of.kind === "glass") {
    const glass = state.glasses.find((each) => each.glass.glassId === of.glassId);
    return glass === undefined ? undefined : { kind: "glass", glass };
  }
  const consent = consentOf(state, of.consentId);
  return consent?.consent.method === "emergency" ? { kind: "emergency", consent } : undefined;
}

/** The patient was told: the Task is done, and a Communication mentions whom and when, which the law asks of the record. */
export function planInformed(event: InformedEvent, context: PlanContext): Plan {
  const { informed } = event;
  const untold = untoldOf(context, informed.of);
  if (untold === undefined) throw new Error("The gate lets no such word through");
  const communication = mentionOf(event, context, untold);
  const said = `Communication/${communication.id}`;
  const task = informTask(context, untold, { whom: informed.whom, atMs: Date.parse(informed.at), by: said });
  return {
    steps: [
      {
        kind: "bundle",
        writes: [
          communication,
          task,
          filingAudit(context, event.eventId, event.sender, [said, `Task/${task.id}`]),
        ].map((resource) => ({ resource })),
      },
    ],
    entries: [{ id: communication.id, kind: "informed", reference: said }],
    blobs: {},
  };
}

const whom: Readonly<Record<Informed["whom"], string>> = {
  patient: "Patient informé",
  family: "Famille informée, le patient n’étant pas en état de l’être",
  guardian: "Représentant légal informé",
};

function mentionOf(event: InformedEvent, context: PlanContext, untold: Untold): Resource {
  const { informed } = event;
  const about: Json =
    untold.kind === "glass"
      ? `${whom[informed.whom]} de l’accès en urgence à son dossier d’avis.`
      : `${whom[informed.whom]} de ce qui a été fait en urgence sans son accord.`;
  return {
    resourceType: "Communication",
    id: idOf(event.eventId, "Communication"),
    identifier: [matrixIdentifier(event.eventId)],
    partOf: [{ reference: `Task/${informTaskId(factsOf(untold).eventId)}` }],
    status: "completed",
    subject: patientReference(context),
    sent: informed.at,
    ...(informed.whom === "patient" ? { recipient: [patientReference(context)] } : {}),
    sender: personReference(context, event.sender),
    payload: [{ contentString: about }],
  };
}
