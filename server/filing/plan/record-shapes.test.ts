import { beforeAll, describe, expect, test } from "vitest";
import type { Json } from "#protocol/canonical.ts";
import { provideBundle } from "../record/provide.ts";
import {
  aGlass,
  type CaseOptions,
  martin,
  type People,
  people,
  startMs,
  tinyJpeg,
} from "../testing/a-case.ts";
import { contextOf, plansOf, resourcesOf } from "../testing/a-plan.ts";
import { balpFaults } from "../testing/balp.ts";
import { provideFaults } from "../testing/mhd.ts";
import { planFiling, type Resource } from "./index.ts";
import { refusalAudit } from "./trail.ts";
import type { DocumentFlavour, Plan } from "./types.ts";

let all: People;
beforeAll(async () => {
  all = await people();
});

const bundlesOf = (plans: readonly Plan[]): Promise<Json[]> =>
  Promise.all(
    plans.flatMap((plan) =>
      plan.steps.flatMap((step) =>
        step.kind === "documents"
          ? [
              provideBundle(
                new URL("http://record.test/fhir/"),
                step.writes,
                step.profile,
                async (name) => plan.blobs[name] ?? tinyJpeg,
              ),
            ]
          : [],
      ),
    ),
  );

const isBalp = (resource: Resource): boolean => JSON.stringify(resource.meta ?? "").includes("/ITI/BALP/");

describe("what is provided (the fast part of npm run validate)", () => {
  const cases: Record<string, CaseOptions> = {
    "a usual case": {},
    "an emergency": {
      consent: { method: "emergency", givenBy: "nobody" },
      evidence: { emergencyReason: "Inconsciente." },
    },
    "a provisional identity": {
      patient: { recordId: "p", family: "ROUSSEL", given: "Marc", sex: "unknown", identity: "provisional" },
    },
  };
  const flavours: readonly DocumentFlavour[] = ["contained", "uncontained"];
  test.each(
    Object.entries(cases).flatMap(([name, options]) =>
      flavours.map((flavour) => ({ name, options, flavour })),
    ),
  )(
    "[F36] has no fault of MHD that a validator would miss: $name, $flavour",
    async ({ options, flavour }) => {
      const change = {
        documents: flavour,
        ...(options.patient === undefined ? {} : { patient: options.patient }),
      };
      const bundles = await bundlesOf(await plansOf(all, options, change));
      expect(bundles).toHaveLength(3);
      for (const bundle of bundles) expect(provideFaults(bundle)).toEqual([]);
      const text = JSON.stringify(bundles);
      expect(text.includes('"#author"')).toBe(flavour === "contained");
      expect(text.includes("IHE.MHD.UnContained.")).toBe(flavour === "uncontained");
    },
  );

  test("[F36] a checker that finds nothing wrong with anything would prove nothing", async () => {
    const [bundle] = await bundlesOf(await plansOf(all, {}, {}, 2));
    const text = JSON.stringify(bundle);
    const broken: Record<string, string> = {
      "another hash": text.replace(/"hash":"[^"]{4}/, '"hash":"AAAA'),
      "another size": text.replace(/"size":\d+/, '"size":3'),
      "a uuid as unique id": text.replaceAll(
        /urn:oid:2\.25\.\d+/g,
        "urn:uuid:0b0e2f9b-58f5-4e77-9a0e-111111111111",
      ),
      "a unique id that is too long": text.replaceAll(
        /urn:oid:2\.25\.\d+/g,
        `urn:oid:2.25.${"1".repeat(60)}`,
      ),
      "a document by PUT": text.replace(
        '"method":"POST","url":"DocumentReference"',
        '"method":"PUT","url":"DocumentReference/1"',
      ),
      "another resource": text.replace('"resourceType":"List"', '"resourceType":"Provenance"'),
      "an author that is not there": text.replace(
        '"author":[{"reference":"#author"}]',
        '"author":[{"reference":"#nobody"}]',
      ),
      "two official identifiers": text.replace(
        '"use":"usual","type":{"coding":[{"system":"http://terminology',
        '"use":"official","type":{"coding":[{"system":"http://terminology',
      ),
      "no custodian": text.replace('"custodian"', '"keeper"'),
      "a document that is not listed": text.replace(
        /"entry":\[\{"item":\{"reference":"urn:uuid:[^"]*"\}\},/,
        '"entry":[',
      ),
    };
    for (const [what, changed] of Object.entries(broken)) {
      expect(changed, what).not.toBe(text);
      expect(provideFaults(JSON.parse(changed)), what).not.toEqual([]);
    }
  });

  test("[F36] the discussion is not typed as the opinion, and each type is of the French list", async () => {
    const types = resourcesOf(await plansOf(all))
      .filter((each) => each.resourceType === "DocumentReference")
      .map((each) => /"code":"([\d-]+)"/.exec(JSON.stringify(each.type))?.[1]);
    expect(types).toEqual(["59284-0", "59284-0", "52040-3", "85208-7", "34133-9"]);
  });
});

describe("audit events", () => {
  test("[F36] of filing, changing, a broken glass and a refusal keep every rule of BALP", async () => {
    const resources = resourcesOf(await plansOf(all)).filter(isBalp);
    expect(resources.length).toBeGreaterThan(5);
    const context = contextOf([]);
    const refusal = refusalAudit(context, "$photo", martin, {
      consent: { identifier: { value: "urn:uuid:1" } },
      reason: "withdrawn",
    });
    for (const event of [...resources, refusal]) expect(balpFaults(event)).toEqual([]);
  });

  test("[F36] a broken glass is one too", async () => {
    const { aCase } = await import("../testing/a-case.ts");
    const { items, consent } = await aCase(all);
    const glass = await aGlass(all, consent, martin);
    const context = contextOf([...items.map(({ event }) => event), glass], { nowMs: startMs });
    const events = resourcesOf([await planFiling(glass, undefined, context)]).filter(isBalp);
    expect(events).toHaveLength(1);
    for (const event of events) expect(balpFaults(event)).toEqual([]);
  });

  test("[F36] a checker of BALP that finds nothing wrong with anything would prove nothing", async () => {
    const [event] = resourcesOf(await plansOf(all, {}, {}, 1)).filter(isBalp);
    const text = JSON.stringify(event);
    const broken: Record<string, string> = {
      "no patient": text.replace('"Patient/delattre"', '"Practitioner/1"'),
      "two objects": text.replace(
        '"system":"http://hl7.org/fhir/resource-types","code":"Task"',
        '"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type","code":"2"',
      ),
      "a reader who writes": text.replace('"AUT"', '"IRCP"'),
      "no address": text.replace(',"network":{"address":"record.test","type":"1"}', ""),
      "another action": text.replace('"action":"C"', '"action":"R"'),
      "another profile": text.replace("PatientCreate", "PatientQuery"),
    };
    for (const [what, changed] of Object.entries(broken)) {
      expect(changed, what).not.toBe(text);
      expect(balpFaults(JSON.parse(changed)), what).not.toEqual([]);
    }
  });
});
