import { describe, expect, test, vi } from "vitest";
import { aBench, clinical } from "./testing/a-bench.ts";
import { aCase, aMisfiling, anAmendment, asItem, martin } from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();

const { stateOf } = bench;
const statuses = () =>
  new Set(clinical.flatMap((type) => bench.record.ofType(type).map((each) => each.status)));

describe("a case of the wrong patient", () => {
  test("[F43] is entered in error in the record, all of it, with who said so and why; its photos are rejected, and nothing is lost", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items);
    await until(() => stateOf(made.items.at(-1)?.eventId ?? "") === "filed");
    expect(statuses()).not.toContain("entered-in-error");
    const before = new Map(
      clinical.flatMap((type) => bench.record.ofType(type).map((each) => [each.id, each] as const)),
    );

    const misfiling = await aMisfiling(bench.all, made);
    await filing.submit(asItem(made.roomId, misfiling));
    await until(() => stateOf(misfiling.eventId) === "filed");
    expect([...statuses()]).toEqual(["entered-in-error"]);
    for (const type of clinical)
      for (const now of bench.record.ofType(type))
        expect({ ...now, status: null, meta: null }).toEqual({
          ...before.get(now.id),
          status: null,
          meta: null,
        });
    expect(bench.record.ofType("Patient")).toHaveLength(1);
    const trail = bench.record
      .ofType("Provenance")
      .find((each) => JSON.stringify(each).includes("Homonyme choisi par erreur"));
    expect(trail?.target).toHaveLength(before.size);
    const [photo] = [...bench.record.instances].filter(([, each]) => each.rejects === undefined);
    expect(bench.record.rejections()).toEqual([[photo?.[0]]]);
  });

  test("[F43] said once: what comes later is not filed under that patient, and a second word changes nothing", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items);
    const misfiling = await aMisfiling(bench.all, made);
    await filing.submit(asItem(made.roomId, misfiling));
    await until(() => stateOf(misfiling.eventId) === "filed");
    const amendment = await anAmendment(bench.all, made);
    const again = await aMisfiling(bench.all, made, martin);
    await filing.submit(asItem(made.roomId, again));
    await filing.submit(asItem(made.roomId, amendment));
    await until(() => stateOf(amendment.eventId) === "refused");
    expect(bench.place.words().get(amendment.eventId)).toMatchObject({ reason: "of-the-wrong-patient" });
    expect(stateOf(again.eventId)).toBeUndefined();
    expect([...statuses()]).toEqual(["entered-in-error"]);
  });

  test("[F43] said by nobody of the case, or with another's signature, nothing is touched; by who answered, it counts", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items);
    const { misfiling, ...rest } = await aMisfiling(bench.all, made);
    const forged = {
      ...rest,
      eventId: "$forged",
      misfiling: { ...misfiling, payload: { ...misfiling.payload, reason: "Une autre raison." } },
    };
    const stranger = "@mallory:valombre.example";
    const foreign = {
      ...rest,
      eventId: "$foreign",
      sender: stranger,
      misfiling: { ...misfiling, payload: { ...misfiling.payload, by: stranger } },
    };
    await filing.submit(asItem(made.roomId, foreign));
    await filing.submit(asItem(made.roomId, forged));
    await until(() => stateOf("$forged") === "refused");
    expect(statuses()).not.toContain("entered-in-error");
    const good = await aMisfiling(bench.all, made, martin);
    await filing.submit(asItem(made.roomId, good));
    await until(() => stateOf(good.eventId) === "filed");
    expect([...statuses()]).toEqual(["entered-in-error"]);
  });
});
