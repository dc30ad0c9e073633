import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { sha256Hex } from "./ids.ts";
import type { Filing, FilingOptions, WorkItem } from "./index.ts";
import { aCase, aWithdrawal, delattre, leaseOn, type People, people, tinyJpeg } from "./testing/a-case.ts";
import { aFilingPlace, submitAll, until } from "./testing/a-filing.ts";
import { aRecord, patientResource } from "./testing/a-record.ts";

/**
 * Our own filing into Helios, a FHIR server that shares no code with HAPI: as it is meant to be (ITI-65, its own ids, PDQm), and without
 * search parameters, where it ignores what it is asked and answers with everybody. Nothing is switched off for it but by configuration.
 */
const given = process.env.COLLOQUE_TEST_SECOND_RECORD;
/** `npm run unit -- --second-record` starts them; without, there is nothing to file into. */
const hasServers = given !== undefined;
const servers = z
  .object({ whole: z.string(), bare: z.string() })
  .parse(given === undefined ? { whole: "", bare: "" } : JSON.parse(given));

let all: People;
let place: ReturnType<typeof aFilingPlace>;
let count = 0;
/** Of an id and an INS of its own in each test: the server keeps what it has. */
let patient: typeof delattre;
beforeAll(async () => {
  all = await people();
});
beforeEach(() => {
  count += 1;
  const value = `${Date.now()}${count}`;
  patient = { ...delattre, recordId: `p${value}`, ins: { system: delattre.ins?.system ?? "", value } };
});
afterEach(() => place.remove());

const resourceSchema = z.looseObject({ resourceType: z.string(), id: z.string() });
/** The server adds a warning about what it ignored, which is no resource of its own. */
const bundleSchema = z
  .object({ entry: z.array(z.object({ resource: z.unknown() })).default([]) })
  .transform(({ entry }) => entry.flatMap(({ resource }) => resourceSchema.safeParse(resource).data ?? []));

function recordAt(url: string) {
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}/${path}`)).json();
  return {
    put: async (resource: { resourceType: string; id: string }) => {
      const answer = await fetch(`${url}/${resource.resourceType}/${resource.id}`, {
        method: "PUT",
        headers: { "content-type": "application/fhir+json" },
        body: JSON.stringify(resource),
      });
      expect([200, 201]).toContain(answer.status);
    },
    read: async (reference: string) => resourceSchema.parse(await get(reference)),
    /** All of a type that speak of this patient, by our own reading: no search parameter is relied on. */
    of: async (type: string): Promise<z.infer<typeof resourceSchema>[]> => {
      const found = bundleSchema.parse(await get(`${type}?_count=1000`));
      return found.filter(
        (each) =>
          each.resourceType === type && JSON.stringify(each).includes(`"Patient/${patient.recordId}"`),
      );
    },
    search: async (form: URLSearchParams) =>
      bundleSchema.parse(
        await (await fetch(`${url}/Patient/_search`, { method: "POST", body: form })).json(),
      ),
  };
}

/** Stands for the hospital's audit repository: Helios writes its own audit, and lets nobody else write into it. */
let audit: ReturnType<typeof aRecord>;
const auditUrl = "http://audit.test/fhir";

const filingInto = (fhirUrl: string, config: Partial<FilingOptions["config"]> = {}) => {
  audit = aRecord();
  place = aFilingPlace(all, aRecord(), false, "contained", undefined, { fhirUrl, auditUrl, ...config });
  return place.open((input, init) =>
    String(input).startsWith(auditUrl) ? audit.fetcher(input, init) : fetch(input, init),
  );
};
const allFiled = (items: readonly WorkItem[]) => () =>
  items.every((item) => place.words().get(item.eventId)?.state === "filed");

const types = [
  "ServiceRequest",
  "Task",
  "DiagnosticReport",
  "Communication",
  "DocumentReference",
  "List",
  "Consent",
];

/** What a whole case is in the record, and that it is what was filed. */
async function expectWholeCase(url: string, filing: Filing, roomId: string, opinion: string): Promise<void> {
  const record = recordAt(url);
  const found = Object.fromEntries(
    await Promise.all(types.map(async (type) => [type, await record.of(type)])),
  );
  expect(Object.fromEntries(types.map((type) => [type, found[type]?.length]))).toMatchObject({
    ServiceRequest: 1,
    Task: 1,
    DiagnosticReport: 1,
    Communication: 1,
    DocumentReference: 5,
  });
  expect(await record.of("AuditEvent")).toEqual([]);
  expect(audit.ofType("AuditEvent").length).toBeGreaterThan(5);
  expect([...audit.resources.values()].every(({ resourceType }) => resourceType === "AuditEvent")).toBe(true);
  expect(found.ServiceRequest).toMatchObject([{ status: "completed" }]);
  expect(found.DiagnosticReport).toMatchObject([{ status: "final", conclusion: opinion }]);
  const { entries } = await filing.recordOf(roomId);
  expect(entries.length).toBeGreaterThan(5);
  for (const { reference } of entries)
    expect((await record.read(reference)).id).toBe(reference.split("/")[1]);
  const photo = entries.find(({ kind, readable }) => kind === "photo" && readable);
  const { bytes } = await filing.readEntry(roomId, photo?.id ?? "", "@leroy:valombre.example");
  expect(sha256Hex(bytes)).toBe(sha256Hex(tinyJpeg));
}

/** The versions of everything that speaks of the patient: what is written twice has a second one, or is there twice. */
async function state(url: string): Promise<string> {
  const found = await Promise.all(types.map((type) => recordAt(url).of(type)));
  return JSON.stringify(
    found
      .flat()
      .map(({ resourceType, id, meta }) => [resourceType, id, meta])
      .sort(),
  );
}

describe.skipIf(!hasServers)("a record that is not HAPI", () => {
  test("takes a whole case as IHE MHD has it, under its own names, and once", async () => {
    await recordAt(servers.whole).put(patientResource(patient));
    const { items, roomId, opinion } = await aCase(all, { patient });
    {
      await using filing = await filingInto(servers.whole);
      await submitAll(filing, items);
      await until(allFiled(items), 60_000);
      await expectWholeCase(servers.whole, filing, roomId, opinion.assessment);
    }
    const before = await state(servers.whole);
    place.remove();
    // Another filing, which knows nothing of the first: as from a backup that is older than what was filed.
    await using again = await filingInto(servers.whole);
    await submitAll(again, items);
    await until(allFiled(items), 60_000);
    expect(JSON.parse(await state(servers.whole)).length).toBe(JSON.parse(before).length);
  }, 180_000);

  test("marks the photo of a consent that was taken back, and ends its consents", async () => {
    await recordAt(servers.whole).put(patientResource(patient));
    const { items, consent, roomId, caseId } = await aCase(all, { patient });
    await using filing = await filingInto(servers.whole);
    await submitAll(filing, items);
    await until(allFiled(items), 60_000);
    place.setLeases(caseId, [await leaseOn(all, consent, "withdrawn")]);
    await filing.withdrawn(roomId, aWithdrawal(consent));
    await until(() => place.words().get(`$withdrawn-${consent.consentId}`)?.state === "filed", 60_000);
    const consents = await recordAt(servers.whole).of("Consent");
    expect(consents.filter(({ status }) => status === "inactive")).not.toEqual([]);
    const documents = await recordAt(servers.whole).of("DocumentReference");
    expect(documents.filter((each) => JSON.stringify(each.securityLabel).includes("NODSCLCDS"))).toHaveLength(
      1,
    );
  }, 180_000);

  test("that lets nobody write audit events says so, until its administrator names where they go", async () => {
    await recordAt(servers.whole).put(patientResource(patient));
    const { items } = await aCase(all, { patient });
    await using filing = await filingInto(servers.whole, { auditUrl: undefined });
    await submitAll(filing, items.slice(1, 2));
    await until(() => place.told.length > 0, 60_000);
    expect(place.told[0]?.filed.outcome).toMatchObject({ state: "parked", reason: "record-refused-405" });
    expect(await recordAt(servers.whole).of("ServiceRequest")).toEqual([]);
  }, 60_000);

  test("says who bears the same identifier twice, and nothing is filed for either", async () => {
    const record = recordAt(servers.whole);
    await record.put(patientResource(patient));
    await record.put(patientResource({ ...patient, recordId: `${patient.recordId}-twin` }));
    const { items } = await aCase(all, { patient });
    await using filing = await filingInto(servers.whole);
    await submitAll(filing, items.slice(1, 2));
    await until(() => place.told.length > 0, 60_000);
    expect(place.told[0]?.filed.outcome).toMatchObject({ state: "parked", reason: "patient-matches-twice" });
    expect(await record.of("ServiceRequest")).toEqual([]);
  }, 60_000);
});

describe.skipIf(!hasServers)("a record that ignores what it is asked, and answers with everybody", () => {
  beforeEach(async () => {
    await recordAt(servers.bare).put({ resourceType: "Patient", id: "somebody-else" });
    await recordAt(servers.bare).put(patientResource(patient));
  });

  test("is that: a search by identifier gives whom nobody asked for", async () => {
    const found = await recordAt(servers.bare).search(new URLSearchParams({ identifier: "urn:x|nobody" }));
    expect(found.map(({ id }) => id)).toContain("somebody-else");
  });

  test("is not believed: nothing is filed, and a human is told why", async () => {
    const { items } = await aCase(all, { patient });
    await using filing = await filingInto(servers.bare, { documentIds: "ours" });
    await submitAll(filing, items.slice(1, 2));
    await until(() => place.told.length > 0, 60_000);
    expect(place.told[0]?.filed.outcome).toMatchObject({
      state: "parked",
      reason: "patient-lookup-unusable",
    });
    expect(await recordAt(servers.bare).of("ServiceRequest")).toEqual([]);
  }, 60_000);

  test("takes a whole case under our ids, and once, when its administrator says so", async () => {
    const config = { documentIds: "ours", patientLookup: "by-id" } as const;
    const { items, roomId, opinion } = await aCase(all, { patient });
    {
      await using filing = await filingInto(servers.bare, config);
      await submitAll(filing, items);
      await until(allFiled(items), 60_000);
      await expectWholeCase(servers.bare, filing, roomId, opinion.assessment);
    }
    const before = await state(servers.bare);
    place.remove();
    await using again = await filingInto(servers.bare, config);
    await submitAll(again, items);
    await until(allFiled(items), 60_000);
    expect(JSON.parse(await state(servers.bare)).length).toBe(JSON.parse(before).length);
  }, 180_000);
});
