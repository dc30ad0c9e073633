import { beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "#protocol/canonical.ts";
import type { Consent } from "#protocol/consent.ts";
import { audienceOf, mayDisclose } from "#protocol/disclose.ts";
import type { Clinician } from "#protocol/people.ts";
import { sha256Hex } from "../ids.ts";
import {
  aCase,
  type CaseOptions,
  clinicians,
  leroy,
  martin,
  type People,
  people,
  startMs,
} from "../testing/a-case.ts";
import { contextOf, plansOf, resourcesOf } from "../testing/a-plan.ts";
import { pcfFaults } from "../testing/pcf.ts";
import { type Plan, planFiling, type Resource } from "./index.ts";

let all: People;
beforeAll(async () => {
  all = await people();
});

const consentsIn = (plans: readonly Plan[]) =>
  resourcesOf(plans).filter((each) => each.resourceType === "Consent");
const last = (consents: readonly Resource[]): Resource[] => [
  ...new Map(consents.map((each) => [each.id, each])).values(),
];
const text = (value: unknown): string => JSON.stringify(value);

const yes = (purpose: Consent["decisions"][number]["purpose"], project?: string) => ({
  purpose,
  granted: true,
  ...(project === undefined ? {} : { project }),
});

/** Every way in which a consent comes about, with what is said of it nowhere else. */
const ways: Record<string, CaseOptions> = {
  "signed on screen": {},
  "said before a witness": { consent: { method: "oral-witnessed" }, evidence: { witness: "Inès Roux" } },
  "not objected to": { consent: { method: "non-opposition" } },
  "an emergency": {
    consent: { method: "emergency", givenBy: "nobody" },
    evidence: { emergencyReason: "Patiente inconsciente, hémorragie." },
  },
  "by a guardian, with the patient’s own yes": {
    consent: { givenBy: "guardian", assent: "yes" },
    evidence: { representative: "Luc Petit", interpreter: "Mina Ahmadi" },
  },
  "by both parents, publication too": {
    consent: {
      givenBy: "both-parents",
      assent: "not-able",
      decisions: [
        yes("opinion"),
        yes("care-named"),
        yes("publication"),
        yes("research", "MELA-3"),
        yes("research", "MELA-4"),
      ],
    },
    evidence: { representative: "Anne Bernard", secondRepresentative: "Paul Bernard" },
  },
  "on the patient’s own phone": {
    consent: { method: "patient-phone" },
    evidence: {
      patientPhone: {
        key: { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) },
        jws: "eyJhbGciOiJFUzI1NiJ9.eyJ5ZXMiOnRydWV9.c2ln",
        answeredAt: new Date(startMs).toISOString(),
      },
    },
  },
};

describe("a filed consent", () => {
  test.each(Object.entries(ways))("[F21] keeps every rule of PCF Intermediate: %s", async (_way, options) => {
    const consents = consentsIn(await plansOf(all, options, {}, 3));
    expect(consents.length).toBeGreaterThan(2);
    for (const consent of consents) expect(pcfFaults(consent)).toEqual([]);
  });

  test("[F21] a checker of PCF that finds nothing wrong with anything would prove nothing", async () => {
    const [consent] = consentsIn(await plansOf(all, {}, {}, 2));
    if (consent === undefined) throw new Error("A case has a consent");
    const broken: Record<string, Record<string, unknown>> = {
      policy: { policy: [] },
      "policy without uri": { policy: [{}] },
      policyRule: { policyRule: { text: "opt-in" } },
      verification: { verification: [{ verified: true }] },
      source: { sourceReference: undefined },
      organization: { organization: [{ display: "CHU" }] },
      performer: { performer: [] },
      patient: { patient: undefined },
      scope: { scope: { coding: [{ system: "http://x.test/s", code: "research" }] } },
      category: { category: [] },
      action: { provision: { ...Object(consent.provision), action: [{ text: "access" }] } },
      "nested twice": {
        provision: {
          ...Object(consent.provision),
          provision: [{ type: "deny", purpose: [], provision: [{ type: "deny" }] }],
        },
      },
      meaning: {
        provision: {
          ...Object(consent.provision),
          data: [{ meaning: "dependents", reference: { reference: "Media/1" } }],
        },
      },
    };
    for (const [what, change] of Object.entries(broken))
      expect(pcfFaults({ ...consent, ...change }), what).not.toEqual([]);
  });

  test("[F21] stands alone for each purpose and each research project, so that each can be taken back alone", async () => {
    const consents = last(consentsIn(await plansOf(all, ways["by both parents, publication too"], {}, 3)));
    expect(consents.map((each) => text(Reflect.get(Object(each.provision), "purpose")))).toEqual([
      expect.stringContaining('"TREAT"'),
      expect.stringContaining('"TREAT"'),
      expect.stringContaining('"PUB"'),
      expect.stringContaining('"HRESCH"'),
      expect.stringContaining('"HRESCH"'),
    ]);
    expect(text(consents[3]?.identifier)).toContain("MELA-3");
    expect(text(consents[4]?.identifier)).toContain("MELA-4");
    // Every picture is named by each use that covers it.
    const photo = /DocumentReference\/[0-9a-f-]+/;
    expect(consents.map((each) => photo.test(text(Object(each.provision).data ?? "")))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  test.each([
    ["signed on screen", "OPTIN"],
    ["not objected to", "IMPLIEDD"],
    ["an emergency", "emrgonly"],
  ])("[F21] says how it was agreed: %s", async (way, code) => {
    const [opinion, , teaching] = consentsIn(await plansOf(all, ways[way], {}, 2));
    expect(text(opinion?.category)).toContain(`"${code}"`);
    expect(text(opinion?.extension)).toContain("urn:colloque:consent:method");
    // What was refused is an objection, however the rest was agreed.
    expect(text(teaching?.category)).toContain('"OPTOUT"');
    expect(text(teaching?.provision)).not.toContain('"end"');
  });

  test("[F21] says who decided, and who was there", async () => {
    const both = resourcesOf(await plansOf(all, ways["by both parents, publication too"], {}, 2));
    const parents = both.filter((each) => each.resourceType === "RelatedPerson");
    expect(parents.map((each) => text(each.name))).toEqual([
      '[{"text":"Anne Bernard"}]',
      '[{"text":"Paul Bernard"}]',
    ]);
    expect(consentsOf(both)[0]?.performer).toEqual(
      parents.map((each) => ({ reference: `RelatedPerson/${each.id}` })),
    );
    expect(text(consentsOf(both)[0]?.extension)).toContain('"not-able"');

    const guardian = resourcesOf(
      await plansOf(all, ways["by a guardian, with the patient’s own yes"], {}, 2),
    );
    const origin = guardian.find((each) => each.resourceType === "Provenance");
    expect(text(origin?.agent)).toContain('{"display":"Mina Ahmadi"}');
    expect(text(guardian.find((each) => each.resourceType === "RelatedPerson"))).toContain('"GUARD"');

    const oral = resourcesOf(await plansOf(all, ways["said before a witness"], {}, 2));
    expect(text(oral.find((each) => each.resourceType === "Provenance")?.agent)).toContain(
      '{"display":"Inès Roux"}',
    );
  });

  test("[F21] in an emergency is on the word of who decided, for emergency treatment, and leaves a task to tell the patient", async () => {
    const resources = resourcesOf(await plansOf(all, ways["an emergency"], {}, 2));
    const [opinion] = consentsOf(resources);
    expect(opinion?.performer).toMatchObject([{ reference: "PractitionerRole/role-leroy" }]);
    expect(text(opinion?.provision)).toContain('"ETREAT"');
    const task = resources.find(
      (each) => each.resourceType === "Task" && text(each.code).includes("inform-patient"),
    );
    expect(task).toMatchObject({ status: "requested" });
    expect(text(resources.find((each) => each.resourceType === "Provenance")?.reason)).toContain(
      "Patiente inconsciente, hémorragie.",
    );
    const usual = resourcesOf(await plansOf(all, {}, {}, 2));
    expect(usual.some((each) => text(each.code ?? "").includes("inform-patient"))).toBe(false);
  });

  test("[F28] its source is a JWS with its payload, and its proof the very bytes whose hash the statement holds", async () => {
    const { items, consent } = await aCase(all, ways["on the patient’s own phone"]);
    const [event, request] = items.map((item) => item.event);
    if (event?.kind !== "consent" || request === undefined) throw new Error("A case begins so");
    const plan = await planFiling(event, undefined, contextOf([request, event]));
    const jws = Buffer.from(plan.blobs.consent ?? "").toString();
    expect(jws.split(".")).toHaveLength(3);
    expect(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString()).toBe(
      canonicalJson(JSON.parse(JSON.stringify(consent))),
    );
    expect(sha256Hex(plan.blobs.evidence ?? "")).toBe(consent.evidenceSha256);
    expect(Buffer.from(plan.blobs.phone ?? "").toString()).toBe(event.evidence.patientPhone?.jws);
    const origin = resourcesOf([plan]).find((each) => each.resourceType === "Provenance");
    expect(text(origin?.signature)).toContain("Consent Signature");
    const sources = resourcesOf([plan]).filter((each) => each.resourceType === "DocumentReference");
    expect(sources.map((each) => text(each.content).match(/application\/[a-z]+/)?.[0])).toEqual([
      "application/jose",
      "application/json",
      "application/jose",
    ]);
  });

  test("[F29] is over in the record when the patient's later word takes its place, and keeps its photos", async () => {
    const first = await aCase(all, ways["an emergency"]);
    const events = first.items.map((item) => item.event);
    const later = await aCase(all, {
      consent: {
        caseId: first.consent.caseId,
        supersedes: first.consent.consentId,
        decisions: [yes("opinion"), yes("care-named")],
      },
    });
    const word = later.items[0]?.event;
    if (word?.kind !== "consent") throw new Error("A case begins so");
    const plan = await planFiling(word, undefined, contextOf([...events, word]));
    const consents = consentsOf(resourcesOf([plan]));
    expect(consents.map((each) => each.status)).toEqual([
      "active",
      "active",
      "inactive",
      "inactive",
      "inactive",
    ]);
    expect(text(consents[1]?.provision)).toContain('"instance"');
  });
});

const consentsOf = (resources: readonly Resource[]): Resource[] =>
  resources.filter((each) => each.resourceType === "Consent");

describe("whom a filed consent lets in", () => {
  const [leroyHere, martinHere] = clinicians;
  if (leroyHere === undefined || martinHere === undefined) throw new Error("The sample has both");
  const colleague = (name: string, change: Partial<Clinician>): Clinician => ({
    ...martinHere,
    userId: `@${name}:valombre.example`,
    practitionerRoleId: `role-${name}`,
    ...change,
  });
  const staff: readonly Clinician[] = [
    { ...leroyHere, teams: ["ward"] },
    martinHere,
    colleague("haddad", { specialty: "ophthalmology" }),
    colleague("nurse", { specialty: "nursing", teams: ["ward"] }),
    colleague("aubry", { specialty: "surgery", teams: ["on-call"] }),
    colleague("other", { specialty: "general-practice" }),
  ];
  const groups = ["opinion", "care-named", "care-team", "care-outside-team"] as const;
  const sets = Array.from({ length: 8 }, (_, bits) =>
    groups.map((purpose, at) => ({ purpose, granted: at === 0 || ((bits >> (at - 1)) & 1) === 1 })),
  );
  const recipients: Consent["recipients"] = [
    { kind: "person", userId: martin },
    { kind: "specialty", specialty: "ophthalmology" },
    { kind: "team", teamId: "on-call" },
  ];

  test.each(["signed-on-screen", "non-opposition"] as const)(
    "[F30] is whom the one rule lets in, person by person, for words and for pictures: %s",
    async (method) => {
      for (const decisions of sets) {
        const { items, consent } = await aCase(all, { consent: { decisions, recipients, method } });
        const [event, request, photo] = items.map((item) => item.event);
        if (
          event === undefined ||
          request === undefined ||
          photo?.kind !== "photo" ||
          event.kind !== "consent"
        )
          throw new Error("A case begins so");
        const plan = await planFiling(
          event,
          undefined,
          contextOf([request, event], {
            clinician: (userId) => staff.find((each) => each.userId === userId),
          }),
        );
        const [words, pictures] = consentsOf(resourcesOf([plan]));
        for (const person of staff)
          for (const [resource, receipt] of [
            [words, null],
            [pictures, photo.photo.receipt.payload],
          ] as const) {
            const nowMs = startMs + 600_000;
            const audience = audienceOf(person.userId, consent, staff, [], nowMs);
            const rule = mayDisclose(
              consent,
              receipt,
              { state: "live", untilMs: nowMs },
              audience,
              "care",
              nowMs,
            );
            const about = `${person.userId} ${JSON.stringify(decisions)} ${receipt === null ? "words" : "picture"}`;
            expect(covers(resource, person), about).toBe(rule.allow);
          }
      }
    },
  );

  /** As a reader of the record would decide, who knows teams and specialties. */
  function covers(resource: Resource | undefined, person: Clinician): boolean {
    const provision = Object(resource?.provision);
    if (provision.type !== "permit") return false;
    const said = JSON.stringify(provision.actor);
    if (said.includes(`PractitionerRole/${person.practitionerRoleId}"`)) return true;
    if (person.teams.some((team) => said.includes(`CareTeam/${team}"`))) return true;
    return person.specialty === "ophthalmology" && said.includes("Group/");
  }

  test("[F30] names nobody for a use beyond care, and the collector is one of those let in", async () => {
    const consents = consentsIn(
      await plansOf(
        all,
        { consent: { decisions: [yes("opinion"), yes("care-named"), yes("teaching")] } },
        {},
        2,
      ),
    );
    expect(consents.map((each) => "actor" in Object(each.provision))).toEqual([true, true, false]);
    expect(JSON.stringify(consents[0]?.provision)).toContain("role-leroy");
    expect(leroy).toContain("leroy");
  });
});
