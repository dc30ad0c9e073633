import type { Bundle, Resource } from "@medplum/fhirtypes";
import { request } from "undici";
import { z } from "zod";
import type { Running } from "./stack.ts";

const anyResource = z.custom<Resource>(
  (value) => z.object({ resourceType: z.string() }).safeParse(value).success,
);

/** Reads the record itself, past the product. */
export function record(stack: Running) {
  async function json(url: string): Promise<Resource> {
    const answer = await request(url, {
      headers: { accept: "application/fhir+json", "cache-control": "no-cache" },
    });
    return anyResource.parse(await answer.body.json());
  }
  return {
    async search<T extends Resource["resourceType"]>(type: T, query: Record<string, string>) {
      const bundle = await json(
        `${stack.fhirUrl}/${type}?${new URLSearchParams({ ...query, _count: "200" })}`,
      );
      const entries = (bundle as Bundle).entry ?? [];
      return entries.flatMap((entry) =>
        entry.resource?.resourceType === type
          ? [entry.resource as Extract<Resource, { resourceType: T }>]
          : [],
      );
    },
    read: (reference: string) => json(`${stack.fhirUrl}/${reference}`),
    /** The bytes of a Binary. */
    async bytes(reference: string): Promise<Buffer> {
      const url = reference.startsWith("http") ? reference : `${stack.fhirUrl}/${reference}`;
      const resource = await json(url);
      if (resource.resourceType !== "Binary" || resource.data === undefined)
        throw new Error(`${reference} is not a Binary with data`);
      return Buffer.from(resource.data, "base64");
    },
    /** The stored JPEG of a DICOM object, by WADO-RS, its pad byte included. */
    async dicomFrame(study: string, series: string, instance: string): Promise<Buffer> {
      const answer = await request(
        `${stack.dicomwebUrl}/studies/${study}/series/${series}/instances/${instance}/frames/1`,
        {
          headers: { accept: 'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50' },
        },
      );
      const body = Buffer.from(await answer.body.arrayBuffer());
      const begin = body.indexOf("\r\n\r\n") + 4;
      const boundary = body.subarray(0, body.indexOf("\r\n"));
      return body.subarray(begin, body.lastIndexOf(Buffer.concat([Buffer.from("\r\n"), boundary])));
    },
    /** A DICOM object whole, by WADO-RS, as it is stored. */
    async dicomObject(study: string, series: string, instance: string): Promise<Buffer> {
      const answer = await request(
        `${stack.dicomwebUrl}/studies/${study}/series/${series}/instances/${instance}`,
        { headers: { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' } },
      );
      return Buffer.from(await answer.body.arrayBuffer());
    },
    async dicomInstances(
      query: Record<string, string>,
    ): Promise<{ study: string; series: string; instance: string }[]> {
      const answer = await request(`${stack.dicomwebUrl}/instances?${new URLSearchParams(query)}`, {
        headers: { accept: "application/dicom+json" },
      });
      if (answer.statusCode === 204) return [];
      const tag = z.object({ Value: z.tuple([z.string()]) });
      const found = z
        .array(z.looseObject({ "0020000D": tag, "0020000E": tag, "00080018": tag }))
        .parse(await answer.body.json());
      return found.map((each) => ({
        study: each["0020000D"].Value[0],
        series: each["0020000E"].Value[0],
        instance: each["00080018"].Value[0],
      }));
    },
  };
}
