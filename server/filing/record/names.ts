import type { Json } from "#protocol/canonical.ts";
import type { Resource } from "../plan/types.ts";

/**
 * What the record calls the documents that it named itself: our reference of each, and its own. Plans use ours, so that they stay the same
 * whenever they are made; the record's are put in when a request is made, and when what was filed is told.
 */
export type Names = ReadonlyMap<string, string>;

export const noNames: Names = new Map();

export const named = (names: Names, reference: string): string => names.get(reference) ?? reference;

/** The same with each reference as the record has it. Only references: no text that people typed is looked at. */
export const withNames = (resource: Resource, names: Names): Resource =>
  names.size === 0
    ? resource
    : {
        ...Object.fromEntries(Object.entries(resource).map(([key, value]) => [key, renamed(value, names)])),
        resourceType: resource.resourceType,
        id: resource.id,
      };

function renamed(value: Json | undefined, names: Names): Json | undefined {
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map((item) => renamed(item, names) ?? null);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "reference" && typeof member === "string" ? named(names, member) : renamed(member, names),
    ]),
  );
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
