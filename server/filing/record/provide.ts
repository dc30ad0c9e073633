import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { idOf } from "../ids.ts";
import type { Resource, Write } from "../plan/types.ts";
import { faultOf, RecordFault, type RecordHttp } from "./http.ts";
import { type Names, withNames } from "./names.ts";

const fhirJson = "application/fhir+json";
const identifiers = z.array(z.object({ use: z.string().optional(), system: z.string(), value: z.string() }));
const reference = /(?:^|\/)((?:List|DocumentReference)\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]*)?$/;
const hitsSchema = z.object({
  resourceType: z.literal("Bundle"),
  type: z.literal("searchset"),
  entry: z.array(z.object({ resource: z.looseObject({ resourceType: z.string() }).optional() })).default([]),
});
const submissionSchema = z.object({
  resourceType: z.literal("List"),
  id: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/),
  identifier: identifiers,
  entry: z.array(z.object({ item: z.object({ reference: z.string() }) })),
});
const answerSchema = z.object({
  resourceType: z.literal("Bundle"),
  type: z.literal("transaction-response"),
  entry: z.array(z.object({ response: z.object({ status: z.string(), location: z.string().optional() }) })),
});

/**
 * Provide Document Bundle (IHE MHD ITI-65): submission set and document references are POSTed, as the profile's closed slices ask, so the
 * record names them; the bytes are PUT under our own id, which the profile leaves open. That doing it twice changes nothing rests on the
 * submission set's unique id: it is looked for first, and `ifNoneExist` holds off what still runs at the record.
 */
export async function provideDocuments(
  http: RecordHttp,
  writes: readonly Write[],
  profile: string,
  bytesOf: (blob: string) => Promise<Uint8Array>,
): Promise<Names> {
  return (await findSubmission(http, writes)) ?? (await post(http, writes, profile, bytesOf));
}

/** The bundle as it goes out. */
export async function provideBundle(
  base: URL,
  writes: readonly Write[],
  profile: string,
  bytesOf: (blob: string) => Promise<Uint8Array>,
): Promise<Json> {
  const inBundle: Names = new Map(
    writes.filter(isNamedByRecord).map(({ resource }) => [ours(resource), placeOf(resource)]),
  );
  const entry: Json[] = [];
  for (const write of writes) {
    const { id, ...resource } = withNames(write.resource, inBundle);
    if (write.patches !== undefined) {
      const request = { method: "PATCH", url: write.patches };
      entry.push({ fullUrl: placeOf(write.resource), resource, request });
      continue;
    }
    if (isNamedByRecord(write)) {
      const ifNoneExist = `identifier=urn:ietf:rfc:3986|${uniqueIdOf(write.resource)}`;
      const request = { method: "POST", url: resource.resourceType, ifNoneExist };
      entry.push({ fullUrl: placeOf(write.resource), resource, request });
      continue;
    }
    const data =
      write.blob === undefined ? {} : { data: Buffer.from(await bytesOf(write.blob)).toString("base64") };
    const path = ours(write.resource);
    entry.push({
      fullUrl: new URL(path, base).href,
      resource: { ...resource, id, ...data },
      request: { method: "PUT", url: path },
    });
  }
  return { resourceType: "Bundle", meta: { profile: [profile] }, type: "transaction", entry };
}

async function post(
  http: RecordHttp,
  writes: readonly Write[],
  profile: string,
  bytesOf: (blob: string) => Promise<Uint8Array>,
): Promise<Names> {
  const answer = await http.request({
    method: "POST",
    path: "",
    accept: fhirJson,
    contentType: fhirJson,
    body: JSON.stringify(await provideBundle(http.base, writes, profile, bytesOf)),
    timeoutMs: 60_000,
  });
  const body = parse(answer.bytes);
  if (answer.status !== 200)
    throw faultOf(answer.status, z.object({ resourceType: z.string() }).safeParse(body).success);
  const done = answerSchema.safeParse(body);
  if (!done.success || done.data.entry.length !== writes.length) throw new RecordFault("down", 200);
  const names = new Map<string, string>();
  for (const [index, write] of writes.entries()) {
    const response = done.data.entry[index]?.response;
    if (response === undefined || !/^20[01]/.test(response.status)) throw new RecordFault("down", 200);
    if (!isNamedByRecord(write)) continue;
    const theirs = reference.exec(response.location ?? "")?.[1];
    // Done, but without saying where: what is there is looked for when this is tried again.
    if (theirs === undefined) throw new RecordFault("down", 200);
    names.set(ours(write.resource), theirs);
  }
  return names;
}

/**
 * The submission set as the record has it, with the names of its documents; undefined when there is none. A set whose documents are not there
 * is for a human: a second document beside what points to the lost one would make the record lie. Each hit is checked: there are servers
 * that ignore a parameter and answer with everything.
 */
export async function findSubmission(http: RecordHttp, writes: readonly Write[]): Promise<Names | undefined> {
  const set = writes.find(({ resource }) => resource.resourceType === "List")?.resource;
  if (set === undefined) throw new Error("What is provided has a submission set");
  const uniqueId = uniqueIdOf(set);
  const query = `List?identifier=${encodeURIComponent(`urn:ietf:rfc:3986|${uniqueId}`)}`;
  const answer = await http.request({ method: "GET", path: query, accept: fhirJson });
  const found = hitsSchema.safeParse(parse(answer.bytes));
  if (answer.status !== 200 || !found.success) throw faultOf(answer.status, false);
  const hits = found.data.entry
    .map(({ resource }) => submissionSchema.safeParse(resource).data)
    .filter((hit) => hit?.identifier.some(({ value }) => value === uniqueId) === true);
  const hit = hits[0];
  if (hit === undefined) return undefined;
  const documents = writes.filter(({ resource }) => resource.resourceType === "DocumentReference");
  if (hit.entry.length !== documents.length) throw new RecordFault("differs", undefined);
  const names = new Map([[ours(set), `List/${hit.id}`]]);
  for (const [index, { resource }] of documents.entries()) {
    const theirs = reference.exec(hit.entry[index]?.item.reference ?? "")?.[1];
    if (theirs === undefined || !(await isThere(http, theirs))) throw new RecordFault("differs", undefined);
    names.set(ours(resource), theirs);
  }
  return names;
}

async function isThere(http: RecordHttp, path: string): Promise<boolean> {
  const answer = await http.request({ method: "GET", path, accept: fhirJson });
  if (answer.status === 404 || answer.status === 410) return false;
  if (answer.status !== 200) throw faultOf(answer.status, false);
  return true;
}

export const isNamedByRecord = ({ resource }: Pick<Write, "resource">): boolean =>
  resource.resourceType === "List" || resource.resourceType === "DocumentReference";

/** What a resource is called inside its bundle. Not its entryUUID: a server that puts names in the place of this must leave that alone. */
const placeOf = ({ id }: Resource): string => `urn:uuid:${idOf(id, "fullUrl")}`;

const ours = (resource: Resource): string => `${resource.resourceType}/${resource.id}`;

/** The one identifier that XDS calls uniqueId. */
function uniqueIdOf(resource: Resource): string {
  const master = z.object({ value: z.string() }).safeParse(resource.masterIdentifier);
  if (master.success) return master.data.value;
  const found = identifiers.parse(resource.identifier).find(({ use }) => use === "usual");
  if (found === undefined) throw new Error("What is provided has a unique id");
  return found.value;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
