import { describe, expect, test, vi } from "vitest";
import { textOfPdf } from "../../e2e/support/pdf.ts";
import { aBench, clinical } from "./testing/a-bench.ts";
import {
  aCase,
  aCorrection,
  aMisfiling,
  anAmendment,
  asItem,
  delattre,
  martin,
  otherDelattre,
  tinyJpeg,
} from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";
import type { WorkItem } from "./work.ts";

vi.setConfig({ testTimeout: 60_000 });

const bench = aBench([delattre, otherDelattre]);
const { stateOf } = bench;

/** What the record has of the case under one patient, by type, with the statuses that it has there. */
function under(patientId: string) {
  const of = `"Patient/${patientId}"`;
  const found = clinical.flatMap((type) =>
    bench.record.ofType(type).filter((each) => JSON.stringify(each).includes(of)),
  );
  return {
    found,
    counts: Object.fromEntries(
      clinical.map((type) => [type, found.filter((each) => each.resourceType === type).length]),
    ),
    statuses: [...new Set(found.map((each) => each.status))].sort(),
  };
}
const theWrong = () => under(delattre.recordId);
const theRight = () => under(otherDelattre.recordId);
const texts = (each: object) => JSON.stringify(each);

async function aFiledCase(filing: Awaited<ReturnType<typeof bench.place.open>>) {
  const made = await aCase(bench.all);
  await submitAll(filing, made.items);
  await until(() => made.items.every(({ eventId }) => stateOf(eventId) === "filed"));
  return made;
}

/** All that was said, and whose it is: the words of the room about each, under the correction. */
const allFiledUnder = (items: readonly Pick<WorkItem, "eventId">[], correction: string) => () =>
  items.every(({ eventId }) =>
    bench.place.told.some(
      ({ filed }) =>
        filed.ofEvent === eventId && filed.under === correction && filed.outcome.state === "filed",
    ),
  );

describe("a case whose identity was corrected", () => {
  test("[F46] is filed anew under the right patient as one linked set, and stays in error under the other", async () => {
    await using filing = await bench.place.open();
    const made = await aFiledCase(filing);
    const before = theWrong();
    const misfiling = await aMisfiling(bench.all, made);
    const correction = await aCorrection(bench.all, misfiling, otherDelattre);
    await filing.submit(asItem(made.roomId, misfiling));
    await filing.submit(asItem(made.roomId, correction));
    await until(allFiledUnder([...made.items, correction], correction.eventId));

    expect(theWrong().statuses).toEqual(["entered-in-error"]);
    expect(theRight().counts).toEqual(before.counts);
    expect(theRight().statuses).toEqual(before.statuses);
    const wrongIds = theWrong().found.map((each) => each.id);
    for (const each of theRight().found) {
      expect(wrongIds).not.toContain(each.id);
      for (const id of wrongIds) expect(texts(each)).not.toContain(`/${id}"`);
    }
    const photos = [...bench.record.instances.values()].filter((each) => each.rejects === undefined);
    expect(photos.map((each) => each.patientId)).toEqual([delattre.ins?.value, otherDelattre.ins?.value]);
    expect(photos.map((each) => Buffer.compare(each.jpeg.subarray(0, tinyJpeg.length), tinyJpeg))).toEqual([
      0, 0,
    ]);
    expect(bench.record.rejections()).toHaveLength(1);
    const origin = bench.record.ofType("Provenance").find((each) => texts(each).includes('"revision"'));
    for (const each of theRight().found.filter(
      ({ resourceType }) => resourceType !== "List" && resourceType !== "ImagingStudy",
    ))
      expect(texts(Object(origin).target)).toContain(`${each.resourceType}/${each.id}`);
    expect(texts(Object(origin).entity)).toContain(
      `DiagnosticReport/${wrongIds.find((id) => before.found.some((each) => each.id === id && each.resourceType === "DiagnosticReport"))}`,
    );
  });

  test("[F46] has its new letter of the right patient, and shows nothing of the other one as its own", async () => {
    await using filing = await bench.place.open();
    const made = await aFiledCase(filing);
    const misfiling = await aMisfiling(bench.all, made);
    const correction = await aCorrection(bench.all, misfiling, otherDelattre);
    const old = (await filing.recordOf(made.roomId)).entries.map((each) => each.id);
    await filing.submit(asItem(made.roomId, misfiling));
    await filing.submit(asItem(made.roomId, correction));
    await until(allFiledUnder([...made.items, correction], correction.eventId));
    const { entries } = await filing.recordOf(made.roomId);
    expect(entries.filter((each) => old.includes(each.id))).toEqual([]);
    const letter = entries.find((each) => each.kind === "opinion" && each.contentType === "application/pdf");
    const { bytes } = await filing.readEntry(made.roomId, letter?.id ?? "", martin);
    const text = await textOfPdf(Buffer.from(bytes));
    expect(text).toContain("1961");
    expect(text).not.toContain("1959");
  });

  test("[F46] goes on there: what is said later is filed under the right patient, what comes again is not filed twice", async () => {
    await using filing = await bench.place.open();
    const made = await aFiledCase(filing);
    const misfiling = await aMisfiling(bench.all, made);
    const correction = await aCorrection(bench.all, misfiling, otherDelattre);
    const amendment = await anAmendment(bench.all, made);
    for (const event of [misfiling, correction, amendment]) await filing.submit(asItem(made.roomId, event));
    await until(allFiledUnder([...made.items, correction, amendment], correction.eventId));
    const counts = theRight().counts;
    await submitAll(filing, made.items);
    for (const event of [misfiling, correction, amendment]) await filing.submit(asItem(made.roomId, event));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(theRight().counts).toEqual(counts);
    expect(counts).toMatchObject({ DiagnosticReport: 2, ServiceRequest: 1 });
    expect(theRight().found.filter((each) => each.status === "superseded")).toHaveLength(1);
  });

  test("[F46] may turn out to be wrong again, and is filed once more", async () => {
    await using filing = await bench.place.open();
    const made = await aFiledCase(filing);
    const first = await aMisfiling(bench.all, made);
    const toSecond = await aCorrection(bench.all, first, otherDelattre);
    await filing.submit(asItem(made.roomId, first));
    await filing.submit(asItem(made.roomId, toSecond));
    await until(allFiledUnder(made.items, toSecond.eventId));
    const again = await aMisfiling(bench.all, made);
    const back = await aCorrection(bench.all, again, delattre);
    await filing.submit(asItem(made.roomId, again));
    await filing.submit(asItem(made.roomId, back));
    await until(allFiledUnder([...made.items, back], back.eventId));
    expect(theRight().statuses).toEqual(["entered-in-error"]);
    expect(theWrong().statuses).toEqual(expect.arrayContaining(["entered-in-error", "final"]));
    expect(theWrong().counts.DiagnosticReport).toBe(2);
  });

  test("[F46] said by another than who asked, with another's signature, or of a case that nobody called wrong: nothing is moved", async () => {
    await using filing = await bench.place.open();
    const made = await aFiledCase(filing);
    const misfiling = await aMisfiling(bench.all, made);
    const early = await aCorrection(bench.all, misfiling, otherDelattre);
    await filing.submit(asItem(made.roomId, { ...early, eventId: "$early" }));
    await filing.submit(asItem(made.roomId, misfiling));
    await until(() => stateOf(misfiling.eventId) === "filed");
    const others = await aCorrection(bench.all, misfiling, otherDelattre, martin);
    const forged = {
      ...early,
      eventId: "$forged",
      correction: {
        ...early.correction,
        payload: { ...early.correction.payload, patient: { ...otherDelattre, recordId: "elsewhere" } },
      },
    };
    await filing.submit(asItem(made.roomId, others));
    await filing.submit(asItem(made.roomId, forged));
    await until(() => stateOf("$forged") === "refused");
    expect(theRight().found).toEqual([]);
    await filing.submit(asItem(made.roomId, early));
    await until(allFiledUnder([...made.items, early], early.eventId));
    expect(theRight().found).not.toEqual([]);
  });

  test("[F46] of a patient whom the record did not know: what waited for that reason is filed under the right one", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all, { patient: { ...delattre, recordId: "nobody" } });
    await submitAll(filing, made.items);
    await until(() => [...bench.place.words().values()].some((each) => each.state === "parked"));
    const misfiling = await aMisfiling(bench.all, made);
    const correction = await aCorrection(bench.all, misfiling, otherDelattre);
    await filing.submit(asItem(made.roomId, misfiling));
    await filing.submit(asItem(made.roomId, correction));
    await until(allFiledUnder([...made.items, correction], correction.eventId));
    expect(theRight().counts).toMatchObject({ ServiceRequest: 1, DiagnosticReport: 1 });
    expect(under("nobody").found).toEqual([]);
  });

  test("[F46] a process that dies at any request or answer meanwhile loses nothing and doubles nothing", async () => {
    const made = await aCase(bench.all);
    const misfiling = await aMisfiling(bench.all, made);
    const correction = await aCorrection(bench.all, misfiling, otherDelattre);
    const isDone = allFiledUnder([...made.items, correction], correction.eventId);
    {
      await using filing = await bench.place.open();
      await submitAll(filing, made.items);
      await until(() => made.items.every(({ eventId }) => stateOf(eventId) === "filed"));
    }
    const wrong = theWrong().counts;
    let deaths = 0;
    for (let attempt = 0; attempt < 200 && !isDone(); attempt += 1) {
      let count = 0;
      let dead = false;
      const lethal: typeof fetch = async (input, init) => {
        if (dead) throw new TypeError("fetch failed");
        count += 1;
        if (count - 1 !== attempt % 23) return bench.record.fetcher(input, init);
        dead = true;
        deaths += 1;
        if (attempt % 2 === 0) await bench.record.fetcher(input, init);
        throw new TypeError("fetch failed");
      };
      const filing = await bench.place.open(lethal);
      if (attempt === 0)
        for (const event of [misfiling, correction]) await filing.submit(asItem(made.roomId, event));
      await until(() => dead || isDone());
      await filing[Symbol.asyncDispose]();
      await bench.place.hurry();
    }
    expect(isDone()).toBe(true);
    expect(deaths).toBeGreaterThan(5);
    expect(theWrong().counts).toEqual(wrong);
    expect(theRight().counts).toEqual(wrong);
    const ids = bench.place.told
      .filter(({ filed }) => filed.under === correction.eventId && filed.outcome.state === "filed")
      .map(({ id }) => id);
    expect(new Set(ids).size).toBe(made.items.length + 1);
  });
});
