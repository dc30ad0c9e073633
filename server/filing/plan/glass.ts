import type { FileableEvent } from "../work.ts";
import { concept, systems } from "./codes.ts";
import { focusOf, informTask, type Untold } from "./inform.ts";
import { glassAudit, provenance } from "./trail.ts";
import type { Plan, PlanContext } from "./types.ts";

type GlassEvent = Extract<FileableEvent, { kind: "glass" }>;

/**
 * A broken glass: who was let in, by whom, why and until when, for whoever reviews it; and the task of telling the patient, which stays
 * open until that is done.
 */
export function planGlass(event: GlassEvent, context: PlanContext): Plan {
  const { payload } = event.glass;
  const untold: Untold = {
    kind: "glass",
    glass: { eventId: event.eventId, atMs: event.atMs, glass: payload, reason: event.reason },
  };
  const task = informTask(context, untold, undefined);
  const focus = focusOf(context, untold);
  const origin = provenance(context, {
    eventId: event.eventId,
    targets: [`Task/${task.id}`],
    occurredAt: payload.openedAt,
    until: payload.endsAt,
    author: payload.openedBy,
    signed: event.glass,
    sources: focus === undefined ? [] : [{ reference: focus }],
    reason: { ...concept(systems.actReason, "BTG", "break the glass"), text: event.reason },
  });
  const audit = glassAudit(context, event.eventId, payload, event.reason, focus);
  return {
    steps: [{ kind: "bundle", writes: [task, origin, audit].map((resource) => ({ resource })) }],
    entries: [{ id: task.id, kind: "glass", reference: `Task/${task.id}` }],
    blobs: {},
  };
}
