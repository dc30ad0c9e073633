import type { Json } from "#protocol/canonical.ts";

/** What came from a schema, told to the compiler as JSON by going through JSON once. Members that are undefined fall away. */
export const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value) ?? "null");
