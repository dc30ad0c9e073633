import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeSearch } from "../kit/fhir-search.ts";
import { type FhirPatient, type FhirReader, fhirPatientSchema } from "./fhir.ts";
import { fits, searchPatients, toPatient, toSearchForm } from "./patients.ts";

const patient = (change: object = {}): FhirPatient =>
  fhirPatientSchema.parse({
    resourceType: "Patient",
    id: "p1",
    name: [
      { use: "official", family: "MARCHAND", given: ["Josiane"] },
      { use: "usual", family: "DELATTRE", given: ["Josiane"] },
    ],
    gender: "female",
    birthDate: "1959-03-14",
    extension: [
      {
        url: "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability",
        extension: [{ url: "identityStatus", valueCoding: { code: "VALI" } }],
      },
    ],
    identifier: [
      {
        type: {
          coding: [
            { system: "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", code: "INS-NIR-DEMO" },
          ],
        },
        system: "urn:oid:1.2.250.1.213.1.4.11",
        value: "259036204101712",
      },
    ],
    ...change,
  });

/** Reads a FHIR parameter the way a server does: split at commas that are not escaped, then unescape. */
function unescapeValues(parameter: string): string[] {
  const values = [""];
  for (let at = 0; at < parameter.length; at += 1) {
    const char = parameter[at] ?? "";
    if (char === ",") values.push("");
    else {
      if (char === "\\") at += 1;
      values[values.length - 1] += char === "\\" ? (parameter[at] ?? "") : char;
    }
  }
  return values;
}

describe("escaping for FHIR search", () => {
  test("a server reads back exactly the text that was meant, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "é", "\\", ",", "|", "$", "'", " ", "&", "=") }),
        (text) => {
          expect(unescapeValues(escapeSearch(text))).toEqual([text]);
        },
      ),
    );
  });

  test("a typed name never becomes a second parameter or an unescaped separator", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2, maxLength: 40 }), (family) => {
        const form = new URLSearchParams(toSearchForm({ family }).toString());
        expect([...form.keys()].sort()).toEqual(["_count", "family"]);
        expect(unescapeValues(form.get("family") ?? "")).toContain(family.trim());
      }),
    );
  });
});

describe("a hit", () => {
  test("counts when the name begins as asked, accents, case, apostrophes and hyphens aside", () => {
    const aicha = patient({ name: [{ use: "official", family: "N’GUESSAN", given: ["Aïcha-Élodie"] }] });
    expect(fits({ family: "n'gues", given: "aicha elodie" }, aicha)).toBe(true);
    expect(fits({ family: "guessan" }, aicha)).toBe(false);
  });

  test("counts under the name at birth and under the name in use", () => {
    expect(fits({ family: "marchand" }, patient())).toBe(true);
    expect(fits({ family: "delattre" }, patient())).toBe(true);
  });

  test("is refused when any trait asked for differs: servers that ignore parameters exist", () => {
    expect(fits({ family: "delattre", birthDate: "1959-03-14" }, patient())).toBe(true);
    expect(fits({ family: "delattre", birthDate: "1959-03-15" }, patient())).toBe(false);
    expect(fits({ family: "delattre", sex: "male" }, patient())).toBe(false);
    expect(fits({ identifier: "2 59 03 62 041 017 12" }, patient())).toBe(true);
    expect(fits({ identifier: "259036204101713" }, patient())).toBe(false);
    expect(fits({ family: "delattre" }, patient({ active: false }))).toBe(false);
  });
});

describe("the patient's identity", () => {
  test("is qualified by an INS of the right type and system that was checked", () => {
    expect(toPatient(patient())).toMatchObject({
      family: "DELATTRE",
      birthFamily: "MARCHAND",
      identity: "qualified",
      ins: { value: "259036204101712" },
    });
  });

  test("is provisional without the check, or when the number is only a social security number under the same OID", () => {
    expect(toPatient(patient({ extension: [] }))).toMatchObject({ identity: "provisional" });
    const nss = patient({
      identifier: [
        {
          type: { coding: [{ code: "NH" }] },
          system: "urn:oid:1.2.250.1.213.1.4.8",
          value: "259036204101712",
        },
      ],
    });
    expect(toPatient(nss)).toMatchObject({ identity: "provisional" });
    expect(toPatient(nss)?.ins).toBeUndefined();
  });
});

describe("a search", () => {
  const serverWith = (found: FhirPatient[], more = false): FhirReader => ({
    all: async () => [],
    postSearch: async (schema) => ({ found: found.map((each) => schema.parse(each)), more }),
  });

  test("leaves out whom the server gave without being asked", async () => {
    const other = patient({ id: "p2", name: [{ family: "MOREAU", given: ["Jean"] }] });
    const answer = await searchPatients(serverWith([patient(), other]), { family: "delattre" });
    expect(answer.matches.map((each) => each.recordId)).toEqual(["p1"]);
    expect(answer.more).toBe(false);
  });

  test("shows twenty and says that there are more", async () => {
    const many = Array.from({ length: 21 }, (_, n) => patient({ id: `p${n}` }));
    const answer = await searchPatients(serverWith(many), { family: "delattre" });
    expect(answer.matches).toHaveLength(20);
    expect(answer.more).toBe(true);
  });
});
