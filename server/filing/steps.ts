import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { filedKindSchema } from "#protocol/events.ts";
import type { Entry, Step } from "./plan/index.ts";

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);
const resource = z.object({ resourceType: z.string(), id: z.string() }).catchall(json);
const writes = z.array(z.object({ resource, blob: z.string().optional(), patches: z.string().optional() }));
const stepSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("bundle"), writes }),
  z.object({ kind: z.literal("documents"), profile: z.string(), writes }),
  z.object({
    kind: z.literal("dicom"),
    dataset: z.record(z.string(), json),
    blob: z.string(),
    study: z.string(),
    series: z.string(),
    instance: z.string(),
    patientId: z.string(),
  }),
  z.object({
    kind: z.literal("reject"),
    dataset: z.record(z.string(), json),
    study: z.string(),
    series: z.string(),
    instance: z.string(),
    patientId: z.string(),
    rejected: z.array(z.string()).min(1),
  }),
  z.object({ kind: z.literal("retract"), references: z.array(z.string()) }),
  z.object({ kind: z.literal("mark"), references: z.array(z.string()), labels: z.array(json) }),
]);
const planSchema = z.object({
  steps: z.array(stepSchema),
  entries: z.array(
    z.object({
      id: z.string(),
      kind: filedKindSchema,
      reference: z.string(),
      contentType: z.string().optional(),
      sha256: z.string().optional(),
      binary: z.string().optional(),
    }),
  ),
});

/** Reads back a plan that was kept across a restart. */
export const parseSteps = (text: string): { steps: Step[]; entries: Entry[] } =>
  planSchema.parse(JSON.parse(text));
