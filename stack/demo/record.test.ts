import { describe, expect, test } from "vitest";
import { insOf, patients } from "./patients.ts";
import { clinicians } from "./people.ts";
import { demoRecord, idOf } from "./record.ts";

const text = JSON.stringify(demoRecord());

describe("the demo record", () => {
  test("names every entry by the same uuid in every installation", () => {
    expect(idOf("Patient", "delattre")).toBe(idOf("Patient", "delattre"));
    expect(idOf("Patient", "delattre")).not.toBe(idOf("Patient", "le-goff"));
    const ids = demoRecord().entry.map(({ resource }) => resource.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test("carries identity numbers under the demo OID only, each with its key", () => {
    for (const oid of ["1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10"]) {
      expect(text).not.toContain(`"urn:oid:${oid}"`);
    }
    expect(text).toContain('"urn:oid:1.2.250.1.213.1.4.11"');
    const numbers = patients.map(insOf).filter((number) => number !== undefined);
    expect(numbers).toHaveLength(patients.length - 1);
    for (const number of numbers) {
      expect(number).toMatch(/^\d{15}$/);
      expect(Number(number.slice(0, 13)) % 97).toBe(97 - Number(number.slice(13)));
    }
  });

  test("gives clinicians RPPS-shaped numbers of the range that is not given out", () => {
    for (const { rpps } of clinicians) expect(`8${rpps}`).toMatch(/^8990000\d{5}$/);
    expect(new Set(clinicians.map(({ rpps }) => rpps)).size).toBe(clinicians.length);
  });
});
