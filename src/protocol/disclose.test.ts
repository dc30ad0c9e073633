import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Consent, consentSchema, type Purpose, purposeSchema } from "./consent.ts";
import {
  type Audience,
  audienceOf,
  clockSkewMs,
  mayDisclose,
  purposesNeededFor,
  type Status,
} from "./disclose.ts";
import type { Clinician } from "./people.ts";
import { type Receipt, receiptSchema } from "./receipt.ts";

const start = Date.parse("2026-11-24T10:00:00Z");
const hour = 3_600_000;
const now = start + hour;
const live: Status = { state: "live", untilMs: now + 60_000 };
const hash = "a".repeat(64);

function consentTo(...purposes: Purpose[]): Consent {
  return consentSchema.parse({
    v: 1,
    consentId: "7b0c2d1e-1111-4a11-8a11-000000000001",
    caseId: "7b0c2d1e-1111-4a11-8a11-000000000002",
    pseudonym: "AAAAAAAAAAAAAAAAAAAAAA",
    decisions: purposeSchema.options.map((purpose) => ({ purpose, granted: purposes.includes(purpose) })),
    recipients: [{ kind: "person", userId: "@martin:valombre.example" }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: "@leroy:valombre.example",
    collectedAt: new Date(start).toISOString(),
    expiresAt: new Date(start + 24 * hour).toISOString(),
  });
}

function receipt(change: Partial<Record<keyof Receipt, unknown>> = {}): Receipt {
  return receiptSchema.parse({
    v: 1,
    receiptId: "7b0c2d1e-1111-4a11-8a11-000000000003",
    consentId: "7b0c2d1e-1111-4a11-8a11-000000000001",
    caseId: "7b0c2d1e-1111-4a11-8a11-000000000002",
    pseudonym: "AAAAAAAAAAAAAAAAAAAAAA",
    pictureSha256: hash,
    ciphertexts: [{ rendition: "full", sha256: hash, bytes: 10 }],
    takenBy: "@leroy:valombre.example",
    takenAt: new Date(start + hour / 2).toISOString(),
    source: "camera",
    ...change,
  });
}

const full = consentTo("opinion", "care-named");
const refusal = (reason: string) => ({ allow: false, reason });
const allowed = { allow: true };

describe("mayDisclose", () => {
  test("[G1] nothing is disclosed without a consent, and with one it is", () => {
    expect(mayDisclose(null, receipt(), live, "named", "care", now)).toEqual(refusal("no-consent"));
    expect(mayDisclose(full, receipt(), live, "named", "care", now)).toEqual(allowed);
  });

  test("[G2] an unknown, stale or withdrawn status refuses", () => {
    const ask = (status: Status) => mayDisclose(full, receipt(), status, "named", "care", now);
    expect(ask({ state: "unknown" })).toEqual(refusal("status-unknown"));
    expect(ask({ state: "live", untilMs: now - 1 })).toEqual(refusal("status-stale"));
    expect(ask({ state: "withdrawn", untilMs: now + 1000 })).toEqual(refusal("withdrawn"));
    expect(ask({ state: "live", untilMs: now })).toEqual(allowed);
  });

  test("[G3] the period counts, give or take the clock's slip", () => {
    const ask = (at: number) =>
      mayDisclose(full, receipt(), { state: "live", untilMs: at }, "named", "care", at);
    const end = start + 24 * hour;
    expect(ask(end + clockSkewMs)).toEqual(allowed);
    expect(ask(end + clockSkewMs + 1)).toEqual(refusal("expired"));
    expect(ask(start - clockSkewMs)).toEqual(allowed);
    expect(ask(start - clockSkewMs - 1)).toEqual(refusal("not-yet-valid"));
  });

  test("[G4] a yes to pictures without a yes to the opinion sends nothing", () => {
    expect(mayDisclose(consentTo("care-named"), receipt(), live, "named", "care", now)).toEqual(
      refusal("opinion-not-granted"),
    );
    expect(mayDisclose(consentTo("care-named"), null, live, "named", "care", now)).toEqual(
      refusal("opinion-not-granted"),
    );
  });

  test.each([
    ["consentId", "7b0c2d1e-1111-4a11-8a11-000000000009", "receipt-of-another-consent"],
    ["caseId", "7b0c2d1e-1111-4a11-8a11-000000000009", "receipt-of-another-case"],
    ["pseudonym", "BBBBBBBBBBBBBBBBBBBBBB", "receipt-of-another-patient"],
    ["takenAt", new Date(start - 2 * clockSkewMs).toISOString(), "taken-before-consent"],
  ])("[G5] a receipt with another %s is refused", (member, value, reason) => {
    expect(mayDisclose(full, receipt({ [member]: value }), live, "named", "care", now)).toEqual(
      refusal(reason),
    );
    expect(mayDisclose(full, receipt(), live, "named", "care", now)).toEqual(allowed);
  });

  test("[G6] words stay with the named and the team until the wider purpose is granted", () => {
    const ask = (consent: Consent, audience: Audience) =>
      mayDisclose(consent, null, live, audience, "care", now);
    for (const audience of ["collector", "record", "named", "team"] as const)
      expect(ask(consentTo("opinion"), audience)).toEqual(allowed);
    expect(ask(consentTo("opinion"), "outside-team")).toEqual(refusal("audience-not-covered"));
    expect(ask(consentTo("opinion", "care-outside-team"), "outside-team")).toEqual(allowed);
  });

  test.each([
    ["care-named", { named: true, team: false, "outside-team": false, record: true, collector: true }],
    ["care-team", { named: true, team: true, "outside-team": false, record: true, collector: true }],
    ["care-outside-team", { named: true, team: true, "outside-team": true, record: true, collector: true }],
    ["teaching", { named: false, team: false, "outside-team": false, record: false, collector: false }],
  ] as const)("[G7] pictures with %s go exactly so far", (purpose, expected) => {
    for (const audience of Object.keys(expected) as (keyof typeof expected)[]) {
      expect(mayDisclose(consentTo("opinion", purpose), receipt(), live, audience, "care", now).allow).toBe(
        expected[audience],
      );
    }
  });

  test.each(["teaching", "research", "publication"] as const)("[G8] %s needs its own yes", (purpose) => {
    const care = consentTo("opinion", "care-named", "care-team", "care-outside-team");
    expect(mayDisclose(care, receipt(), live, "named", purpose, now)).toEqual(refusal("purpose-not-granted"));
    expect(mayDisclose(care, null, live, "named", purpose, now)).toEqual(refusal("purpose-not-granted"));
    expect(mayDisclose(consentTo("opinion", purpose), receipt(), live, "named", purpose, now)).toEqual(
      allowed,
    );
  });

  test("[G10] no instant after a withdrawal allows again", () => {
    const anything = fc.record({
      granted: fc.subarray([...purposeSchema.options]),
      audience: fc.constantFrom<Audience>("collector", "named", "team", "outside-team", "record"),
      purpose: fc.constantFrom("care", "teaching", "research", "publication"),
      at: fc.integer({ min: start - 30 * 24 * hour, max: start + 400 * 24 * hour }),
      withPicture: fc.boolean(),
    });
    fc.assert(
      fc.property(anything, ({ granted, audience, purpose, at, withPicture }) => {
        const status: Status = { state: "withdrawn", untilMs: at + 60_000 };
        return !mayDisclose(
          consentTo(...granted),
          withPicture ? receipt() : null,
          status,
          audience,
          purpose,
          at,
        ).allow;
      }),
    );
  });
});

const person = (
  localpart: string,
  teams: string[],
  specialty: Clinician["specialty"] = "dermatology",
): Clinician => ({
  userId: `@${localpart}:valombre.example`,
  practitionerId: localpart,
  practitionerRoleId: localpart,
  family: localpart,
  given: "",
  title: "",
  specialty,
  rpps: "89900000001",
  organization: "",
  teams,
});

describe("audienceOf", () => {
  const people = [
    person("leroy", ["a"], "nursing"),
    person("martin", []),
    person("haddad", ["a"]),
    person("faure", ["b"]),
  ];
  test.each([
    ["leroy", "collector"],
    ["martin", "named"],
    ["haddad", "team"],
    ["faure", "outside-team"],
    ["nobody", "outside-team"],
  ])("[G9] %s stands as %s", (localpart, audience) => {
    expect(audienceOf(`@${localpart}:valombre.example`, full, people)).toBe(audience);
  });
});

describe("purposesNeededFor", () => {
  const people = [person("leroy", ["a"], "nursing"), person("martin", ["a"]), person("haddad", [])];
  test("a named colleague needs care by the named", () => {
    const recipients = [{ kind: "person", userId: "@martin:valombre.example" } as const];
    expect(purposesNeededFor(recipients, people, "@leroy:valombre.example")).toEqual([
      "opinion",
      "care-named",
    ]);
  });
  test("a pool with somebody outside the team needs the wider purpose, and one inside it does not", () => {
    const pool = [{ kind: "specialty", specialty: "dermatology" } as const];
    expect(purposesNeededFor(pool, people, "@leroy:valombre.example")).toEqual([
      "opinion",
      "care-outside-team",
    ]);
    expect(purposesNeededFor(pool, people.slice(0, 2), "@leroy:valombre.example")).toEqual([
      "opinion",
      "care-team",
    ]);
  });
});
