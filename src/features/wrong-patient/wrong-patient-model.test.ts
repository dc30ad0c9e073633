import { describe, expect, test } from "vitest";
import type { Patient } from "#protocol/patient.ts";
import { err, ok } from "#protocol/result.ts";
import { moreau57, moreau59 } from "../testing/index.ts";
import { createWrongPatient } from "./wrong-patient-model.ts";

function setUp({ saysWhose = true, isSaid = false, full = false } = {}) {
  const said: (readonly [string, string, string | null])[] = [];
  const answer = () => (full ? err("storage-full" as const) : ok(undefined));
  const id = (patient: Patient | null) => patient?.recordId ?? null;
  const model = createWrongPatient({
    roomId: "!r",
    saysWhose,
    isSaid,
    wrong: moreau57,
    door: {
      sayMisfiled: async (_room, reason, right) => {
        said.push(["wrong", reason, id(right)]);
        return answer();
      },
      correctIdentity: async (_room, right) => {
        said.push(["whose", "", id(right)]);
        return answer();
      },
    },
  });
  return { model, said, step: () => model.store.getState().step.at };
}
const why = "Homonyme choisi dans la liste.";

describe("a case of the wrong patient", () => {
  test("is said by who asked with the reason and the right patient, once", async () => {
    const { model, said, step } = setUp();
    expect(model.hold()).toBe("reason");
    model.explain(why);
    expect(model.hold()).toBe("whose");
    await model.tell();
    expect(said).toEqual([]);
    model.choose(moreau57);
    expect(model.hold()).toBe("same");
    model.choose(moreau59);
    expect(model.hold()).toBeNull();
    await Promise.all([model.tell(), model.tell()]);
    expect(said).toEqual([["wrong", why, moreau59.recordId]]);
    expect(step()).toBe("told");
    await model.tell();
    expect(said).toHaveLength(1);
  });

  test("is said at once where nobody knows yet whose it is", async () => {
    const { model, said } = setUp();
    model.explain(why);
    model.choose("unknown");
    await model.tell();
    expect(said).toEqual([["wrong", why, null]]);
  });

  test("is said by a colleague without whose it is: only who asked was there", async () => {
    const { model, said } = setUp({ saysWhose: false });
    model.explain(why);
    expect(model.hold()).toBeNull();
    await model.tell();
    expect(said).toEqual([["wrong", why, null]]);
  });

  test("gets its right patient later, from who asked, and no second reason", async () => {
    const { model, said } = setUp({ isSaid: true });
    expect(model.hold()).toBe("whose");
    model.choose("unknown");
    expect(model.hold()).toBe("whose");
    model.choose(moreau59);
    await model.tell();
    expect(said).toEqual([["whose", "", moreau59.recordId]]);
  });

  test("that could not be kept on this device is said to have failed, and can be said again", async () => {
    const { model, said, step } = setUp({ full: true });
    model.explain(why);
    model.choose(moreau59);
    await model.tell();
    expect(step()).toBe("failed");
    await model.tell();
    expect(said).toHaveLength(2);
  });
});
