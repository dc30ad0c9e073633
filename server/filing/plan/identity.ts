import type { FileableEvent } from "../work.ts";
import { concept, systems } from "./codes.ts";
import { filedKeys } from "./registry-keys.ts";
import { filingAudit, provenance } from "./trail.ts";
import type { Plan, PlanContext } from "./types.ts";

type IdentityEvent = Extract<FileableEvent, { kind: "identity" }>;

const isResource = (reference: string): boolean => !reference.startsWith("dicom:");

/**
 * The case belongs to another patient than it was asked for, and all of it was filed there, anew. Where that comes from stands beside it: who says
 * so, their signature, and what was entered in error instead.
 */
export function planIdentity({ eventId, correction }: IdentityEvent, context: PlanContext): Plan {
  const { by, at } = correction.payload;
  const filed = (context.entries ?? []).filter(isResource);
  const keys = filedKeys(context);
  const origin = provenance(context, {
    eventId,
    targets: filed,
    occurredAt: at,
    author: by,
    signed: correction,
    sources: keys.sources,
    revisionOf: (context.inError ?? []).filter(isResource),
    reason: concept(systems.actReason, "PATADMIN", "patient administration"),
    isChange: true,
  });
  return {
    steps: [
      {
        kind: "bundle",
        writes: [
          ...keys.writes,
          { resource: origin },
          { resource: filingAudit(context, eventId, by, filed) },
        ],
      },
    ],
    entries: [{ id: origin.id, kind: "identity", reference: `Provenance/${origin.id}` }],
    blobs: keys.blobs,
  };
}
