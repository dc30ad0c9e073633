import { describe, expect, test, vi } from "vitest";
import { textOfPdf } from "../../e2e/support/pdf.ts";
import { idOf } from "./ids.ts";
import { aBench } from "./testing/a-bench.ts";
import { aCase, anAmendment, aQuestionAmendment, asItem, leroy, martin } from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";
import { balpFaults } from "./testing/balp.ts";
import { provideFaults } from "./testing/mhd.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();
const { stateOf } = bench;
const letters = () =>
  bench.record
    .ofType("DocumentReference")
    .filter((each) => JSON.stringify(each.type).includes("85208-7"))
    .map((each) => ({ id: each.id, status: each.status, relatesTo: each.relatesTo }));

describe("an amended opinion", () => {
  test("[F44] is a letter that takes the place of the one before it, which stays and is superseded; nothing of that is changed", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items);
    const opinionEvent = made.items.at(-1)?.eventId ?? "";
    await until(() => stateOf(opinionEvent) === "filed");
    const firstReport = bench.record.resources.get(
      `DiagnosticReport/${idOf(opinionEvent, "DiagnosticReport")}`,
    );
    const bundles = bench.record.bodies.length;
    const amendment = await anAmendment(bench.all, made);
    await filing.submit(asItem(made.roomId, amendment));
    await until(() => stateOf(amendment.eventId) === "filed");

    const [old, fresh] = letters();
    expect(old).toMatchObject({ status: "superseded", relatesTo: undefined });
    expect(fresh).toMatchObject({
      status: "current",
      relatesTo: [{ code: "replaces", target: { reference: `DocumentReference/${old?.id}` } }],
    });
    const provided = bench.record.bodies.slice(bundles).filter((body) => body.includes('ProvideBundle"'));
    expect(provided.map((body) => provideFaults(JSON.parse(body)))).toEqual([[]]);
    expect(provided[0]).toContain("IHE.MHD.Patch.Parameters");

    expect(bench.record.resources.get(`DiagnosticReport/${idOf(opinionEvent, "DiagnosticReport")}`)).toEqual(
      firstReport,
    );
    const report = bench.record.resources.get(
      `DiagnosticReport/${idOf(amendment.eventId, "DiagnosticReport")}`,
    );
    expect(report).toMatchObject({ status: "corrected" });
    const trail = bench.record.resources.get(`Provenance/${idOf(amendment.eventId, "Provenance")}`);
    expect(trail).toMatchObject({
      reason: [expect.objectContaining({ text: "La lésion est à droite, et non à gauche." })],
      entity: expect.arrayContaining([
        {
          role: "revision",
          what: { reference: `DiagnosticReport/${idOf(opinionEvent, "DiagnosticReport")}` },
        },
        { role: "revision", what: { reference: `DocumentReference/${old?.id}` } },
      ]),
    });
    expect(bench.record.ofType("Task")[0]).toMatchObject({
      status: "completed",
      output: expect.arrayContaining([
        expect.objectContaining({ valueReference: { reference: `DiagnosticReport/${report?.id}` } }),
      ]),
    });
    const audits = bench.record
      .ofType("AuditEvent")
      .filter((each) => JSON.stringify(each.meta).includes("BALP"));
    expect(audits.flatMap((each) => balpFaults(each))).toEqual([]);
  });

  test("[F44] says what it replaces and why, with the whole of the new text and the photos, which the record alone still has", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items);
    await until(() => stateOf(made.items.at(-1)?.eventId ?? "") === "filed");
    const amendment = await anAmendment(bench.all, made, { how: "completed" });
    await filing.submit(asItem(made.roomId, amendment));
    await until(() => stateOf(amendment.eventId) === "filed");
    const { entries } = await filing.recordOf(made.roomId);
    const letter = entries.find((each) => each.kind === "amendment" && each.readable);
    const { bytes } = await filing.readEntry(made.roomId, letter?.id ?? "", leroy);
    const text = (await textOfPdf(Buffer.from(bytes))).replace(/\s+/g, " ");
    for (const words of [
      "Avis complété",
      "omoplate droite",
      "La lésion est à droite",
      made.opinion.plan.slice(0, 30),
    ])
      expect(text).toContain(words);
    expect(bench.record.ofType("DiagnosticReport").map((each) => each.status)).toEqual(["final", "amended"]);
    expect(Buffer.from(bytes).toString("latin1")).toContain("/DCTDecode");
  });

  test("[F44] a second one takes the place of the first; done twice, by a process that died between, it is once", async () => {
    const made = await aCase(bench.all);
    const first = await anAmendment(bench.all, made);
    const { opinionId } = first.amendment.payload.opinion;
    const second = await anAmendment(bench.all, made, { amends: { eventId: first.eventId, opinionId } });
    {
      await using filing = await bench.place.open();
      await submitAll(filing, [...made.items, asItem(made.roomId, first)]);
      await until(() => stateOf(first.eventId) === "filed");
      bench.record.nextWrites("timeout-after-commit");
      await filing.submit(asItem(made.roomId, second));
      await until(() => stateOf(second.eventId) === "waiting" || stateOf(second.eventId) === "filed");
    }
    await using again = await bench.place.open();
    await submitAll(again, [asItem(made.roomId, first), asItem(made.roomId, second)]);
    await until(() => stateOf(second.eventId) === "filed");
    expect(letters().map((each) => each.status)).toEqual(["superseded", "superseded", "current"]);
    expect(letters()[2]?.relatesTo).toEqual([
      { code: "replaces", target: { reference: `DocumentReference/${letters()[1]?.id}` } },
    ]);
  });

  test("[F44] by somebody else, of a version that nobody knows, or with a signature that is not its author's, it is refused", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items);
    const another = await anAmendment(bench.all, made, {}, leroy);
    const unknown = await anAmendment(bench.all, made, {
      amends: { eventId: "$nobodys", opinionId: made.opinion.opinionId },
    });
    const good = await anAmendment(bench.all, made);
    const forged = await anAmendment(bench.all, made);
    const { payload } = forged.amendment;
    const altered = {
      ...forged,
      amendment: { ...forged.amendment, payload: { ...payload, reason: "Autre raison, ajoutée." } },
    };
    for (const each of [another, unknown, altered, good]) await filing.submit(asItem(made.roomId, each));
    await until(() => stateOf(good.eventId) === "filed");
    expect([another, unknown, altered].map((each) => stateOf(each.eventId))).toEqual(
      Array(3).fill("refused"),
    );
    expect(letters()).toHaveLength(2);
  });
});

describe("an amended question", () => {
  const asked = () => bench.record.ofType("ServiceRequest")[0];
  const inWords = () => JSON.stringify(asked());

  test("[F47] takes the place of the one before in the record, which stays there with its time and why; signed", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    const [opinion] = made.items.slice(-1);
    await submitAll(filing, made.items.slice(0, -1));
    const amendment = await aQuestionAmendment(bench.all, made, "La lésion de droite est-elle à retirer ?");
    await filing.submit(asItem(made.roomId, amendment));
    await until(() => stateOf(amendment.eventId) === "filed");
    expect(asked()).toMatchObject({ reasonCode: [{ text: "La lésion de droite est-elle à retirer ?" }] });
    expect(inWords()).toContain("Question remplacée (Le côté était faux : à droite.)");
    const trail = bench.record.resources.get(`Provenance/${idOf(amendment.eventId, "Provenance")}`);
    expect(trail).toMatchObject({
      target: [{ reference: `ServiceRequest/${asked()?.id}` }],
      signature: [{ sigFormat: "application/jose" }, { sigFormat: "application/jose" }],
    });
    const audit = bench.record.resources.get(`AuditEvent/${idOf(amendment.eventId, "AuditEvent")}`);
    expect(balpFaults(Object(audit))).toEqual([]);
    if (opinion === undefined) throw new Error("A case has an opinion");
    await filing.submit(opinion);
    await until(() => stateOf(opinion.eventId) === "filed");
    expect(inWords()).toContain("La lésion de droite est-elle à retirer ?");
    expect(bench.record.ofType("ServiceRequest")).toHaveLength(1);
  });

  test("[F47] is refused from anybody else, with another's signature, and after the opinion", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    await submitAll(filing, made.items.slice(0, -1));
    const others = await aQuestionAmendment(bench.all, made, "Celle d’un autre ?", martin);
    const { amendment, ...rest } = await aQuestionAmendment(bench.all, made, "La vraie ?");
    const forged = {
      ...rest,
      eventId: "$forged",
      amendment: { ...amendment, payload: { ...amendment.payload, question: "Une fausse ?" } },
    };
    await filing.submit(asItem(made.roomId, others));
    await filing.submit(asItem(made.roomId, forged));
    await until(() => stateOf(others.eventId) === "refused" && stateOf("$forged") === "refused");
    await submitAll(filing, made.items.slice(-1));
    await until(() => stateOf(made.items.at(-1)?.eventId ?? "") === "filed");
    await filing.submit(asItem(made.roomId, { ...rest, amendment }));
    await until(() => stateOf(rest.eventId) === "refused");
    expect(inWords()).not.toContain("Question remplacée");
  });
});
