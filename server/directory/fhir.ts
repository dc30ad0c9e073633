import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";

/** The parts of FHIR R4 that the directory and the patient search read; anything else in a resource is ignored. */
const coding = z.object({ system: z.string().optional(), code: z.string().optional() });
const concept = z.object({ coding: z.array(coding).default([]) });
const reference = z.object({ reference: z.string().optional(), display: z.string().optional() });
const identifier = z.object({
  system: z.string().optional(),
  value: z.string().optional(),
  type: concept.optional(),
});
const humanName = z.object({
  use: z.string().optional(),
  family: z.string().optional(),
  given: z.array(z.string()).default([]),
  prefix: z.array(z.string()).default([]),
});
const telecom = z.object({ system: z.string().optional(), value: z.string().optional() });
const extensionPart = z.object({ url: z.string(), valueCoding: coding.optional() });
const extension = z.object({
  url: z.string(),
  valueAddress: z.object({ city: z.string().optional() }).optional(),
  extension: z.array(extensionPart).default([]),
});

export const practitionerSchema = z.object({
  resourceType: z.literal("Practitioner"),
  id: z.string(),
  active: z.boolean().default(true),
  identifier: z.array(identifier).default([]),
  name: z.array(humanName).default([]),
  telecom: z.array(telecom).default([]),
});
export const practitionerRoleSchema = z.object({
  resourceType: z.literal("PractitionerRole"),
  id: z.string(),
  active: z.boolean().default(true),
  practitioner: reference.optional(),
  organization: reference.optional(),
  code: z.array(concept).default([]),
  specialty: z.array(concept).default([]),
  telecom: z.array(telecom).default([]),
});
export const careTeamSchema = z.object({
  resourceType: z.literal("CareTeam"),
  id: z.string(),
  status: z.string().default("active"),
  name: z.string().optional(),
  category: z.array(concept).default([]),
  telecom: z.array(telecom).default([]),
  participant: z.array(z.object({ member: reference.optional() })).default([]),
});
export const fhirPatientSchema = z.object({
  resourceType: z.literal("Patient"),
  id: z.string(),
  active: z.boolean().default(true),
  identifier: z.array(identifier).default([]),
  name: z.array(humanName).default([]),
  gender: z.string().optional(),
  birthDate: z.string().optional(),
  link: z.array(z.object({ type: z.string() })).default([]),
  extension: z.array(extension).default([]),
});

export type Practitioner = z.infer<typeof practitionerSchema>;
export type PractitionerRole = z.infer<typeof practitionerRoleSchema>;
export type CareTeamResource = z.infer<typeof careTeamSchema>;
export type FhirPatient = z.infer<typeof fhirPatientSchema>;
export type Concept = z.infer<typeof concept>;

const bundleSchema = z.object({
  resourceType: z.literal("Bundle"),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
  entry: z.array(z.object({ resource: z.unknown() })).default([]),
});

const timeoutMs = 8_000;
/** A directory of more pages than this is a server that goes round in circles. */
const maxPages = 50;

/** The reading side of the record. Every failure to get a usable answer is `record-unreachable`. */
export type FhirReader = {
  /** All resources of a type that fit the schema; those that don't are left out. */
  all<T>(schema: z.ZodType<T>, search: string): Promise<T[]>;
  /** A search whose parameters stay out of the address (IHE PDQm ITI-78, POST form). */
  postSearch<T>(
    schema: z.ZodType<T>,
    type: string,
    form: URLSearchParams,
  ): Promise<{ found: T[]; more: boolean }>;
};

export function createFhirReader(baseUrl: string, fetcher: typeof fetch): FhirReader {
  const ask = (url: string, options: Asked) => askFor(fetcher, url, options);
  return {
    all: async (schema, search) => {
      const found = [];
      let url: string | undefined = `${baseUrl}/${search}`;
      for (let page = 0; url !== undefined && page < maxPages; page += 1) {
        const bundle: z.infer<typeof bundleSchema> = await ask(url, { method: "GET" });
        found.push(...fitting(schema, bundle.entry));
        url = nextOf(bundle, baseUrl);
      }
      return found;
    },
    postSearch: async (schema, type, form) => {
      const bundle = await ask(`${baseUrl}/${type}/_search`, {
        method: "POST",
        // Servlet containers read a form as ISO 8859-1 unless told: accents and apostrophes would find nobody.
        headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
        body: form.toString(),
      });
      return {
        found: fitting(schema, bundle.entry),
        more: bundle.link.some(({ relation }) => relation === "next"),
      };
    },
  };
}

type Asked = { method: "GET" | "POST"; headers?: Record<string, string>; body?: string };

async function askFor(fetcher: typeof fetch, url: string, options: Asked) {
  try {
    const answer = await fetcher(url, {
      ...options,
      redirect: "error",
      // HAPI answers a repeated search from a cache of a minute unless told not to.
      headers: { accept: "application/fhir+json", "cache-control": "no-cache", ...options.headers },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const value = await answer.json();
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return bundleSchema.parse(value);
  } catch (cause) {
    throw new ColloqueError("record-unreachable", { cause });
  }
}

/**
 * The next page, only if it is the same server's: a bundle must not send us elsewhere. A page that lies elsewhere is a fault, for without it
 * half of the people would be missing and nobody would know.
 */
export function nextOf(bundle: z.infer<typeof bundleSchema>, baseUrl: string): string | undefined {
  const link = bundle.link.find(({ relation }) => relation === "next")?.url;
  if (link === undefined) return undefined;
  const base = new URL(baseUrl);
  const next = URL.canParse(link, `${base.href}/`) ? new URL(link, `${base.href}/`) : undefined;
  const isOurs =
    next !== undefined &&
    next.origin === base.origin &&
    next.username === "" &&
    next.password === "" &&
    (next.pathname === base.pathname || next.pathname.startsWith(`${base.pathname.replace(/\/$/, "")}/`));
  if (!isOurs) throw new ColloqueError("record-unreachable", { details: { why: "next-page-elsewhere" } });
  return next.href;
}

const fitting = <T>(schema: z.ZodType<T>, entries: readonly { resource: unknown }[]): T[] =>
  entries.flatMap((entry) => {
    const parsed = schema.safeParse(entry.resource);
    return parsed.success ? [parsed.data] : [];
  });
