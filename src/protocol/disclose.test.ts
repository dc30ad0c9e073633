import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Consent, consentSchema, inForce, type Purpose, purposeSchema } from "./consent.ts";
import {
  type Audience,
  audienceOf,
  clockSkewMs,
  type DisclosurePurpose,
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
    decisions: purposeSchema.options.map((purpose) => ({
      purpose,
      granted: purposes.includes(purpose),
      ...(purpose === "research" && { project: "P1" }),
    })),
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

  test("[G6] words go to the named, the team and a pool that the patient was told of, and to no stranger", () => {
    const ask = (consent: Consent, audience: Audience) =>
      mayDisclose(consent, null, live, audience, "care", now);
    for (const audience of ["collector", "record", "named", "team"] as const)
      expect(ask(consentTo("opinion"), audience)).toEqual(allowed);
    expect(ask(consentTo("opinion"), "addressed")).toEqual(allowed);
    expect(ask(consentTo("opinion", "care-outside-team"), "stranger")).toEqual(
      refusal("audience-not-covered"),
    );
  });

  test.each([
    [
      "care-named",
      { named: true, team: false, addressed: false, stranger: false, record: true, collector: true },
    ],
    [
      "care-team",
      { named: true, team: true, addressed: false, stranger: false, record: true, collector: true },
    ],
    [
      "care-outside-team",
      { named: true, team: true, addressed: true, stranger: false, record: true, collector: true },
    ],
    [
      "teaching",
      { named: false, team: false, addressed: false, stranger: false, record: false, collector: false },
    ],
  ] as const)("[G7] pictures with %s go exactly so far", (purpose, expected) => {
    for (const audience of Object.keys(expected) as (keyof typeof expected)[]) {
      expect(mayDisclose(consentTo("opinion", purpose), receipt(), live, audience, "care", now).allow).toBe(
        expected[audience],
      );
    }
  });

  test.each(["teaching", "research:P1", "publication"] as const)("[G8] %s needs its own yes", (purpose) => {
    const care = consentTo("opinion", "care-named", "care-team", "care-outside-team");
    expect(mayDisclose(care, receipt(), live, "named", purpose, now)).toEqual(refusal("purpose-not-granted"));
    expect(mayDisclose(care, null, live, "named", purpose, now)).toEqual(refusal("purpose-not-granted"));
    const granted = purpose === "research:P1" ? "research" : purpose;
    expect(mayDisclose(consentTo("opinion", granted), receipt(), live, "named", purpose, now)).toEqual(
      allowed,
    );
  });

  test("[G8] research is for its very project", () => {
    const consent = consentTo("opinion", "research");
    const ask = (purpose: DisclosurePurpose) =>
      mayDisclose(consent, receipt(), live, "named", purpose, now).allow;
    expect([ask("research:P1"), ask("research:P2"), ask("research:")]).toEqual([true, false, false]);
  });

  test("[G11] a broken glass passes the end and the reach of a consent, and never a no, a use or a withdrawal", () => {
    const late = Date.parse(full.expiresAt) + 10 * hour;
    const fresh: Status = { state: "live", untilMs: late };
    expect(mayDisclose(full, receipt(), fresh, "named", "care", late)).toEqual(refusal("expired"));
    expect(mayDisclose(full, receipt(), fresh, "glass", "care", late)).toEqual(allowed);
    expect(mayDisclose(full, null, fresh, "glass", "care", late)).toEqual(allowed);
    const all = consentTo(...purposeSchema.options);
    expect(mayDisclose(all, receipt(), fresh, "glass", "teaching", late)).toEqual(
      refusal("purpose-not-granted"),
    );
    const words = consentTo("opinion");
    expect(mayDisclose(words, receipt(), fresh, "glass", "care", late)).toEqual(
      refusal("purpose-not-granted"),
    );
    expect(mayDisclose(consentTo(), null, fresh, "glass", "care", late)).toEqual(
      refusal("opinion-not-granted"),
    );
    expect(
      mayDisclose(full, receipt(), { state: "withdrawn", untilMs: late }, "glass", "care", late),
    ).toEqual(refusal("withdrawn"));
  });

  test.each([
    ["non-opposition", { team: true, addressed: false }],
    ["emergency", { team: true, addressed: true }],
    ["oral-witnessed", { team: true, addressed: true }],
  ] as const)(
    "[G12] [G13] %s reaches so far, and beyond care only where somebody said yes",
    (method, reach) => {
      const consent = { ...consentTo(...purposeSchema.options), method };
      for (const audience of ["team", "addressed"] as const)
        for (const shown of [receipt(), null])
          expect(mayDisclose(consent, shown, live, audience, "care", now).allow).toBe(reach[audience]);
      expect(mayDisclose(consent, receipt(), live, "named", "teaching", now).allow).toBe(
        method === "oral-witnessed",
      );
    },
  );

  test("[G17] a clip needs a yes to being filmed, which nothing stands in for, besides what a photo needs", () => {
    const clip = receipt({ clip: true });
    const filmedToo = consentTo("opinion", "care-named", "teaching", "video");
    const photosAlone = consentTo("opinion", "care-named", "teaching");
    for (const audience of ["collector", "named", "record", "glass"] as const) {
      expect(mayDisclose(filmedToo, clip, live, audience, "care", now)).toEqual(allowed);
      expect(mayDisclose(photosAlone, clip, live, audience, "care", now)).toEqual(
        refusal("video-not-granted"),
      );
      expect(mayDisclose(photosAlone, receipt(), live, audience, "care", now)).toEqual(allowed);
    }
    expect(mayDisclose(filmedToo, clip, live, "named", "teaching", now)).toEqual(allowed);
    expect(mayDisclose(photosAlone, clip, live, "named", "teaching", now)).toEqual(
      refusal("video-not-granted"),
    );
    expect(mayDisclose(consentTo("opinion", "video"), clip, live, "named", "care", now)).toEqual(
      refusal("purpose-not-granted"),
    );
  });

  test("[G17] whatever else is so, a clip goes nowhere that a photo would not, and nowhere without that yes", () => {
    const anything = fc.record({
      granted: fc.subarray([...purposeSchema.options]),
      method: fc.constantFrom<Consent["method"]>("oral-witnessed", "non-opposition", "emergency"),
      audience: fc.constantFrom<Audience>(
        "collector",
        "named",
        "team",
        "addressed",
        "stranger",
        "glass",
        "record",
      ),
      purpose: fc.constantFrom<DisclosurePurpose>("care", "teaching", "research:P1", "publication"),
      at: fc.integer({ min: start - 24 * hour, max: start + 48 * hour }),
    });
    fc.assert(
      fc.property(anything, ({ granted, method, audience, purpose, at }) => {
        const consent = { ...consentTo(...granted), method };
        const ask = (shown: Receipt) =>
          mayDisclose(consent, shown, { state: "live", untilMs: at }, audience, purpose, at).allow;
        return ask(receipt({ clip: true })) === (ask(receipt()) && granted.includes("video"));
      }),
    );
  });

  test("[G10] no instant after a withdrawal allows again", () => {
    const anything = fc.record({
      granted: fc.subarray([...purposeSchema.options]),
      audience: fc.constantFrom<Audience>(
        "collector",
        "named",
        "team",
        "addressed",
        "stranger",
        "glass",
        "record",
      ),
      purpose: fc.constantFrom<DisclosurePurpose>("care", "teaching", "research:P1", "publication"),
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
    ["faure", "stranger"],
    ["nobody", "stranger"],
  ])("[G9] %s stands as %s", (localpart, audience) => {
    expect(audienceOf(`@${localpart}:valombre.example`, full, people, [], now)).toBe(audience);
  });
});

describe("audienceOf, with pools and broken glasses", () => {
  const people = [
    person("leroy", ["a"], "nursing"),
    person("haddad", ["a"]),
    person("aubry", ["on-call"], "surgery"),
    person("faure", ["b"], "general-practice"),
  ];
  const toPool = { ...full, recipients: [{ kind: "team", teamId: "on-call" } as const] };
  const ask = (localpart: string, glasses: { reader: string; untilMs: number }[] = [], at = now) =>
    audienceOf(`@${localpart}:valombre.example`, toPool, people, glasses, at);

  test("[G9] who is of the pool that the patient was told of is addressed; a stranger is not", () => {
    expect([ask("aubry"), ask("haddad"), ask("faure")]).toEqual(["addressed", "team", "stranger"]);
  });

  test("[G11] a glass is for its reader and its time, and only where the consent does not reach", () => {
    const glass = [{ reader: "@faure:valombre.example", untilMs: now }];
    expect([ask("faure", glass), ask("faure", glass, now + 1), ask("nobody", glass)]).toEqual([
      "glass",
      "stranger",
      "stranger",
    ]);
    const mine = [{ reader: "@leroy:valombre.example", untilMs: now + 10 ** 12 }];
    expect(ask("leroy", mine)).toBe("collector");
    expect(ask("leroy", mine, Date.parse(full.expiresAt) + hour)).toBe("glass");
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

describe("a newer word of the patient", () => {
  const aubry = "@aubry:valombre.example";
  const later = (id: number, of: Consent, change: Partial<Consent> = {}): Consent =>
    consentSchema.parse({
      ...of,
      consentId: `7b0c2d1e-1111-4a11-8a11-00000000010${id}`,
      supersedes: of.consentId,
      collectedAt: new Date(Date.parse(of.collectedAt) + hour / 2 + 60_000 * id).toISOString(),
      ...change,
    });
  const toAubry = later(1, full, { recipients: [...full.recipients, { kind: "person", userId: aubry }] });
  const may = (consent: Consent, userId: string) =>
    mayDisclose(consent, receipt(), live, audienceOf(userId, consent, [], [], now), "care", now);

  test("[G14] it reaches the pictures that were taken under the first, and without it they are refused", () => {
    expect(may(inForce(full, [full]), aubry)).toEqual({ allow: false, reason: "audience-not-covered" });
    expect(may(inForce(full, [full, toAubry]), aubry)).toEqual({ allow: true });
  });

  test("[G14] a no takes back the yes before it, through any number of words; the newest counts", () => {
    const no = later(2, toAubry, {
      decisions: toAubry.decisions.map((each) => ({ ...each, granted: false })),
    });
    expect(may(inForce(full, [no, toAubry, full]), aubry)).toEqual({
      allow: false,
      reason: "opinion-not-granted",
    });
    expect(may(inForce(full, [toAubry, full]), aubry)).toEqual({ allow: true });
  });

  test("[G14] a word in another case or of another patient, or two that name each other, change nothing", () => {
    const elsewhere = { ...toAubry, pseudonym: "B".repeat(22) };
    expect(inForce(full, [elsewhere])).toBe(full);
    const round = { ...full, supersedes: toAubry.consentId };
    expect(inForce(round, [toAubry, round]).recipients).toEqual(toAubry.recipients);
  });
});
