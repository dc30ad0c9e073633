import type { Json } from "#protocol/canonical.ts";
import type { Resource, Step } from "./types.ts";

/**
 * What people typed, made fit for FHIR: whole characters, no control characters but line ends and tabs, and no empty strings, which
 * a server would drop and the read-back then miss. The signed originals are filed beside it, untouched.
 */
export function cleanStep(step: Step): Step {
  if (step.kind !== "bundle" && step.kind !== "documents") return step;
  return {
    ...step,
    writes: step.writes.map((write) => ({ ...write, resource: cleanResource(write.resource) })),
  };
}

const cleanResource = ({ resourceType, id, ...members }: Resource): Resource => ({
  resourceType,
  id,
  ...Object.fromEntries(cleanMembers(members)),
});

function cleanMembers(members: { readonly [key: string]: Json | undefined }): [string, Json][] {
  return Object.entries(members).flatMap(([key, value]): [string, Json][] => {
    const cleaned = value === undefined ? undefined : clean(value);
    return cleaned === undefined ? [] : [[key, cleaned]];
  });
}

function clean(value: Json): Json | undefined {
  if (typeof value === "string") {
    const text = value.toWellFormed().replace(/(?![\n\r\t])\p{Cc}/gu, "");
    return text.trim() === "" ? undefined : text;
  }
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.flatMap((item) => clean(item) ?? []);
  const members = cleanMembers(value);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
