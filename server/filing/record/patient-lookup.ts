import { z } from "zod";
import type { Patient } from "#protocol/patient.ts";
import { escapeSearch } from "../../kit/fhir-search.ts";
import { faultOf, type HttpAnswer, RecordFault, type RecordHttp } from "./http.ts";

/** How the hospital's record finds patients: IHE PDQm (ITI-78), IHE PIXm (ITI-83), or only by its own id. */
export type PatientLookup = "pdqm" | "pixm" | "by-id";

/** Why nothing may be filed for a patient until a human has looked. Nobody is ever created, and nobody is guessed. */
export type PatientProblem =
  | "patient-not-found"
  | "patient-merged"
  | "patient-inactive"
  | "patient-differs"
  /** Another patient, also in use, bears the same identifier. */
  | "patient-matches-twice"
  /** The record ignores what it is asked, so that nobody can tell whether there is another. */
  | "patient-lookup-unusable";

const fhirJson = "application/fhir+json";
/** More than one is too many already. */
const asked = "10";

const identifierSchema = z.object({
  use: z.string().optional(),
  system: z.string().optional(),
  value: z.string().optional(),
  type: z.object({ coding: z.array(z.object({ code: z.string().optional() })).default([]) }).optional(),
});
const patientSchema = z.object({
  resourceType: z.literal("Patient"),
  id: z.string(),
  active: z.boolean().optional(),
  birthDate: z.string().optional(),
  identifier: z.array(identifierSchema).default([]),
  name: z.array(z.object({ family: z.string().optional() })).default([]),
  link: z.array(z.object({ type: z.string() })).default([]),
});
export type RecordPatient = z.infer<typeof patientSchema>;

const bundleSchema = z.object({
  resourceType: z.literal("Bundle"),
  link: z.array(z.object({ relation: z.string() })).default([]),
  entry: z
    .array(
      z.object({
        resource: z.looseObject({ resourceType: z.string() }).optional(),
        search: z.object({ mode: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});
const parametersSchema = z.object({
  resourceType: z.literal("Parameters"),
  parameter: z
    .array(
      z.object({
        name: z.string(),
        valueReference: z.object({ reference: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});
const patientReference = /^(?:.*\/)?Patient\/([A-Za-z0-9.-]{1,64})$/;

/** What we ask by: the INS where the identity is qualified, else the hospital's own number. */
type Key = { readonly system: string | undefined; readonly value: string };

export function createPatientLookup(http: RecordHttp, how: PatientLookup) {
  /** What speaks against filing for this patient now; undefined when nothing does. */
  async function problemWith(meant: Patient): Promise<PatientProblem | undefined> {
    const found = await readPatient(meant.recordId);
    if (found === undefined) return "patient-not-found";
    const problem = ownProblem(found, meant);
    const key = keyOf(meant);
    if (problem !== undefined || key === undefined || how === "by-id") return problem;
    const bearers = (how === "pixm" ? await askPixm(key) : undefined) ?? (await askPdqm(key));
    if (bearers === undefined) return "patient-lookup-unusable";
    const others = bearers.filter((each) => each.id !== meant.recordId && isInUse(each) && bears(each, key));
    return others.length > 0 ? "patient-matches-twice" : undefined;
  }

  async function readPatient(id: string): Promise<RecordPatient | undefined> {
    const path = `Patient/${checkedId(id)}`;
    const answer = await http.request({ method: "GET", path, accept: fhirJson });
    const body = parse(answer);
    if ((answer.status === 404 || answer.status === 410) && isOutcome(body)) return undefined;
    if (answer.status !== 200) throw faultOf(answer.status, false);
    const patient = patientSchema.safeParse(body);
    if (!patient.success) throw new RecordFault("down", 200);
    return patient.data;
  }

  /** The identifier goes in the body, so that no log of addresses has it. Undefined when the answer is not to what was asked. */
  async function askPdqm(key: Key): Promise<RecordPatient[] | undefined> {
    const answer = await http.request({
      method: "POST",
      path: "Patient/_search",
      accept: fhirJson,
      contentType: "application/x-www-form-urlencoded; charset=utf-8",
      // A server that does not know a parameter shall say so.
      prefer: "handling=strict",
      body: new URLSearchParams({ identifier: searchToken(key), _count: asked }).toString(),
    });
    const body = parse(answer);
    if ([400, 404, 405].includes(answer.status) && isOutcome(body)) return undefined;
    const bundle = bundleSchema.safeParse(body);
    if (answer.status !== 200 || !bundle.success) throw faultOf(answer.status, false);
    if (bundle.data.link.some(({ relation }) => relation === "next")) return undefined;
    const hits = bundle.data.entry.filter(({ search }) => search?.mode !== "outcome");
    const patients = hits.flatMap(({ resource }) => patientSchema.safeParse(resource).data ?? []);
    // Somebody whom nobody asked for: the server answers with everybody, or with a part of everybody.
    return patients.length === hits.length && patients.every((each) => bears(each, key))
      ? patients
      : undefined;
  }

  /** By POST, for the same reason. Undefined where the record has no such operation, or answers without patients of its own: then PDQm is asked. */
  async function askPixm(key: Key): Promise<RecordPatient[] | undefined> {
    const parameter = [{ name: "sourceIdentifier", valueString: searchToken(key) }];
    const answer = await http.request({
      method: "POST",
      path: "Patient/$ihe-pix",
      accept: fhirJson,
      contentType: fhirJson,
      body: JSON.stringify({ resourceType: "Parameters", parameter }),
    });
    const fault = faultOf(answer.status, true);
    if (answer.status !== 200 && fault.what !== "refused" && answer.status !== 501) throw fault;
    const parameters = parametersSchema.safeParse(parse(answer));
    if (answer.status !== 200 || !parameters.success) return undefined;
    const ids = parameters.data.parameter.flatMap(({ name, valueReference }) =>
      name === "targetId" ? (patientReference.exec(valueReference?.reference ?? "")?.[1] ?? []) : [],
    );
    if (ids.length === 0 || ids.length > Number(asked)) return undefined;
    const patients = await Promise.all([...new Set(ids)].map(readPatient));
    return patients.filter((each) => each !== undefined);
  }

  return { problemWith };
}

export type PatientCheck = ReturnType<typeof createPatientLookup>;

/** What the record's own entry says against it. */
function ownProblem(found: RecordPatient, meant: Patient): PatientProblem | undefined {
  if (found.link.some(({ type }) => type === "replaced-by")) return "patient-merged";
  if (found.active === false) return "patient-inactive";
  const names = found.name.map((name) => plain(name.family ?? ""));
  const wanted = [meant.family, meant.birthFamily ?? meant.family].map(plain);
  if (found.id !== meant.recordId || !names.some((name) => wanted.includes(name))) return "patient-differs";
  if (meant.birthDate !== undefined && meant.birthDate !== found.birthDate) return "patient-differs";
  const ins = insOf(meant);
  return ins !== undefined && !bears(found, ins) ? "patient-differs" : undefined;
}

const insOf = (meant: Patient): Key | undefined => (meant.identity === "qualified" ? meant.ins : undefined);

const keyOf = (meant: Patient): Key | undefined =>
  insOf(meant) ??
  (meant.hospitalNumber === undefined ? undefined : { system: undefined, value: meant.hospitalNumber });

const isInUse = (patient: RecordPatient): boolean =>
  patient.active !== false && !patient.link.some(({ type }) => type === "replaced-by");

/** The national OID also serves for the social security number (type NH), and a number without a system is the hospital's (type PI). */
function bears(patient: RecordPatient, key: Key): boolean {
  return patient.identifier.some(({ use, system, value, type }) => {
    const codes = (type?.coding ?? []).map(({ code }) => code);
    if (value !== key.value || use === "old") return false;
    return key.system === undefined ? codes.includes("PI") : system === key.system && !codes.includes("NH");
  });
}

const searchToken = ({ system, value }: Key): string =>
  system === undefined ? escapeSearch(value) : `${escapeSearch(system)}|${escapeSearch(value)}`;

const plain = (name: string): string => name.normalize("NFC").trim().toLocaleUpperCase("fr");

/** A refusal in the server's own words: a proxy's says nothing about patients. */
const isOutcome = (body: unknown): boolean =>
  z.object({ resourceType: z.literal("OperationOutcome") }).safeParse(body).success;

function checkedId(id: string): string {
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(id) || /^\.+$/.test(id)) throw new Error("Not an id of FHIR");
  return id;
}

function parse({ bytes }: HttpAnswer): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
