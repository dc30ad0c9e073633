import { describe, expect, test } from "vitest";
import type { PatientMatches } from "#protocol/api.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { PatientQuery } from "#protocol/patient.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { delattre, moreau57, moreau59 } from "../testing/index.ts";
import { createPatientSearch } from "./patient-search-model.ts";

function setUp(answer: Result<PatientMatches, ErrorCode>) {
  const asked: PatientQuery[] = [];
  const model = createPatientSearch({
    door: {
      async searchPatients(query) {
        asked.push(query);
        return answer;
      },
    },
    clock: () => Date.UTC(2026, 10, 22),
  });
  return { model, asked };
}
const found = (...matches: PatientMatches["matches"]) => ok({ matches, more: false });

describe("finding the patient", () => {
  test("one match is shown to be confirmed, never taken at once", async () => {
    const { model, asked } = setUp(found(delattre));
    model.type({ family: "Delattre", birthDate: "14/03/1959" });
    await model.search();
    expect(asked).toEqual([{ family: "Delattre", birthDate: "1959-03-14" }]);
    expect(model.store.getState().step).toMatchObject({ at: "confirming", patient: delattre });
  });

  test("homonyms are shown together; the chosen one is confirmed, or left for the other", async () => {
    const { model } = setUp(found(moreau57, moreau59));
    model.type({ family: "Moreau" });
    await model.search();
    expect(model.store.getState().step).toMatchObject({ at: "several", matches: [moreau57, moreau59] });
    model.choose(moreau59);
    expect(model.store.getState().step).toMatchObject({ at: "confirming", patient: moreau59 });
    model.back();
    expect(model.store.getState().step).toMatchObject({ at: "several" });
  });

  test("one match of which the record says there are more is a choice, too", async () => {
    const { model } = setUp(ok({ matches: [delattre], more: true }));
    model.type({ family: "Del" });
    await model.search();
    expect(model.store.getState().step).toMatchObject({ at: "several", more: true });
  });

  test("nobody found is said, and nothing is created", async () => {
    const { model } = setUp(found());
    model.type({ family: "Personne" });
    await model.search();
    expect(model.store.getState().step).toEqual({ at: "none" });
  });

  test("a record that does not answer is said; typing on begins anew", async () => {
    const { model } = setUp(err("record-unreachable"));
    model.type({ family: "Delattre" });
    await model.search();
    expect(model.store.getState().step).toEqual({ at: "failed", error: "record-unreachable" });
    model.type({ family: "Delattr" });
    expect(model.store.getState().step).toEqual({ at: "asking" });
  });

  test("an identifier is searched without the spaces that people put in it", async () => {
    const { model, asked } = setUp(found(delattre));
    model.type({ by: "identifier", identifier: "2 59 03 62 041 001 77" });
    await model.search();
    expect(asked).toEqual([{ identifier: "259036204100177" }]);
  });

  test("a date that cannot be read, a single letter and two signs are asked for again, and nothing is searched", async () => {
    const { model, asked } = setUp(found(delattre));
    model.type({ family: "Delattre", birthDate: "31/02/1959" });
    await model.search();
    expect(model.store.getState().step).toEqual({ at: "unreadable", field: "birthDate" });
    model.type({ family: "D", birthDate: "" });
    await model.search();
    expect(model.store.getState().step).toEqual({ at: "unreadable", field: "family" });
    model.type({ by: "identifier", identifier: "12" });
    await model.search();
    expect(model.store.getState().step).toEqual({ at: "unreadable", field: "identifier" });
    expect(asked).toEqual([]);
  });

  test("names with apostrophes, accents, other scripts and markup are searched as they are", async () => {
    const { model, asked } = setUp(found());
    for (const family of ["N’Guessan", "الحسن", "<script>"]) {
      model.type({ family });
      await model.search();
    }
    expect(asked).toEqual([{ family: "N’Guessan" }, { family: "الحسن" }, { family: "<script>" }]);
  });
});
