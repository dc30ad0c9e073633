import { describe, expect, test } from "vitest";
import { type Consent, consentSchema, purposeSchema } from "./consent.ts";
import { consentRulesSchema, faultOf, frenchRules } from "./consent-rules.ts";

const start = Date.parse("2026-11-24T10:00:00Z");
const hour = 3_600_000;
const day = 24 * hour;
const hash = "a".repeat(64);

type Change = Omit<Partial<Consent>, "decisions"> & {
  readonly granted?: readonly string[];
  readonly project?: string;
  readonly runsMs?: number;
};

function consent({ granted = ["opinion", "care-named"], project, runsMs = day, ...change }: Change = {}) {
  return consentSchema.parse({
    v: 1,
    consentId: "7b0c2d1e-1111-4a11-8a11-000000000001",
    caseId: "7b0c2d1e-1111-4a11-8a11-000000000002",
    pseudonym: "AAAAAAAAAAAAAAAAAAAAAA",
    decisions: purposeSchema.options.map((purpose) => ({
      purpose,
      granted: granted.includes(purpose),
      ...(purpose === "research" && project !== undefined && { project }),
    })),
    recipients: [{ kind: "person", userId: "@martin:valombre.example" }],
    method: "signed-on-screen",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: "@leroy:valombre.example",
    collectedAt: new Date(start).toISOString(),
    expiresAt: new Date(start + runsMs).toISOString(),
    ...change,
  });
}

const fault = (change: Change = {}) => faultOf(consent(change), frenchRules);

describe("what makes a consent count in France", () => {
  test("[R1] two years and not a day more; an emergency for three days", () => {
    expect(fault({ runsMs: 731 * day })).toBeNull();
    expect(fault({ runsMs: 30 * 365 * day })).toBe("runs-too-long");
    const emergency = { method: "emergency", givenBy: "nobody" } as const;
    expect(fault({ ...emergency, runsMs: 72 * hour })).toBeNull();
    expect(fault({ ...emergency, runsMs: 72 * hour + 1 })).toBe("emergency-too-long");
  });

  test("[R2] nobody decides in an emergency, and only there", () => {
    expect(fault({ givenBy: "nobody" })).toBe("nobody-only-in-emergency");
    expect(fault({ method: "emergency" })).toBe("nobody-only-in-emergency");
    expect(fault({ method: "emergency", givenBy: "nobody" })).toBeNull();
  });

  test("[R3] no objection opens the case to the team, an emergency to the on-call pool, and neither to a use beyond care", () => {
    const silent = { method: "non-opposition" } as const;
    expect(fault({ ...silent, granted: ["opinion", "care-named", "care-team"] })).toBeNull();
    expect(fault({ ...silent, granted: ["opinion", "care-outside-team"] })).toBe("not-by-non-opposition");
    expect(fault({ ...silent, granted: ["opinion", "teaching"] })).toBe("not-by-non-opposition");
    const emergency = { method: "emergency", givenBy: "nobody" } as const;
    expect(fault({ ...emergency, granted: ["opinion", "care-outside-team"] })).toBeNull();
    expect(fault({ ...emergency, granted: ["opinion", "publication"] })).toBe("not-by-emergency");
  });

  test("[R3] being filmed takes somebody's word: neither silence nor an emergency stands in for it", () => {
    const granted = ["opinion", "care-named", "video"];
    expect(fault({ granted })).toBeNull();
    expect(fault({ granted, method: "oral-witnessed" })).toBeNull();
    expect(fault({ granted, method: "patient-phone" })).toBeNull();
    expect(fault({ granted, method: "non-opposition" })).toBe("not-by-non-opposition");
    expect(fault({ granted, method: "emergency", givenBy: "nobody" })).toBe("not-by-emergency");
    expect(fault({ granted, givenBy: "parent", assent: "no" })).toBe("minor-said-no");
    expect(fault({ granted, givenBy: "parent", assent: "yes" })).toBeNull();
  });

  test("[R4] teaching, research and publication are signed for; care may be said before a witness", () => {
    const said = { method: "oral-witnessed" } as const;
    for (const purpose of ["teaching", "research", "publication"]) {
      const granted = ["opinion", purpose];
      expect(fault({ ...said, granted, project: "P1" })).toBe("method-too-weak");
      expect(fault({ granted, project: "P1" })).toBeNull();
      expect(fault({ method: "patient-phone", granted, project: "P1" })).toBeNull();
    }
    expect(fault({ ...said, granted: ["opinion", "care-outside-team"] })).toBeNull();
  });

  test("[R5] one parent agrees to care, both to publication", () => {
    expect(fault({ givenBy: "parent" })).toBeNull();
    expect(fault({ givenBy: "parent", granted: ["opinion", "publication"] })).toBe("both-parents-needed");
    expect(fault({ givenBy: "both-parents", granted: ["opinion", "publication"] })).toBeNull();
  });

  test("[R6] a minor's no stands against every use but care", () => {
    const child = { givenBy: "both-parents", assent: "no" } as const;
    expect(fault(child)).toBeNull();
    expect(fault({ ...child, granted: ["opinion", "teaching"] })).toBe("minor-said-no");
    expect(fault({ ...child, assent: "yes", granted: ["opinion", "teaching"] })).toBeNull();
  });

  test("[R7] research names its project", () => {
    expect(fault({ granted: ["opinion", "research"] })).toBe("project-missing");
    expect(fault({ granted: ["opinion", "research"], project: " " })).toBe("project-missing");
    expect(fault({ granted: ["opinion", "research"], project: "DERM-IA 2026" })).toBeNull();
  });

  test("a refusal needs no form, and another country's rules are data", () => {
    expect(fault({ granted: [], method: "oral-witnessed" })).toBeNull();
    const elsewhere = consentRulesSchema.parse({ ...frenchRules, country: "BE", maxDays: 10 });
    expect(faultOf(consent({ runsMs: 11 * day }), elsewhere)).toBe("runs-too-long");
  });
});
