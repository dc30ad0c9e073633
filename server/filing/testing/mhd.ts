import { createHash } from "node:crypto";
import { z } from "zod";

/**
 * What IHE MHD, PDSm and French law ask of a Provide Document Bundle (ITI-65) and a profile validator does not see, or sees only with
 * packages that nobody may fetch here. Written from the texts (filing.md §B1, §B6), without a look at what we make.
 */
export function provideFaults(bundle: unknown): string[] {
  const read = bundleSchema.safeParse(bundle);
  if (!read.success) return read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const { entry } = read.data;
  const of = (type: string) => entry.filter(({ resource }) => resource.resourceType === type);
  const lists = of("List").map(({ resource }) => listSchema.parse(resource));
  const references = of("DocumentReference");
  const faults: string[] = [];
  if (lists.length !== 1) faults.push(`${lists.length} submission sets`);
  for (const { resource, request } of entry) {
    const method = allowed[resource.resourceType];
    if (method === undefined) faults.push(`${resource.resourceType} does not belong in it`);
    else if (!method.includes(request.method)) faults.push(`${request.method} ${resource.resourceType}`);
  }
  const items = lists.flatMap((list) => list.entry.map(({ item }) => item.reference));
  const places = references.map(({ fullUrl }) => fullUrl);
  if (items.join() !== places.join()) faults.push("the submission set does not list its documents");
  for (const list of lists)
    faults.push(...uniqueIdFaults(list.identifier.find(({ use }) => use === "usual")));
  for (const { resource } of references) faults.push(...documentFaults(resource, entry));
  return faults;
}

const allowed: Readonly<Record<string, readonly string[]>> = {
  List: ["POST"],
  DocumentReference: ["POST"],
  Binary: ["POST", "PUT"],
  Parameters: ["PATCH"],
};

const identifier = z.object({ use: z.string().optional(), system: z.string().optional(), value: z.string() });
type Identifier = z.infer<typeof identifier>;
const coded = z.object({ coding: z.array(z.object({ system: z.string(), code: z.string() })).min(1) });
const entrySchema = z.object({
  fullUrl: z.string(),
  resource: z.looseObject({ resourceType: z.string() }),
  request: z.object({ method: z.string(), url: z.string() }),
});
const bundleSchema = z.object({ type: z.literal("transaction"), entry: z.array(entrySchema) });
const listSchema = z.object({
  identifier: z.array(identifier),
  entry: z.array(z.object({ item: z.object({ reference: z.string() }) })).min(1),
});
const documentSchema = z.object({
  contained: z.array(z.looseObject({ resourceType: z.string(), id: z.string() })).default([]),
  masterIdentifier: identifier,
  identifier: z.array(identifier).min(1),
  date: z.iso.datetime({ offset: true }),
  type: coded,
  category: z.tuple([coded]),
  subject: z.object({ reference: z.string().regex(/^Patient\//) }),
  author: z.array(z.object({ reference: z.string() })).min(1),
  custodian: z.looseObject({}),
  content: z.tuple([
    z.object({
      attachment: z.object({
        url: z.string(),
        size: z.int(),
        hash: z.string(),
        title: z.string().min(1),
        contentType: z.string(),
        data: z.undefined().optional(),
      }),
    }),
  ]),
  context: z.object({
    period: z.object({ start: z.string() }),
    sourcePatientInfo: z.object({ reference: z.string() }),
  }),
});
const binarySchema = z.object({ contentType: z.string(), data: z.base64() });
const containedPatientSchema = z.object({ identifier: z.array(identifier) });

function documentFaults(resource: unknown, entry: readonly z.infer<typeof entrySchema>[]): string[] {
  const read = documentSchema.safeParse(resource);
  if (!read.success) return read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const document = read.data;
  const faults = uniqueIdFaults({ use: "usual", ...document.masterIdentifier });
  if (
    !document.identifier.some(
      ({ use, value }) => use === "official" && /^urn:uuid:[0-9a-f-]{36}$/.test(value),
    )
  )
    faults.push("no entryUUID");
  const ids = document.contained.map(({ id }) => `#${id}`);
  const pointed = [...document.author, document.context.sourcePatientInfo].map(({ reference }) => reference);
  for (const reference of pointed.filter((each) => each.startsWith("#")))
    if (!ids.includes(reference)) faults.push(`${reference} is not contained`);
  const { attachment } = document.content[0];
  const binary = binarySchema.safeParse(
    entry.find(({ fullUrl }) => fullUrl === attachment.url || fullUrl.endsWith(`/${attachment.url}`))
      ?.resource,
  );
  if (!binary.success) faults.push("its bytes are not in the bundle");
  else {
    const bytes = Buffer.from(binary.data.data, "base64");
    if (attachment.size !== bytes.length) faults.push("size");
    if (attachment.hash !== createHash("sha1").update(bytes).digest("base64")) faults.push("hash");
    if (attachment.contentType !== binary.data.contentType) faults.push("contentType");
  }
  for (const patient of document.contained.filter(({ resourceType }) => resourceType === "Patient")) {
    const official = containedPatientSchema.parse(patient).identifier.filter(({ use }) => use === "official");
    // fr-core-2: a validated identity has one INS.
    if (official.length > 1) faults.push("two official identifiers");
  }
  return faults;
}

/** An OID that no longer part than DICOM's 64 characters, as a URN. */
function uniqueIdFaults(unique: Identifier | undefined): string[] {
  if (unique === undefined) return ["no uniqueId"];
  const ok =
    unique.system === "urn:ietf:rfc:3986" &&
    /^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$/.test(unique.value) &&
    unique.value.length <= "urn:oid:".length + 64;
  return ok ? [] : [`uniqueId ${unique.value}`];
}
