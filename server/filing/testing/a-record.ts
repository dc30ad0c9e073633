import { z } from "zod";
import type { Patient } from "#protocol/patient.ts";
import { multipartParts } from "../record/multipart.ts";

/**
 * A small FHIR server and archive as one `fetch`, for tests that need faults at will: it takes transactions whole or not at all, with
 * conditional creates and references inside them, counts what was really written, and can be told to misbehave. The real ones are used in the end-to-end tests.
 */

export type Misbehaviour =
  | "none"
  | "refuse-connection"
  | "timeout-after-commit"
  | "redirect"
  | "login-page"
  | "outcome-with-200"
  | "cut-body"
  | { readonly status: number; readonly spoken?: boolean };

const storedSchema = z.looseObject({ resourceType: z.string(), id: z.string() });
const bundleSchema = z.object({
  entry: z.array(
    z.union([
      z.object({
        resource: storedSchema,
        request: z.object({ method: z.literal("PUT"), url: z.string() }),
      }),
      z.object({
        fullUrl: z.string(),
        resource: z.looseObject({ resourceType: z.literal("Parameters") }),
        request: z.object({ method: z.literal("PATCH"), url: z.string() }),
      }),
      z.object({
        fullUrl: z.string(),
        resource: z.looseObject({ resourceType: z.string() }),
        request: z.object({ method: z.literal("POST"), url: z.string(), ifNoneExist: z.string().optional() }),
      }),
    ]),
  ),
});

type Instance = {
  readonly patientId: string;
  readonly jpeg: Uint8Array;
  /** The object as it was sent. */
  readonly file?: Uint8Array;
  /** Of a rejection note: what it rejects. */
  readonly rejects?: readonly string[];
};
type Stored = { readonly resourceType: string; readonly id: string; readonly [member: string]: unknown };

export function aRecord() {
  const resources = new Map<string, Stored>();
  const versions = new Map<string, number>();
  const instances = new Map<string, Instance>();
  const requests: string[] = [];
  const bodies: string[] = [];
  /** What the next writes do, one each; then all goes well. */
  let writesDo: Misbehaviour[] = [];
  let readsDo: Misbehaviour[] = [];
  let archiveDown = false;
  let searchesIgnored = false;
  let created = 0;
  let alter: (stored: Stored) => Stored | undefined = (stored) => stored;

  const outcome = (status: number) =>
    json(status, { resourceType: "OperationOutcome", issue: [{ severity: "error" }] });

  function misbehave(how: Misbehaviour, commit: () => void): Response | undefined {
    if (how === "none") return undefined;
    if (how === "refuse-connection" || how === "redirect") throw new TypeError("fetch failed");
    if (how === "timeout-after-commit") {
      commit();
      throw new DOMException("The operation timed out", "TimeoutError");
    }
    if (how === "login-page")
      return new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } });
    if (how === "outcome-with-200") return outcome(200);
    if (how === "cut-body") {
      commit();
      return new Response('{"resourceType":"Bundle","type":"transaction-resp', { status: 200 });
    }
    return how.spoken === false ? new Response("no", { status: how.status }) : outcome(how.status);
  }

  function transact(body: string): Response {
    const bundle = bundleSchema.parse(JSON.parse(body));
    const commit = () => carryOut(bundle);
    const bad = misbehave(writesDo.shift() ?? "none", commit);
    if (bad !== undefined) return bad;
    return json(200, { resourceType: "Bundle", type: "transaction-response", entry: commit() });
  }

  /** What is POSTed gets a name of the record's own, unless it is there already; references inside the bundle follow. */
  function carryOut({ entry }: z.infer<typeof bundleSchema>) {
    const names = new Map<string, string>();
    const places = entry.map((each) => {
      if (each.request.method === "PATCH") return { key: each.request.url, isThere: true, each };
      if (!("fullUrl" in each))
        return { key: `${each.resource.resourceType}/${each.resource.id}`, isThere: false, each };
      const known = withIdentifier(
        each.request.url,
        /^identifier=.*\|(.*)$/.exec(each.request.ifNoneExist ?? "")?.[1],
      )[0];
      created += known === undefined ? 1 : 0;
      const key = `${each.request.url}/${known?.id ?? `r${created}`}`;
      names.set(each.fullUrl, key);
      return { key, isThere: known !== undefined, each };
    });
    return places.map(({ key, isThere, each }) => {
      if (each.request.method === "PATCH") {
        const patched = resources.get(key);
        // The one patch that there is.
        if (patched !== undefined) put({ ...patched, status: "superseded" });
        return { response: { status: "200 OK", location: `${key}/_history/2` } };
      }
      const text = [...names].reduce(
        (all, [from, to]) => all.replaceAll(`"${from}"`, `"${to}"`),
        JSON.stringify(each.resource),
      );
      if (!isThere) put(storedSchema.parse({ ...JSON.parse(text), id: key.split("/")[1] }));
      return { response: { status: isThere ? "200 OK" : "201 Created", location: `${key}/_history/1` } };
    });
  }

  const identifiersOf = (stored: Stored): unknown[] =>
    [stored.masterIdentifier, stored.identifier].flat().map((each) => Reflect.get(Object(each), "value"));
  const withIdentifier = (type: string, value: string | undefined): Stored[] =>
    value === undefined
      ? []
      : [...resources.values()].filter(
          (each) => each.resourceType === type && identifiersOf(each).includes(value),
        );

  function search(url: URL): Response {
    const bad = misbehave(readsDo.shift() ?? "none", () => undefined);
    if (bad !== undefined) return bad;
    const type = url.pathname.replace("/fhir/", "");
    const value = url.searchParams.get("identifier")?.split("|")[1];
    const found = searchesIgnored ? [...resources.values()] : withIdentifier(type, value);
    const entry = found.map((resource) => ({ resource }));
    return json(200, { resourceType: "Bundle", type: "searchset", entry });
  }

  function put(resource: Stored): void {
    const key = `${resource.resourceType}/${resource.id}`;
    const stored = alter(resource);
    if (stored === undefined) return;
    if (JSON.stringify(resources.get(key)) !== JSON.stringify(stored))
      versions.set(key, (versions.get(key) ?? 0) + 1);
    resources.set(key, stored);
  }

  /** One resource, if it is still the version that was read. */
  function replace(key: string, init: RequestInit): Response {
    const meant = new Headers(init.headers).get("if-match");
    if (meant !== `W/"${versions.get(key)}"`) return outcome(412);
    const sent = storedSchema.parse(JSON.parse(String(init.body)));
    const bad = misbehave(writesDo.shift() ?? "none", () => put(sent));
    if (bad !== undefined) return bad;
    put(sent);
    return json(200, sent);
  }

  function readOne(key: string): Response {
    const bad = misbehave(readsDo.shift() ?? "none", () => undefined);
    if (bad !== undefined) return bad;
    const found = resources.get(key);
    if (found === undefined) return outcome(404);
    return json(200, { ...found, meta: { versionId: String(versions.get(key)) } });
  }

  function archive(url: URL, init: RequestInit | undefined): Response {
    if (archiveDown) throw new TypeError("fetch failed");
    if (init?.method === "POST") return stow(init, instances);
    const uid = /instances\/([\d.]+)/.exec(url.pathname)?.[1] ?? "";
    const found = instances.get(uid);
    if (found === undefined) return json(404, {});
    if (found.rejects !== undefined)
      return json(200, [
        {
          "00100020": { vr: "LO", Value: [found.patientId] },
          "0040A730": {
            vr: "SQ",
            Value: found.rejects.map((each) => ({
              "00081199": { vr: "SQ", Value: [{ "00081155": { vr: "UI", Value: [each] } }] },
            })),
          },
        },
      ]);
    if (url.pathname.endsWith("/metadata"))
      return json(200, [{ "00100020": { vr: "LO", Value: [found.patientId] } }]);
    const [type, bytes] = url.pathname.endsWith("/frames/1")
      ? ["image/jpeg", found.jpeg]
      : ["application/dicom", found.file ?? new Uint8Array()];
    const body = Buffer.concat([
      Buffer.from(`--X\r\nContent-Type: ${type}\r\n\r\n`),
      bytes,
      Buffer.from("\r\n--X--\r\n"),
    ]);
    return new Response(new Uint8Array(body), {
      headers: { "content-type": `multipart/related; type="${type}"; boundary=X` },
    });
  }

  /** PDQm by POST: an identifier, or everybody where searches are ignored. */
  function searchPatients(form: URLSearchParams): Response {
    const bad = misbehave(readsDo.shift() ?? "none", () => undefined);
    if (bad !== undefined) return bad;
    const value = form.get("identifier")?.split("|").at(-1);
    const patients = [...resources.values()].filter(({ resourceType }) => resourceType === "Patient");
    const found = searchesIgnored ? patients : withIdentifier("Patient", value);
    const entry = found.map((resource) => ({ resource, search: { mode: "match" } }));
    return json(200, { resourceType: "Bundle", type: "searchset", entry });
  }

  const fetcher: typeof fetch = async (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    requests.push(`${init?.method ?? "GET"} ${url.pathname}`);
    if (url.pathname.startsWith("/dicom-web")) return archive(url, init);
    if (url.pathname === "/fhir/Patient/_search")
      return searchPatients(new URLSearchParams(String(init?.body)));
    if (url.pathname === "/fhir/Patient/$ihe-pix") return outcome(404);
    if (init?.method === "POST") {
      bodies.push(String(init.body));
      return transact(String(init.body));
    }
    if (init?.method === "PUT") return replace(url.pathname.replace("/fhir/", ""), init);
    if (url.search === "?_summary=count") {
      const bad = misbehave(writesDo[0] ?? "none", () => undefined);
      return bad ?? json(200, { resourceType: "Bundle", type: "searchset" });
    }
    if (url.searchParams.has("identifier")) return search(url);
    return readOne(url.pathname.replace("/fhir/", ""));
  };

  return {
    fetcher,
    resources,
    versions,
    instances,
    /** What each rejection note rejects. */
    rejections: () =>
      [...instances.values()].flatMap(({ rejects }) => (rejects === undefined ? [] : [rejects])),
    requests,
    bodies,
    put,
    nextWrites: (...how: Misbehaviour[]) => {
      writesDo = how;
    },
    nextReads: (...how: Misbehaviour[]) => {
      readsDo = how;
    },
    setArchiveDown: (down: boolean) => {
      archiveDown = down;
    },
    /** Answers each search with all that it has, as servers do that do not know a parameter. */
    ignoreSearches: () => {
      searchesIgnored = true;
    },
    /** Stores something else than it was sent; undefined stores nothing. */
    setAlter: (change: typeof alter) => {
      alter = change;
    },
    /** A document by what we call it, whatever the record calls it. */
    documentOf: (ours: string) => withIdentifier("DocumentReference", `urn:uuid:${ours}`)[0],
    ofType: (resourceType: string) =>
      [...resources.values()].filter((each) => each.resourceType === resourceType),
  };
}

/** A patient as a record has one. */
export const patientResource = (patient: Patient) => ({
  resourceType: "Patient",
  id: patient.recordId,
  active: true,
  identifier: [
    ...(patient.ins === undefined ? [] : [{ use: "official", ...patient.ins }]),
    ...(patient.hospitalNumber === undefined
      ? []
      : [
          {
            use: "usual",
            type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "PI" }] },
            value: patient.hospitalNumber,
          },
        ]),
  ],
  name: [{ family: patient.family, given: [patient.given] }],
  ...(patient.birthDate === undefined ? {} : { birthDate: patient.birthDate }),
});

function stow(init: RequestInit, instances: Map<string, Instance>): Response {
  const type = new Headers(init.headers).get("content-type") ?? "";
  const bytes = init.body instanceof Uint8Array ? init.body : new Uint8Array();
  const [file] = multipartParts(bytes, type);
  if (file === undefined) return json(415, {});
  const buffer = Buffer.from(file);
  // Enough of a reader for what we write: explicit little endian, the tags by their bytes.
  const text = (tag: string) => {
    const at = buffer.indexOf(Buffer.from(tag, "hex"));
    const length = buffer.readUInt16LE(at + 6);
    return buffer
      .toString("latin1", at + 8, at + 8 + length)
      .replaceAll("\0", "")
      .trim();
  };
  const uid = text("080018005549");
  if (text("080016005549") === keyObjectClass) {
    instances.set(uid, { patientId: text("100020004c4f"), jpeg: new Uint8Array(), rejects: allOf(buffer) });
    return json(200, { "00081199": { vr: "SQ", Value: [{}] }, "00081198": { vr: "SQ" } });
  }
  const start = buffer.indexOf(Buffer.from("ffd8", "hex"), buffer.indexOf(Buffer.from("e07f1000", "hex")));
  const end = buffer.length - 8;
  instances.set(uid, { patientId: text("100020004c4f"), jpeg: buffer.subarray(start, end), file: buffer });
  return json(200, { "00081199": { vr: "SQ", Value: [{}] }, "00081198": { vr: "SQ" } });
}

const keyObjectClass = "1.2.840.10008.5.1.4.1.1.88.59";

/** The objects that a note points to from its content (0008,1155), each once. */
function allOf(buffer: Buffer): string[] {
  const tag = Buffer.from("080055115549", "hex");
  const found: string[] = [];
  for (let at = buffer.indexOf(tag); at >= 0; at = buffer.indexOf(tag, at + 1)) {
    const length = buffer.readUInt16LE(at + 6);
    found.push(
      buffer
        .toString("latin1", at + 8, at + 8 + length)
        .replaceAll("\0", "")
        .trim(),
    );
  }
  return [...new Set(found)];
}

const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/fhir+json" } });
