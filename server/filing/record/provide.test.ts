import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Plan, Step } from "../plan/index.ts";
import { type People, people, tinyJpeg } from "../testing/a-case.ts";
import { plansOf } from "../testing/a-plan.ts";
import { aRecord } from "../testing/a-record.ts";
import { createFhirRecord } from "./fhir.ts";
import { createRecordHttp } from "./http.ts";
import { noNames, withNames } from "./names.ts";
import { provideBundle } from "./provide.ts";

let all: People;
let plans: readonly Plan[];
let record: ReturnType<typeof aRecord>;
beforeAll(async () => {
  all = await people();
  plans = await plansOf(all);
});
beforeEach(() => {
  record = aRecord();
});

type Documents = Extract<Step, { kind: "documents" }>;

const documentSteps = (): { plan: Plan; step: Documents }[] =>
  plans.flatMap((plan) => plan.steps.flatMap((step) => (step.kind === "documents" ? [{ plan, step }] : [])));
const bytesOf = (plan: Plan) => async (name: string) => plan.blobs[name] ?? tinyJpeg;
const first = (): { plan: Plan; step: Documents } => {
  const [one] = documentSteps();
  if (one === undefined) throw new Error("A case has documents");
  return one;
};
const fhir = (ids: "theirs" | "ours" = "theirs") =>
  createFhirRecord(createRecordHttp("http://record.test/fhir", record.fetcher), ids);

const bundleSchema = z.object({
  meta: z.object({ profile: z.tuple([z.string()]) }),
  type: z.literal("transaction"),
  entry: z.array(
    z.object({
      fullUrl: z.string(),
      resource: z.looseObject({ resourceType: z.string() }),
      request: z.object({ method: z.string(), url: z.string(), ifNoneExist: z.string().optional() }),
    }),
  ),
});

describe("a Provide Document Bundle (ITI-65)", () => {
  test("[F35] holds one submission set, document references and bytes, in the closed slices' methods, and nothing else", async () => {
    expect(documentSteps()).toHaveLength(3);
    for (const { plan, step } of documentSteps()) {
      const bundle = bundleSchema.parse(
        await provideBundle(new URL("http://r.test/fhir/"), step.writes, step.profile, bytesOf(plan)),
      );
      const methods = bundle.entry.map(
        ({ resource, request }) => `${request.method} ${resource.resourceType}`,
      );
      expect(methods.filter((each) => each === "POST List")).toHaveLength(1);
      expect(new Set(methods)).toEqual(new Set(["POST List", "POST DocumentReference", "PUT Binary"]));
      expect(bundle.meta.profile).toEqual([step.profile]);
      // Every reference inside it leads to an entry of it, and no entryUUID is the name of a place in it.
      const places = bundle.entry.map(({ fullUrl }) => fullUrl);
      const text = JSON.stringify(bundle.entry.map(({ resource }) => resource));
      const pointed = [...text.matchAll(/"reference":"(urn:uuid:[^"]*)"/g)].map(([, url]) => url);
      expect(pointed.length).toBeGreaterThan(1);
      for (const url of pointed) expect(places).toContain(url);
      for (const place of places) expect(text).not.toContain(`"value":"${place}"`);
    }
  });

  test("[F35] done twice changes nothing, whoever remembers the first time", async () => {
    const { plan, step } = first();
    const names = await fhir().provide(step, noNames, bytesOf(plan));
    expect(names.size).toBe(step.writes.filter(({ blob }) => blob === undefined).length);
    const before = new Map(record.versions);
    expect(await fhir().provide(step, noNames, bytesOf(plan))).toEqual(names);
    expect(await fhir().provide(step, names, bytesOf(plan))).toEqual(names);
    expect(record.versions).toEqual(before);
    expect(await fhir().provided(step)).toEqual(names);
  });

  test("[F35] after a time-out that had been done, finds what it had provided", async () => {
    const { plan, step } = first();
    record.nextWrites("timeout-after-commit");
    await expect(fhir().provide(step, noNames, bytesOf(plan))).rejects.toThrow("down");
    const before = record.bodies.length;
    await fhir().provide(step, noNames, bytesOf(plan));
    expect(record.bodies).toHaveLength(before);
    expect(record.ofType("List")).toHaveLength(1);
  });

  test("[F35] a record that answers a search with all it has is not believed: each hit is checked", async () => {
    const [one, other] = documentSteps();
    if (one === undefined || other === undefined) throw new Error("A case has several");
    record.ignoreSearches();
    await fhir().provide(one.step, noNames, bytesOf(one.plan));
    expect(await fhir().provided(other.step)).toBeUndefined();
    await fhir().provide(other.step, noNames, bytesOf(other.plan));
    expect(record.ofType("List")).toHaveLength(2);
  });

  test("[F35] provided before and forgotten, as after a backup was restored, it is what it was; provided later, it is another's", async () => {
    const { plan, step } = first();
    const names = await fhir().provide(step, noNames, bytesOf(plan));
    const write = step.writes.find(({ resource }) => resource.resourceType === "DocumentReference");
    if (write === undefined) throw new Error("A submission has a document");
    const madeAt = (ms: number) => ({
      ...write,
      resource: { ...write.resource, date: new Date(ms).toISOString() },
    });
    const at = Date.parse(z.string().parse(write.resource.date));
    const answers = [at, at + 86_400_000, at - 1000].map((ms) =>
      fhir().readBack(madeAt(ms), names, bytesOf(plan)),
    );
    expect(await Promise.all(answers)).toEqual(["same", "same", "differs"]);
  });

  test("[F35] a document that was lost is not provided beside the set that points to it: a human looks", async () => {
    const { plan, step } = first();
    const names = await fhir().provide(step, noNames, bytesOf(plan));
    const before = record.bodies.length;
    const lost = [...names.values()].find((each) => each.startsWith("DocumentReference/")) ?? "";
    record.resources.delete(lost);
    await expect(fhir().provide(step, names, bytesOf(plan))).rejects.toThrow("differs");
    // Once the human has taken the rest out of the record, it is provided anew.
    for (const each of names.values()) record.resources.delete(each);
    const again = await fhir().provide(step, names, bytesOf(plan));
    expect([...again.values()].some((each) => [...names.values()].includes(each))).toBe(false);
    expect(record.bodies).toHaveLength(before + 1);
  });

  test('[F35] a failed search is no "not found"', async () => {
    const { plan, step } = first();
    record.nextReads({ status: 503 });
    await expect(fhir().provide(step, noNames, bytesOf(plan))).rejects.toThrow("down");
    expect(record.bodies).toHaveLength(0);
  });

  test("[F35] a record that has no conditional create gets documents under our names by PUT, and twice is once", async () => {
    const { plan, step } = first();
    expect(await fhir("ours").provided(step)).toBeUndefined();
    expect(await fhir("ours").provide(step, noNames, bytesOf(plan))).toEqual(noNames);
    await fhir("ours").provide(step, noNames, bytesOf(plan));
    expect(await fhir("ours").provided(step)).toEqual(noNames);
    expect([...record.versions.values()].every((version) => version === 1)).toBe(true);
    expect(record.requests.join()).not.toContain("identifier");
  });
});

describe("the record's names", () => {
  test("[F22] are put in references only, never in what people typed", () => {
    const names = new Map([["DocumentReference/a", "DocumentReference/7"]]);
    const resource = {
      resourceType: "Communication",
      id: "c",
      about: [{ reference: "DocumentReference/a" }, { reference: "DocumentReference/b" }],
      payload: [{ contentString: "DocumentReference/a" }],
    };
    expect(withNames(resource, names)).toEqual({
      ...resource,
      about: [{ reference: "DocumentReference/7" }, { reference: "DocumentReference/b" }],
    });
  });
});

describe("audit events", () => {
  const resource = { resourceType: "AuditEvent", id: "a" };
  const writes = [{ resource }, { resource: { resourceType: "Task", id: "t" } }];
  const places = () => {
    const audit = aRecord();
    const fetcher: typeof fetch = (input, init) =>
      (String(input).startsWith("http://audit.test/") ? audit : record).fetcher(input, init);
    const into = (url: string) => createRecordHttp(`${url}/fhir`, fetcher);
    return { audit, both: createFhirRecord(into("http://record.test"), "theirs", into("http://audit.test")) };
  };
  const noBytes = async () => tinyJpeg;

  test("[F36] go into the record, in one transaction with what they tell of", async () => {
    await fhir().write(writes, noNames, noBytes);
    expect(record.bodies).toHaveLength(1);
    expect([...record.resources.keys()].sort()).toEqual(["AuditEvent/a", "Task/t"]);
  });

  test("[F36] go into the audit repository where there is one, after what they tell of, and are read back there", async () => {
    const { audit, both } = places();
    await both.write(writes, noNames, noBytes);
    expect([...record.resources.keys()]).toEqual(["Task/t"]);
    expect([...audit.resources.keys()]).toEqual(["AuditEvent/a"]);
    expect(await both.readBack({ resource }, noNames, noBytes)).toBe("same");
    audit.resources.clear();
    expect(await both.readBack({ resource }, noNames, noBytes)).toBe("missing");
    expect(await both.isUp()).toBe(true);
  });

  test("[F36] that the repository does not take hold back the word filed; written again, all is there once", async () => {
    const { audit, both } = places();
    audit.nextWrites({ status: 503 });
    await expect(both.write(writes, noNames, noBytes)).rejects.toThrow("down");
    expect([...record.resources.keys()]).toEqual(["Task/t"]);
    await both.write(writes, noNames, noBytes);
    expect([record.versions.get("Task/t"), audit.versions.get("AuditEvent/a")]).toEqual([1, 1]);
    record.nextWrites({ status: 503 });
    await expect(both.write(writes, noNames, noBytes)).rejects.toThrow("down");
    expect(audit.bodies).toHaveLength(2);
  });
});
