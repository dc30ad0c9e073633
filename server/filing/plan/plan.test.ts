import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { sha256Hex } from "../ids.ts";
import { aCase, delattre, type People, people } from "../testing/a-case.ts";
import { contextOf, plansOf, resourcesOf } from "../testing/a-plan.ts";
import { isFileable } from "../work.ts";
import { planFiling } from "./index.ts";

vi.setConfig({ testTimeout: 20_000 });

let all: People;
beforeAll(async () => {
  all = await people();
});

function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    (key === "reference" || key === "url") && typeof member === "string" && /^[A-Z]\w+\//.test(member)
      ? [member]
      : referencesIn(member),
  );
}

const given = /^(Patient|PractitionerRole|CareTeam|Organization)\//;

describe("the plan of a case", () => {
  test("[F20] refers to nothing but what it writes before or with it, and to what the record had", async () => {
    const written = new Set<string>();
    for (const plan of await plansOf(all)) {
      for (const step of plan.steps) {
        if (!("writes" in step)) continue;
        for (const { resource } of step.writes) written.add(`${resource.resourceType}/${resource.id}`);
      }
      const ahead = referencesIn(resourcesOf([plan])).filter(
        (each) => !given.test(each) && !written.has(each),
      );
      expect(ahead).toEqual([]);
    }
  });

  test("[F20] ties photo to consent, report to request, and each document to its patient and its bytes", async () => {
    const resources = resourcesOf(await plansOf(all));
    const of = (type: string) => resources.filter((each) => each.resourceType === type);
    const photo = of("DocumentReference").find((each) => JSON.stringify(each.type).includes("52040-3"));
    const consents = of("Consent").filter((each) =>
      JSON.stringify(each).includes(`DocumentReference/${photo?.id}`),
    );
    expect(consents.some((each) => JSON.stringify(each.provision).includes('"permit"'))).toBe(true);
    expect(JSON.stringify(of("Provenance"))).toContain(`Consent/${consents[0]?.id}`);
    expect(JSON.stringify(of("DiagnosticReport")[0]?.basedOn)).toContain(String(of("ServiceRequest")[0]?.id));
    for (const document of of("DocumentReference"))
      expect(document.subject).toEqual({ reference: "Patient/delattre" });
    expect(JSON.stringify(photo?.context)).toContain("79601000");
    expect(JSON.stringify(photo?.context)).toContain("urn:ihe:iti:xds:2016:studyInstanceUID");
  });

  test("[F21] has one Consent for each group of purposes, yes or no", async () => {
    const consents = resourcesOf(await plansOf(all, {}, {}, 2)).filter(
      (each) => each.resourceType === "Consent",
    );
    const said = consents.map((each) => JSON.stringify(each.provision));
    expect(said).toHaveLength(3);
    expect(said.filter((each) => each.includes('"permit"'))).toHaveLength(2);
    expect(said.find((each) => each.includes("TRAIN"))).toContain('"deny"');
    // PCF forbids these (filing.md §0.4).
    for (const consent of consents) expect(Object.keys(consent)).not.toContain("verification");
  });

  test("[F20] without an archive has no DICOM step and no study", async () => {
    const plans = await plansOf(all, {}, { archive: false });
    expect(plans.flatMap((plan) => plan.steps).some((step) => step.kind === "dicom")).toBe(false);
    expect(JSON.stringify(resourcesOf(plans))).not.toContain("ImagingStudy");
  });

  test("[F15] is the same when it is made again", async () => {
    const { items } = await aCase(all);
    const events = items.map((item) => item.event);
    const opinion = events.at(-1);
    if (opinion === undefined || !isFileable(opinion)) throw new Error("A whole case");
    const [one, other] = await Promise.all(
      [1, 2].map(() => planFiling(opinion, undefined, contextOf(events))),
    );
    expect(JSON.stringify(one?.steps)).toBe(JSON.stringify(other?.steps));
    expect(sha256Hex(one?.blobs.letter ?? "")).toBe(sha256Hex(other?.blobs.letter ?? ""));
  });

  test("[F22] no text that people type changes where anything goes, or leaves what FHIR cannot hold", async () => {
    const plain = (await plansOf(all, {}, {}, 3)).map((plan) => plan.steps.length);
    const nasty = fc.oneof(
      fc.string({ minLength: 1, maxLength: 80, unit: "binary" }),
      fc.constantFrom(
        "../Patient/1",
        "Binary/1?_x=*",
        "\u0000",
        "\ud800",
        "<script>",
        "a\r\nHost: x",
        "\u202e",
      ),
    );
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        const question = `?${text}`.slice(0, 900);
        const patient = { ...delattre, given: text.slice(0, 100), family: `X${text}`.slice(0, 100) };
        const plans = await plansOf(all, { question, patient }, { patient }, 3);
        expect(plans.map((plan) => plan.steps.length)).toEqual(plain);
        for (const resource of resourcesOf(plans)) {
          expect(resource.id).toMatch(/^[0-9a-f-]{36}$/);
          for (const reference of referencesIn(resource))
            expect(reference).toMatch(/^[A-Z][A-Za-z]+\/[A-Za-z0-9-]+$/);
          expect(JSON.stringify(resource)).not.toMatch(/\\u(00[01]|d[89a-f])/i);
        }
      }),
      { numRuns: 60 },
    );
  });
});
