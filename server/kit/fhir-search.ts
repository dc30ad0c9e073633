/** Escapes a value for a FHIR search parameter (FHIR R4 search, "Escaping Search Parameters"). */
export const escapeSearch = (value: string): string => value.replace(/[\\,|$]/g, (char) => `\\${char}`);
