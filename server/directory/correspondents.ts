import { z } from "zod";
import type { Correspondent, Correspondents } from "#protocol/copies.ts";
import { type FhirReader, practitionerRoleSchema, practitionerSchema } from "./fhir.ts";

const rppsSystem = "urn:oid:1.2.250.1.71.4.2.1";
const patientSchema = z.object({
  resourceType: z.literal("Patient"),
  id: z.string(),
  generalPractitioner: z.array(z.object({ reference: z.string().optional() })).default([]),
});
const anySchema = z.discriminatedUnion("resourceType", [
  patientSchema,
  practitionerSchema,
  practitionerRoleSchema,
]);
type Found = z.infer<typeof anySchema>;
type Doctor = Extract<Found, { resourceType: "Practitioner" }>;
type DoctorRole = Extract<Found, { resourceType: "PractitionerRole" }>;

export function createCorrespondents(reader: Pick<FhirReader, "postSearch">): Correspondents {
  const search = async (type: string, form: Record<string, string>): Promise<readonly Found[]> =>
    (await reader.postSearch(anySchema, type, new URLSearchParams(form))).found;
  return {
    usualDoctorOf: async (patientId) =>
      usualDoctorIn(
        patientId,
        await search("Patient", {
          _id: patientId,
          _include: "Patient:general-practitioner",
          "_include:iterate": "PractitionerRole:practitioner",
        }),
      ),
    colleague: async (roleId) =>
      byReference(
        `PractitionerRole/${roleId}`,
        await search("PractitionerRole", { _id: roleId, _include: "PractitionerRole:practitioner" }),
      ),
  };
}

/** The usual doctor of this very patient, whatever else the server gave. The first that is a person and in practice counts. */
export function usualDoctorIn(patientId: string, found: readonly Found[]): Correspondent | undefined {
  const patient = found.find((each) => each.resourceType === "Patient" && each.id === patientId);
  if (patient?.resourceType !== "Patient") return undefined;
  for (const { reference } of patient.generalPractitioner) {
    const doctor = reference === undefined ? undefined : byReference(reference, found);
    if (doctor !== undefined) return doctor;
  }
  return undefined;
}

function byReference(reference: string, found: readonly Found[]): Correspondent | undefined {
  const is = (each: Found): boolean =>
    reference === `${each.resourceType}/${each.id}` || reference.endsWith(`/${each.resourceType}/${each.id}`);
  const hit = found.find(is);
  if (hit?.resourceType === "Practitioner") return toCorrespondent(hit, undefined);
  if (hit?.resourceType !== "PractitionerRole" || !hit.active) return undefined;
  const person = hit.practitioner?.reference;
  const practitioner = found.find(
    (each) => each.resourceType === "Practitioner" && person?.endsWith(`Practitioner/${each.id}`) === true,
  );
  return practitioner?.resourceType === "Practitioner" ? toCorrespondent(practitioner, hit) : undefined;
}

function toCorrespondent(person: Doctor, role: DoctorRole | undefined): Correspondent | undefined {
  const name = person.name.find((each) => each.use === "official") ?? person.name[0];
  if (!person.active || name?.family === undefined) return undefined;
  return {
    family: name.family,
    given: name.given.join(" "),
    title: name.prefix.join(" "),
    rpps: person.identifier.find((each) => each.system === rppsSystem)?.value?.match(/^8?(\d{11})$/)?.[1],
    secureMail: secureMailIn([...(role?.telecom ?? []), ...person.telecom]),
  };
}

/** MSSanté is a closed space of domains: an address is in it by its domain, whatever somebody wrote beside it. */
const secureMail = /^[^\s@<>,;:"]{1,64}@(?:[a-z\d](?:[a-z\d-]{0,62})\.){1,6}mssante\.fr$/i;

function secureMailIn(
  telecoms: readonly { system?: string | undefined; value?: string | undefined }[],
): string | undefined {
  return telecoms
    .filter((each) => each.system === "email")
    .map((each) => each.value?.replace(/^mailto:/i, "") ?? "")
    .find((address) => secureMail.test(address));
}
