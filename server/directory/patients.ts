import type { PatientMatches } from "#protocol/api.ts";
import { type Patient, type PatientQuery, patientSchema } from "#protocol/patient.ts";
import { escapeSearch } from "../kit/fhir-search.ts";
import { type FhirPatient, type FhirReader, fhirPatientSchema } from "./fhir.ts";

/**
 * Patient search (IHE PDQm ITI-78). What it does not rely on: that the server knows every parameter (some ignore those they don't
 * and answer with everybody), that it folds accents, or that it knows one apostrophe from another. Each hit is checked again here.
 */
const shown = 20;
const asked = 60;

/** Names as compared: case, accents, ligatures, apostrophes and hyphens do not count. */
export const foldName = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLocaleLowerCase("fr")
    .replaceAll("œ", "oe")
    .replaceAll("æ", "ae")
    .replace(/[’‘'`´ʼ\-‐‑\s]+/gu, " ")
    .trim();

/** The spellings of a name that a server may have stored: both apostrophes, hyphen or space. As FHIR's "or". */
function spellings(name: string): string {
  const trimmed = name.trim();
  const apostrophes = [trimmed.replace(/[’‘`´ʼ]/gu, "'"), trimmed.replace(/['‘`´ʼ]/gu, "’")];
  const all = apostrophes.flatMap((each) => [each, each.replaceAll("-", " "), each.replaceAll(" ", "-")]);
  return [...new Set([trimmed, ...all])].map(escapeSearch).join(",");
}

/** The form that is posted to `Patient/_search`. */
export function toSearchForm(query: PatientQuery): URLSearchParams {
  const form = new URLSearchParams({ _count: String(asked) });
  if ("identifier" in query) {
    form.set("identifier", escapeSearch(bareIdentifier(query.identifier)));
    return form;
  }
  if (query.family !== undefined) form.set("family", spellings(query.family));
  if (query.given !== undefined) form.set("given", spellings(query.given));
  if (query.birthDate !== undefined) form.set("birthdate", query.birthDate);
  if (query.sex !== undefined) form.set("gender", query.sex);
  return form;
}

/** Numbers are read out and typed in groups. */
const bareIdentifier = (typed: string): string => typed.replace(/\s+/gu, "");

/** Whether this patient is one that was asked for. */
export function fits(query: PatientQuery, patient: FhirPatient): boolean {
  // Whoever was merged into somebody else is found as that.
  if (!patient.active || patient.link.some(({ type }) => type === "replaced-by")) return false;
  if ("identifier" in query) {
    const wanted = bareIdentifier(query.identifier).toLowerCase();
    return patient.identifier.some((each) => bareIdentifier(each.value ?? "").toLowerCase() === wanted);
  }
  const starts = (names: readonly (string | undefined)[], wanted: string | undefined) =>
    wanted === undefined || names.some((name) => foldName(name ?? "").startsWith(foldName(wanted)));
  return (
    starts(
      patient.name.map((name) => name.family),
      query.family,
    ) &&
    starts(
      patient.name.flatMap((name) => [...name.given, name.given.join(" ")]),
      query.given,
    ) &&
    (query.birthDate === undefined || patient.birthDate === query.birthDate) &&
    (query.sex === undefined || patient.gender === query.sex)
  );
}

const insTypeSystem = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203";
/** An INS is known by type and system together: the same OID also serves for the social security number. */
const insSystems: Readonly<Record<string, string>> = {
  "INS-NIR": "urn:oid:1.2.250.1.213.1.4.8",
  "INS-NIA": "urn:oid:1.2.250.1.213.1.4.9",
  "INS-NIR-TEST": "urn:oid:1.2.250.1.213.1.4.10",
  "INS-NIR-DEMO": "urn:oid:1.2.250.1.213.1.4.11",
};
const reliabilityUrl = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability";
const birthPlaceUrl = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace";

/** The patient as the product knows one; undefined when the record's entry lacks what a person must have. */
export function toPatient(entry: FhirPatient): Patient | undefined {
  const official = entry.name.find((name) => name.use === "official");
  const used = entry.name.find((name) => name.use === "usual") ?? official ?? entry.name[0];
  const birthFamily = official?.family ?? entry.name.find((name) => name.use === "maiden")?.family;
  const ins = insOf(entry);
  const hospitalNumber = entry.identifier.find((each) => typeCodes(each.type).includes("PI"))?.value;
  const birthPlace = entry.extension.find((each) => each.url === birthPlaceUrl)?.valueAddress?.city;
  const parsed = patientSchema.safeParse({
    recordId: entry.id,
    family: used?.family ?? "",
    ...(birthFamily === undefined || birthFamily === used?.family ? {} : { birthFamily }),
    given: used?.given[0] ?? official?.given[0] ?? "",
    ...(entry.birthDate === undefined ? {} : { birthDate: entry.birthDate }),
    ...(birthPlace === undefined ? {} : { birthPlace }),
    sex: entry.gender ?? "unknown",
    identity: ins === undefined ? "provisional" : "qualified",
    ...(ins === undefined ? {} : { ins }),
    ...(hospitalNumber === undefined ? {} : { hospitalNumber }),
  });
  return parsed.success ? parsed.data : undefined;
}

const typeCodes = (type: FhirPatient["identifier"][number]["type"]) =>
  (type?.coding ?? []).map((coding) => coding.code ?? "");

/** The INS, which may be used only when the identity was checked against the national service. */
function insOf(entry: FhirPatient): { system: string; value: string } | undefined {
  const checked = entry.extension
    .filter((each) => each.url === reliabilityUrl)
    .flatMap((each) => each.extension)
    .some((part) => part.url === "identityStatus" && ["VALI", "QUAL"].includes(part.valueCoding?.code ?? ""));
  if (!checked) return undefined;
  for (const { system, value, type } of entry.identifier) {
    const kind = type?.coding.find((coding) => coding.system === insTypeSystem)?.code ?? "";
    if (system !== undefined && value !== undefined && insSystems[kind] === system) return { system, value };
  }
  return undefined;
}

/** Searches, checks every hit, and says whether there are more than fit on a screen. */
export async function searchPatients(reader: FhirReader, query: PatientQuery): Promise<PatientMatches> {
  const { found, more } = await reader.postSearch(fhirPatientSchema, "Patient", toSearchForm(query));
  const matches = found
    .filter((patient) => fits(query, patient))
    .flatMap((patient) => toPatient(patient) ?? []);
  return { matches: matches.slice(0, shown), more: more || matches.length > shown };
}
