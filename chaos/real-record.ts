import { z } from "zod";
import { multipartParts } from "../server/filing/record/multipart.ts";
import { binariesOf, type Holdings, type PatientFacts, type Resource, type Target } from "./target.ts";

const fhirJson = "application/fhir+json";
const resourceSchema = z.looseObject({ resourceType: z.string(), id: z.string() });
const bundleSchema = z.object({ entry: z.array(z.object({ resource: resourceSchema })).default([]) });
const instancesSchema = z.array(
  z.object({
    "0020000D": z.object({ Value: z.tuple([z.string()]) }),
    "0020000E": z.object({ Value: z.tuple([z.string()]) }),
    "00080018": z.object({ Value: z.tuple([z.string()]) }),
  }),
);

/** Where a patient stands in each kind of resource that filing writes. */
const searches: readonly (readonly [type: string, parameter: string])[] = [
  ["ServiceRequest", "subject"],
  ["Task", "patient"],
  ["Consent", "patient"],
  ["Communication", "subject"],
  ["DiagnosticReport", "subject"],
  ["DocumentReference", "subject"],
  ["List", "subject"],
  ["ImagingStudy", "subject"],
  ["AuditEvent", "patient"],
];

/** A real record and a real archive, as the stack runs them. */
export async function realRecord(fhirUrl: string, dicomwebUrl: string | undefined): Promise<Target> {
  const read = async (path: string): Promise<unknown> => {
    const headers = { accept: fhirJson, "cache-control": "no-cache" };
    const answer = await fetch(`${fhirUrl}/${path}`, { headers });
    if (!answer.ok) throw new Error(`The record answered ${answer.status} to ${path}`);
    return answer.json();
  };
  const search = async (path: string): Promise<Resource[]> =>
    bundleSchema.parse(await read(path)).entry.map(({ resource }) => resource);
  const [organization] = await search("Organization?_count=1");
  if (organization === undefined) throw new Error("The record has no organization");
  return {
    fhirUrl,
    dicomwebUrl,
    organizationId: organization.id,
    timeoutMs: 6000,
    putPatient: async (resource) => {
      const answer = await fetch(`${fhirUrl}/Patient/${resource.id}`, {
        method: "PUT",
        headers: { "content-type": fhirJson },
        body: JSON.stringify(resource),
      });
      if (!answer.ok) throw new Error(`The record did not take a patient: ${answer.status}`);
    },
    holdingsOf: async (patient): Promise<Holdings> => {
      const resources: Resource[] = [];
      for (const [type, parameter] of searches)
        resources.push(...(await search(`${type}?${parameter}=Patient/${patient.recordId}&_count=200`)));
      for (const path of resources.flatMap(binariesOf))
        resources.push(resourceSchema.parse(await read(path)));
      return { resources, pictures: dicomwebUrl === undefined ? [] : await picturesOf(dicomwebUrl, patient) };
    },
  };
}

async function picturesOf(dicomwebUrl: string, { hospitalNumber }: PatientFacts): Promise<Uint8Array[]> {
  const asked = await fetch(`${dicomwebUrl}/instances?PatientID=${hospitalNumber}`, {
    headers: { accept: "application/dicom+json" },
  });
  const text = await asked.text();
  const pictures: Uint8Array[] = [];
  for (const each of text === "" ? [] : instancesSchema.parse(JSON.parse(text))) {
    const [study, series, instance] = [each["0020000D"], each["0020000E"], each["00080018"]].map(
      ({ Value: [uid] }) => uid,
    );
    const answer = await fetch(
      `${dicomwebUrl}/studies/${study}/series/${series}/instances/${instance}/frames/1`,
      { headers: { accept: 'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50' } },
    );
    const type = answer.headers.get("content-type") ?? "";
    pictures.push(...multipartParts(new Uint8Array(await answer.arrayBuffer()), type));
  }
  return pictures;
}
