import { describe, expect, test } from "vitest";
import { canonicalJson } from "./canonical.ts";
import { type Consent, consentSchema, grants, inForce, type Purpose } from "./consent.ts";
import {
  type Audience,
  audienceOf,
  clockSkewMs,
  mayDisclose,
  purposesNeededFor,
  type Status,
} from "./disclose.ts";
import { type Addressee, type Clinician, clinicianSchema } from "./people.ts";
import { type Receipt, receiptSchema } from "./receipt.ts";

/** The rule at its edges: the very millisecond, the second of two recipients, one team of several, each reason in words. */
const start = Date.parse("2026-11-24T10:00:00Z");
const minute = 60_000;
const now = start + 60 * minute;
const live: Status = { state: "live", untilMs: now };
const hash = "a".repeat(64);
const uuid = "7b0c2d1e-1111-4a11-8a11-000000000001";
const at = (name: string): string => `@${name}:valombre.example`;
const iso = (ms: number): string => new Date(ms).toISOString();

function consentTo(purposes: Purpose[], change: Partial<Record<keyof Consent, unknown>> = {}): Consent {
  return consentSchema.parse({
    v: 1,
    consentId: uuid,
    caseId: uuid,
    pseudonym: "AAAAAAAAAAAAAAAAAAAAAA",
    decisions: purposes.map((purpose) => ({ purpose, granted: true })),
    recipients: [{ kind: "person", userId: at("martin") }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: at("leroy"),
    collectedAt: iso(start),
    expiresAt: iso(start + 24 * 60 * minute),
    ...change,
  });
}

const receiptTakenAt = (ms: number): Receipt =>
  receiptSchema.parse({
    v: 1,
    receiptId: uuid,
    consentId: uuid,
    caseId: uuid,
    pseudonym: "AAAAAAAAAAAAAAAAAAAAAA",
    pictureSha256: hash,
    ciphertexts: [{ rendition: "full", sha256: hash, bytes: 10 }],
    takenBy: at("leroy"),
    takenAt: iso(ms),
    source: "camera",
  });

const person = (
  name: string,
  teams: string[],
  specialty: Clinician["specialty"] = "dermatology",
): Clinician =>
  clinicianSchema.parse({
    userId: at(name),
    practitionerId: name,
    practitionerRoleId: name,
    family: name,
    given: "",
    title: "",
    specialty,
    rpps: "89900000001",
    organization: "",
    teams,
  });

const refusal = (reason: string) => ({ allow: false, reason });

describe("the clock", () => {
  test("[G5] forgives five minutes before the consent, to the millisecond, and no more", () => {
    expect(clockSkewMs).toBe(300_000);
    const consent = consentTo(["opinion", "care-named"]);
    const taken = (ms: number) => mayDisclose(consent, receiptTakenAt(ms), live, "named", "care", now);
    expect(taken(start - 5 * minute)).toEqual({ allow: true });
    expect(taken(start - 5 * minute - 1)).toEqual(refusal("taken-before-consent"));
    expect(taken(start + 1)).toEqual({ allow: true });
  });

  test("[G11] leaves the plain way to the collector until the end and five minutes more, then asks for the glass", () => {
    const consent = consentTo(["opinion", "care-named"]);
    const end = Date.parse(consent.expiresAt) + 5 * minute;
    const glass = [{ reader: at("martin"), untilMs: end + minute }];
    const standing = (ms: number) => audienceOf(at("martin"), consent, [], glass, ms);
    expect([standing(end), standing(end + 1)]).toEqual(["named", "glass"]);
  });
});

describe("a refusal", () => {
  const ask = (audience: Audience, granted: Purpose[], change: Partial<Consent> = {}, picture = true) =>
    mayDisclose(
      consentTo(granted, change),
      picture ? receiptTakenAt(now) : null,
      live,
      audience,
      "care",
      now,
    );

  test("[G7] says whether it is the audience or the purpose", () => {
    expect(ask("team", ["opinion", "care-named"])).toEqual(refusal("audience-not-covered"));
    expect(ask("addressed", ["opinion", "care-team"])).toEqual(refusal("audience-not-covered"));
    expect(ask("stranger", ["opinion", "care-outside-team"])).toEqual(refusal("audience-not-covered"));
    for (const audience of ["collector", "record", "named", "glass"] as const)
      expect(ask(audience, ["opinion"])).toEqual(refusal("purpose-not-granted"));
  });

  test("[G12] of a pool says that mere information does not reach so far", () => {
    const change = { method: "non-opposition" } as const;
    expect(ask("addressed", ["opinion"], change, false)).toEqual(refusal("audience-not-covered"));
    expect(ask("addressed", ["opinion"], {}, false)).toEqual({ allow: true });
    expect(ask("addressed", ["opinion", "care-outside-team"], change)).toEqual(
      refusal("audience-not-covered"),
    );
    expect(ask("addressed", ["opinion", "care-outside-team"])).toEqual({ allow: true });
  });
});

describe("where a person stands", () => {
  const people = [
    person("leroy", ["ward", "night"], "nursing"),
    person("haddad", ["skin", "night"]),
    person("aubry", ["on-call"], "surgery"),
    person("benali", ["on-call"], "surgery"),
    person("faure", ["other"], "general-practice"),
  ];
  const standing = (name: string, recipients: Addressee[], clinicians = people, glasses: string[] = []) =>
    audienceOf(
      at(name),
      consentTo(["opinion"], { recipients }),
      clinicians,
      glasses.map((reader) => ({ reader: at(reader), untilMs: now })),
      now,
    );
  const pool: Addressee = { kind: "team", teamId: "on-call" };
  const named: Addressee = { kind: "person", userId: at("faure") };

  test("[G9] is found among several recipients, pools and persons", () => {
    expect(standing("faure", [pool, named])).toBe("named");
    expect(standing("aubry", [pool, named])).toBe("addressed");
    expect(standing("aubry", [named])).toBe("stranger");
    expect(standing("benali", [named, pool])).toBe("addressed");
    expect(standing("benali", [named, { kind: "specialty", specialty: "surgery" }])).toBe("addressed");
  });

  test("[G9] is the team by one team in common of several; without the collector in the directory nobody is", () => {
    expect(standing("haddad", [named])).toBe("team");
    expect(standing("haddad", [named], people.slice(1))).toBe("stranger");
    // Who comes first in the directory says nothing of who collected.
    expect(standing("haddad", [named], [...people].reverse())).toBe("team");
    expect(standing("benali", [named], [...people].reverse())).toBe("stranger");
  });

  test("[G11] is the glass's for the team and for a pool too, whose reach it may pass, and never for another", () => {
    expect(standing("haddad", [named], people, ["haddad"])).toBe("glass");
    expect(standing("aubry", [pool], people, ["aubry"])).toBe("glass");
    expect(standing("faure", [named], people, ["faure"])).toBe("named");
    expect(standing("aubry", [pool], people, ["benali"])).toBe("addressed");
  });
});

describe("what is needed", () => {
  test("for a pool of somebody whom the directory does not know is the wider purpose", () => {
    const people = [person("haddad", ["ward"]), person("leroy", ["ward"], "nursing")];
    const pool: Addressee[] = [{ kind: "specialty", specialty: "dermatology" }];
    expect(purposesNeededFor(pool, people, at("unknown"))).toEqual(["opinion", "care-outside-team"]);
    expect(purposesNeededFor(pool, people, at("leroy"))).toEqual(["opinion", "care-team"]);
  });
});

test("[G14] of two words that take the same one's place the later speaks, in whatever order they come; one of another case never", () => {
  const first = consentTo(["opinion", "care-named"]);
  const after = (end: number, minutes: number, change: Partial<Record<keyof Consent, unknown>> = {}) =>
    consentTo(["opinion"], {
      consentId: uuid.slice(0, -1) + end,
      supersedes: uuid,
      collectedAt: iso(start + minutes * minute),
      expiresAt: iso(start + (minutes + end) * minute),
      ...change,
    });
  const [early, late] = [after(2, 10), after(3, 20)];
  for (const others of [
    [early, late],
    [late, early],
  ])
    expect(inForce(first, others)).toEqual({
      ...late,
      consentId: first.consentId,
      collectedAt: first.collectedAt,
    });
  expect(inForce(first, [after(4, 30, { caseId: uuid.slice(0, -1) + 9 })])).toBe(first);
  expect(inForce(first, [after(4, 30, { pseudonym: "B".repeat(22) })])).toBe(first);
});

test("[G8] a grant of research is of research at large where no project is asked about", () => {
  const consent = { decisions: [{ purpose: "research" as const, granted: true, project: "P1" }] };
  expect([
    grants(consent, "research"),
    grants(consent, "research", "P1"),
    grants(consent, "research", "P2"),
  ]).toEqual([true, true, false]);
});

test("[E1] lists keep their order, and a number that is none is told as such", () => {
  expect(canonicalJson({ b: [2, 1, { d: 1, c: [] }], a: null })).toBe('{"a":null,"b":[2,1,{"c":[],"d":1}]}');
  expect(() => canonicalJson(Number.POSITIVE_INFINITY)).toThrow(
    "A number that is not finite has no JSON form",
  );
});
