import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { sha256Hex } from "../ids.ts";
import type { Step, Write } from "../plan/types.ts";
import { faultOf, RecordFault, type RecordHttp } from "./http.ts";
import { type Names, named, noNames, withNames } from "./names.ts";
import { findSubmission, isNamedByRecord, provideDocuments } from "./provide.ts";

const fhirJson = "application/fhir+json";
const resourceSchema = z.looseObject({ resourceType: z.string() });
const bundleSchema = z.object({
  resourceType: z.literal("Bundle"),
  type: z.literal("transaction-response"),
  entry: z.array(z.object({ response: z.object({ status: z.string() }) })),
});
const binarySchema = z.object({
  resourceType: z.literal("Binary"),
  contentType: z.string(),
  data: z.base64().optional(),
});
const versionSchema = z.object({ meta: z.object({ versionId: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/) }) });
type Mark = Extract<Step, { kind: "mark" }>;

/** Who names submission sets and document references: the record, as ITI-65 asks, or we, for a FHIR server that has no conditional create. */
export type DocumentIds = "theirs" | "ours";

export type FhirRecord = ReturnType<typeof createFhirRecord>;

/**
 * The hospital's FHIR server. What is written has an id of ours and is PUT, documents aside where the record names them (ITI-65): every call
 * may be repeated.
 */
export function createFhirRecord(
  http: RecordHttp,
  documentIds: DocumentIds = "theirs",
  /** Where audit events go: with what they tell of, or into an audit repository. */
  auditHttp: RecordHttp = http,
) {
  const homeOf = (resourceType: string): RecordHttp => (resourceType === "AuditEvent" ? auditHttp : http);

  /**
   * Writes all or nothing, in each of the two places. `bytesOf` gives the content of a Binary by the name of its blob. What is done is
   * written before what tells of it: when this ends in between, both are written again and change nothing.
   */
  async function write(
    writes: readonly Write[],
    names: Names,
    bytesOf: (blob: string) => Promise<Uint8Array>,
  ): Promise<void> {
    for (const home of new Set([http, auditHttp])) {
      const its = writes.filter(({ resource }) => homeOf(resource.resourceType) === home);
      if (its.length > 0) await transact(home, its, names, bytesOf);
    }
  }

  async function transact(
    home: RecordHttp,
    writes: readonly Write[],
    names: Names,
    bytesOf: (blob: string) => Promise<Uint8Array>,
  ): Promise<void> {
    const entry: Json[] = [];
    for (const { resource, blob } of writes) {
      const data = blob === undefined ? {} : { data: Buffer.from(await bytesOf(blob)).toString("base64") };
      const path = `${resource.resourceType}/${resource.id}`;
      entry.push({
        fullUrl: new URL(path, home.base).href,
        resource: { ...withNames(resource, names), ...data },
        request: { method: "PUT", url: path },
      });
    }
    const bundle: Json = { resourceType: "Bundle", type: "transaction", entry };
    const answer = await home.request({
      method: "POST",
      path: "",
      accept: fhirJson,
      contentType: fhirJson,
      body: JSON.stringify(bundle),
      timeoutMs: 60_000,
    });
    const body = readResource(answer.bytes);
    if (answer.status !== 200) throw faultOf(answer.status, body !== undefined);
    // A 200 with an OperationOutcome, or a login page, is not a transaction that was done.
    const done = bundleSchema.safeParse(body);
    if (!done.success || done.data.entry.length !== writes.length) throw new RecordFault("down", 200);
    if (done.data.entry.some((each) => !/^20[01]/.test(each.response.status)))
      throw new RecordFault("down", 200);
  }

  /** Documents by ITI-65; gives what the record calls them. */
  async function provide(
    step: Extract<Step, { kind: "documents" }>,
    names: Names,
    bytesOf: (blob: string) => Promise<Uint8Array>,
  ): Promise<Names> {
    // Its own documents may be known already, when this is done again: they are named here and nowhere else.
    const its = new Set(step.writes.map(({ resource }) => `${resource.resourceType}/${resource.id}`));
    const others: Names = new Map([...names].filter(([ours]) => !its.has(ours)));
    const writes = step.writes.map(({ resource, blob, patches }) => ({
      resource: withNames(resource, others),
      blob,
      ...(patches === undefined ? {} : { patches: checked(named(others, patches)) }),
    }));
    if (documentIds === "theirs") return provideDocuments(http, writes, step.profile, bytesOf);
    const isOurs = ({ patches }: Write) => patches === undefined;
    await write(writes.filter(isOurs), noNames, bytesOf);
    for (const { patches } of writes)
      if (patches !== undefined) await change(patches, { status: "superseded" });
    return noNames;
  }

  /** What the record calls the documents of a step that it has taken already; undefined when it has not. */
  async function provided(step: Extract<Step, { kind: "documents" }>): Promise<Names | undefined> {
    if (documentIds === "theirs") return findSubmission(http, step.writes);
    const found = await Promise.all(
      step.writes
        .filter(({ patches }) => patches === undefined)
        .map(({ resource }) => read(`${resource.resourceType}/${resource.id}`)),
    );
    return found.includes(undefined) ? undefined : noNames;
  }

  /** One resource by its id; undefined when the server itself says that there is none. */
  async function read(reference: string): Promise<z.infer<typeof resourceSchema> | undefined> {
    const home = homeOf(reference.split("/")[0] ?? "");
    const answer = await home.request({ method: "GET", path: checked(reference), accept: fhirJson });
    const body = readResource(answer.bytes);
    if ((answer.status === 404 || answer.status === 410) && body?.resourceType === "OperationOutcome")
      return undefined;
    if (answer.status !== 200) throw faultOf(answer.status, false);
    if (body === undefined || body.resourceType !== reference.split("/")[0])
      throw new RecordFault("down", 200);
    return body;
  }

  async function readBinary(reference: string) {
    const found = await read(reference);
    if (found === undefined) return undefined;
    const binary = binarySchema.safeParse(found);
    if (!binary.success) throw new RecordFault("down", 200);
    return {
      contentType: binary.data.contentType,
      bytes: new Uint8Array(Buffer.from(binary.data.data ?? "", "base64")),
    };
  }

  /**
   * Whether the record holds what was written: each member as it was sent (the server may add its own), so the subject too, and
   * the same bytes. `missing` may be a write that is not there yet; `differs` never mends itself.
   */
  async function readBack(
    write: Write,
    names: Names,
    bytesOf: (blob: string) => Promise<Uint8Array>,
  ): Promise<"same" | "missing" | "differs"> {
    if (write.patches !== undefined) {
      const patched = await read(named(names, write.patches));
      return patched !== undefined && Reflect.get(patched, "status") === "superseded" ? "same" : "missing";
    }
    const reference = named(names, `${write.resource.resourceType}/${write.resource.id}`);
    if (write.blob !== undefined) {
      const stored = await readBinary(reference);
      if (stored === undefined) return "missing";
      const same = sha256Hex(stored.bytes) === sha256Hex(await bytesOf(write.blob));
      return same && stored.contentType === write.resource.contentType ? "same" : "differs";
    }
    const stored = await read(reference);
    if (stored === undefined) return "missing";
    const { id: _ours, ...members } = withNames(write.resource, names);
    if (documentIds === "theirs" && isNamedByRecord(write)) {
      const { date, ...others } = members;
      return covers(stored, others, "") && isNotAfter(stored.date, date) ? "same" : "differs";
    }
    return covers(stored, members, "") ? "same" : "differs";
  }

  /**
   * Changes some members of what is there already and leaves all else of it as the record has it. Others may write there too: a change between
   * the reading and the writing is a conflict, which is tried again.
   */
  async function change(reference: string, members: { readonly [member: string]: Json }): Promise<void> {
    const found = await read(reference);
    if (found === undefined || covers(found, members, "")) return;
    const version = versionSchema.safeParse(found).data?.meta.versionId;
    const answer = await http.request({
      method: "PUT",
      path: checked(reference),
      accept: fhirJson,
      contentType: fhirJson,
      body: JSON.stringify({ ...found, ...members }),
      ...(version === undefined ? {} : { ifMatch: `W/"${version}"` }),
    });
    if (answer.status !== 200 && answer.status !== 201)
      throw faultOf(answer.status, readResource(answer.bytes) !== undefined);
  }

  /** Gives documents other security labels. */
  async function mark({ references, labels }: Mark, names: Names): Promise<void> {
    for (const reference of references) await change(named(names, reference), { securityLabel: labels });
  }

  /** What is gone already needs no word. */
  async function retract(references: readonly string[], names: Names): Promise<void> {
    for (const reference of references) await change(named(names, reference), { status: "entered-in-error" });
  }

  async function isRetracted(references: readonly string[], names: Names): Promise<boolean> {
    const found = await Promise.all(references.map((reference) => read(named(names, reference))));
    return found.every((each) => each === undefined || covers(each, { status: "entered-in-error" }, ""));
  }

  async function isMarked({ references, labels }: Mark, names: Names): Promise<boolean> {
    const found = await Promise.all(references.map((reference) => read(named(names, reference))));
    return found.every((each) => each !== undefined && covers(each, { securityLabel: labels }, ""));
  }

  async function isUp(): Promise<boolean> {
    try {
      const answers = await Promise.all(
        [...new Set([http, auditHttp])].map((home) =>
          home.request({
            method: "GET",
            path: `${home === http ? "Patient" : "AuditEvent"}?_summary=count`,
            accept: fhirJson,
            timeoutMs: 4000,
          }),
        ),
      );
      return answers.every(
        ({ status, bytes }) => status === 200 && readResource(bytes)?.resourceType === "Bundle",
      );
    } catch {
      return false;
    }
  }

  return { write, provide, provided, read, readBinary, readBack, mark, isMarked, retract, isRetracted, isUp };
}

/** A reference is a type and an id of FHIR's own alphabet, so that it cannot add a path or a query. */
function checked(reference: string): string {
  if (!/^[A-Z][A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/.test(reference) || /\/\.+$/.test(reference))
    throw new Error("Not a reference to one resource");
  return reference;
}

function readResource(bytes: Uint8Array): z.infer<typeof resourceSchema> | undefined {
  try {
    const parsed = resourceSchema.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** A document that had been provided already, which nobody here remembers, says so of an earlier time. */
const isNotAfter = (stored: unknown, sent: unknown): boolean =>
  typeof stored === "string" && typeof sent === "string" && Date.parse(stored) <= Date.parse(sent);

/** Whether `stored` says everything that `sent` says. `meta` is the server's. */
export function covers(stored: unknown, sent: Json | undefined, member: string): boolean {
  if (sent === undefined || member === "meta") return true;
  if (sent === null || typeof sent !== "object") return stored === sent || sameInstant(stored, sent);
  if (typeof stored !== "object" || stored === null) return false;
  if (Array.isArray(sent))
    return (
      Array.isArray(stored) &&
      stored.length === sent.length &&
      sent.every((item, index) => covers(stored[index], item, ""))
    );
  return Object.entries(sent).every(([key, value]) => covers(Reflect.get(stored, key), value, key));
}

/** A server may write the same instant in another way (its zone, its milliseconds). */
function sameInstant(stored: unknown, sent: Json): boolean {
  if (typeof stored !== "string" || typeof sent !== "string" || !/^\d{4}-\d\d-\d\dT/.test(sent)) return false;
  return Date.parse(stored) === Date.parse(sent);
}
