import { describe, expect, test } from "vitest";
import type { Patient } from "#protocol/patient.ts";
import { delattre } from "../testing/a-case.ts";
import { patientResource } from "../testing/a-record.ts";
import { createRecordHttp, RecordFault } from "./http.ts";
import { createPatientLookup, type PatientLookup } from "./patient-lookup.ts";

const hers = patientResource(delattre);
type Stored = { readonly id: string; readonly [member: string]: unknown };
type Given = {
  readonly patients?: readonly Stored[];
  /** How the record answers a search and `$ihe-pix`. */
  readonly search?: (form: URLSearchParams, strict: boolean) => Response;
  readonly pix?: (body: string) => Response;
};

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const refusal = (status: number) => json(status, { resourceType: "OperationOutcome", issue: [] });
const bundle = (patients: readonly Stored[], more: object = {}) =>
  json(200, {
    resourceType: "Bundle",
    type: "searchset",
    entry: patients.map((resource) => ({ resource, search: { mode: "match" } })),
    ...more,
  });
const pixAnswer = (...references: string[]) =>
  json(200, {
    resourceType: "Parameters",
    parameter: references.map((reference) => ({ name: "targetId", valueReference: { reference } })),
  });

/** A record that knows these patients, and every address that it was asked at. */
function aRecordOf({ patients = [hers], search, pix }: Given) {
  const addresses: string[] = [];
  const bearing = (token: string) =>
    patients.filter((each) => JSON.stringify(each).includes(`"${token.split("|").at(-1)}"`));
  const fetcher: typeof fetch = async (input, init) => {
    const { pathname, href } = new URL(String(input));
    addresses.push(`${init?.method} ${href}`);
    const body = String(init?.body ?? "");
    const strict = new Headers(init?.headers).get("prefer") === "handling=strict";
    if (pathname.endsWith("/$ihe-pix")) return pix?.(body) ?? refusal(404);
    if (pathname.endsWith("/_search")) {
      const form = new URLSearchParams(body);
      return search?.(form, strict) ?? bundle(bearing(form.get("identifier") ?? ""));
    }
    const found = patients.find(({ id }) => pathname === `/fhir/Patient/${id}`);
    return found === undefined ? refusal(404) : json(200, found);
  };
  const http = createRecordHttp("http://record.test/fhir", fetcher);
  return {
    addresses,
    problemWith: (meant: Patient, how: PatientLookup = "pdqm") =>
      createPatientLookup(http, how).problemWith(meant),
  };
}
const problem = (given: Given, meant: Patient = delattre, how: PatientLookup = "pdqm") =>
  aRecordOf(given).problemWith(meant, how);
const twin = { ...hers, id: "twin" };

describe("the patient that was meant", () => {
  test.each(["pdqm", "pixm", "by-id"] as const)("is found by %s when there is just one", async (how) => {
    expect(await problem({}, delattre, how)).toBeUndefined();
    expect(await problem({ pix: () => pixAnswer("Patient/delattre") }, delattre, how)).toBeUndefined();
  });

  test.each([
    ["patient-not-found", []],
    ["patient-inactive", [{ ...hers, active: false }]],
    ["patient-merged", [{ ...hers, active: false, link: [{ type: "replaced-by" }] }]],
    ["patient-differs", [{ ...hers, birthDate: "1959-03-15" }]],
    ["patient-differs", [{ ...hers, name: [{ family: "DELATTRES" }] }]],
    ["patient-differs", [{ ...hers, identifier: [] }]],
  ] as const)("%s is told as that, however it is looked for", async (expected, patients) => {
    for (const how of ["pdqm", "pixm", "by-id"] as const)
      expect(await problem({ patients }, delattre, how)).toBe(expected);
  });

  test("is another when the record answers with whom somebody was merged into", async () => {
    const record = aRecordOf({ patients: [{ ...hers, id: "delattre" }] });
    expect(await record.problemWith({ ...delattre, recordId: "delattre" })).toBeUndefined();
    const redirecting: typeof fetch = async () => json(200, { ...hers, id: "survivor" });
    const http = createRecordHttp("http://record.test/fhir", redirecting);
    expect(await createPatientLookup(http, "by-id").problemWith(delattre)).toBe("patient-differs");
  });

  test("has the INS as an INS: as a social security number under the same OID, as an old one or of another system it is none", async () => {
    const { ins } = delattre;
    for (const change of [
      { type: { coding: [{ code: "NH" }] } },
      { use: "old" },
      { system: "urn:oid:1.2.250.1.213.1.4.10" },
    ])
      expect(await problem({ patients: [{ ...hers, identifier: [{ ...ins, ...change }] }] })).toBe(
        "patient-differs",
      );
    const typed = { ...ins, type: { coding: [{ code: "INS-NIR-DEMO" }] } };
    expect(await problem({ patients: [{ ...hers, identifier: [typed] }] })).toBeUndefined();
  });
});

describe("somebody else with the same identifier", () => {
  test.each(["pdqm", "pixm"] as const)("in use, is told by %s", async (how) => {
    const pix = () => pixAnswer("Patient/delattre", "http://record.test/fhir/Patient/twin");
    expect(await problem({ patients: [hers, twin], pix }, delattre, how)).toBe("patient-matches-twice");
  });

  test.each([
    ["merged into her", { ...twin, link: [{ type: "replaced-by" }] }],
    ["no longer in use", { ...twin, active: false }],
  ])("%s, is not in the way", async (_what, other) => {
    expect(await problem({ patients: [hers, other] })).toBeUndefined();
    const pix = () => pixAnswer("Patient/delattre", "Patient/twin");
    expect(await problem({ patients: [hers, other], pix }, delattre, "pixm")).toBeUndefined();
  });

  test("in another domain of the cross-reference, with another number, is no second one", async () => {
    const abroad = { ...hers, id: "abroad", identifier: [{ system: "urn:oid:1.2.3", value: "5" }] };
    const pix = () => pixAnswer("Patient/delattre", "Patient/abroad");
    expect(await problem({ patients: [hers, abroad], pix }, delattre, "pixm")).toBeUndefined();
  });

  test("is looked for by the hospital's own number where the identity is provisional", async () => {
    const { ins: _none, ...rest } = delattre;
    const provisional: Patient = { ...rest, identity: "provisional" };
    const own = patientResource(provisional);
    expect(await problem({ patients: [own] }, provisional)).toBeUndefined();
    expect(await problem({ patients: [own, { ...own, id: "twin" }] }, provisional)).toBe(
      "patient-matches-twice",
    );
  });

  test("cannot be looked for without any identifier: then the record's own entry is all there is", async () => {
    const { ins: _ins, hospitalNumber: _number, ...rest } = delattre;
    const unknown: Patient = { ...rest, identity: "provisional" };
    const record = aRecordOf({ patients: [patientResource(unknown)] });
    expect(await record.problemWith(unknown)).toBeUndefined();
    expect(record.addresses).toHaveLength(1);
  });
});

describe("a record that cannot be asked", () => {
  const somebody = { ...hers, id: "other", identifier: [{ system: "urn:x", value: "1" }] };
  test.each([
    ["answers with everybody", () => bundle([hers, somebody])],
    [
      "answers with everybody but says that there is more",
      () => bundle([hers], { link: [{ relation: "next" }] }),
    ],
    ["answers with something that is nobody", () => bundle([hers, { id: "x", resourceType: "Group" }])],
    ["says that it does not know the parameter", () => refusal(400)],
    ["has no search by POST", () => refusal(405)],
  ])("because it %s is told so: a second patient would not be seen", async (_what, search) => {
    expect(await problem({ search })).toBe("patient-lookup-unusable");
    expect(await problem({ search }, delattre, "pixm")).toBe("patient-lookup-unusable");
    // Its administrator may say that the record's own id has to do.
    expect(await problem({ search }, delattre, "by-id")).toBeUndefined();
  });

  test("is asked to refuse what it does not know, and its warning about it is not a patient", async () => {
    const search = (_form: URLSearchParams, strict: boolean) => {
      const warning = { resource: { resourceType: "OperationOutcome" }, search: { mode: "outcome" } };
      const entry = [{ resource: hers, search: { mode: "match" } }, warning];
      return strict ? json(200, { resourceType: "Bundle", entry }) : refusal(500);
    };
    expect(await problem({ search })).toBeUndefined();
  });

  test.each([
    ["503", () => refusal(503)],
    ["401", () => refusal(401)],
    ["a proxy's 404", () => new Response("<html>", { status: 404 })],
    ["a login page", () => new Response("<html>", { status: 200 })],
  ])("just now (%s) is down: it is asked again, and nobody is bothered", async (_what, search) => {
    const fault = await problem({ search }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(RecordFault);
    expect(fault).toMatchObject({ what: "down" });
    const pix = search;
    if (_what !== "a proxy's 404" && _what !== "a login page")
      await expect(problem({ pix }, delattre, "pixm")).rejects.toThrow(RecordFault);
  });

  test.each([404, 400, 405, 501])("for cross-references (%i) is asked by PDQm instead", async (status) => {
    const record = aRecordOf({ patients: [hers, twin], pix: () => refusal(status) });
    expect(await record.problemWith(delattre, "pixm")).toBe("patient-matches-twice");
    expect(record.addresses.slice(1)).toEqual([
      "POST http://record.test/fhir/Patient/$ihe-pix",
      "POST http://record.test/fhir/Patient/_search",
    ]);
  });
});

describe("what a log of addresses sees", () => {
  test("is an id of the record, and no trait or identifier of the patient", async () => {
    for (const how of ["pdqm", "pixm", "by-id"] as const) {
      const record = aRecordOf({});
      await record.problemWith(delattre, how);
      for (const address of record.addresses)
        expect(address).not.toMatch(/DELATTRE|Josiane|1959|259036|100001|\?/);
    }
  });
});
