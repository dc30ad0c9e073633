import { randomUUID } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { openDatabase } from "../store/index.ts";
import type { Filing, FilingOptions, WorkItem } from "./index.ts";
import { createLeases } from "./leases.ts";
import { documentId } from "./plan/documents.ts";
import { aBench } from "./testing/a-bench.ts";
import { aCase, aMisfiling, anAmendment, asItem, aWithdrawal, leroy, startMs } from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();

/** The clock of these tests stands an hour after the case began: this much of a day is over since the opinion. */
const days = 0.0001;
const over = (filing: Filing) => filing.retention.over(days);
const isOver = (filing: Filing) => until(async () => (await over(filing)).length === 1);
const { stateOf } = bench;
const aMessage = (minutes: number) => ({
  kind: "message" as const,
  eventId: `$late-${minutes}`,
  sender: leroy,
  atMs: startMs + minutes * 60_000,
  text: "Merci.",
  clientRef: undefined,
});

/** A case of which everything is filed and told, and that may leave. */
async function filedCase(filing: Filing) {
  const made = await aCase(bench.all);
  await submitAll(filing, made.items);
  await until(() => made.items.every((item) => stateOf(item.eventId) === "filed"));
  await isOver(filing);
  return made;
}

const refusals = Array.from({ length: 50 }, () => "refuse-connection" as const);

/** Sends one thing more of a case while the record is away, and waits until it is filed after all: until then the case stays. */
async function staysUntilFiled(filing: Filing, roomId: string, event: WorkItem["event"]): Promise<void> {
  bench.record.nextWrites(...refusals);
  await filing.submit(asItem(roomId, event));
  await stays(filing, roomId);
  bench.record.nextWrites();
  await until(() => stateOf(event.eventId) === "filed", 25_000);
  await isOver(filing);
}

async function stays(filing: Filing, roomId: string): Promise<void> {
  expect(await over(filing)).toEqual([]);
  expect(await filing.retention.begin(roomId, days)).toBeUndefined();
}

describe("a case that may leave the messenger", () => {
  test("[F45] is one of which all is filed and told and whose days are over; once decided it goes on, whatever comes in", async () => {
    let roomId = "";
    let summary: Awaited<ReturnType<Filing["retention"]["begin"]>>;
    {
      await using filing = await bench.place.open();
      const made = await filedCase(filing);
      const { opinion, consent } = made;
      roomId = made.roomId;
      expect(await over(filing)).toEqual([roomId]);
      expect(await filing.retention.over(30)).toEqual([]);
      expect(await filing.retention.over(0)).toEqual([]);
      expect(await filing.retention.begin(roomId, 30)).toBeUndefined();
      summary = await filing.retention.begin(roomId, days);
      expect(summary).toMatchObject({
        ended: { how: "answered", by: opinion.author },
        consentIds: [consent.consentId],
      });
      expect(JSON.stringify(summary)).not.toContain(opinion.assessment);
      await filing.withdrawn(roomId, aWithdrawal(consent));
    }
    await using filing = await bench.place.open();
    expect(await over(filing)).toEqual([]);
    expect(await filing.retention.begun()).toEqual([roomId]);
    expect(await filing.retention.begin(roomId, days)).toEqual(summary);
    await filing.retention.through(roomId);
    expect(await filing.retention.begun()).toEqual([]);
    expect(await filing.retention.left()).toEqual([roomId]);
    expect((await filing.recordOf(roomId)).entries.length).toBeGreaterThan(0);
    expect(bench.record.ofType("DocumentReference").length).toBeGreaterThan(0);
  });

  test("[F45] stays while anything of it waits, is parked, was not told, is in another process's hands, or was not handed over", async () => {
    let isAway = true;
    const correspondence: FilingOptions["correspondence"] = {
      sender: {
        hand: async () => {
          if (isAway) throw new Error("away");
        },
      },
      correspondents: { usualDoctorOf: async () => undefined, colleague: async () => undefined },
    };
    await using filing = await bench.place.open(undefined, correspondence);
    const { roomId, items } = await filedCase(filing);

    bench.record.nextWrites(...refusals);
    await filing.submit(asItem(roomId, aMessage(45)));
    await stays(filing, roomId);
    bench.place.setBotDown(true);
    bench.record.nextWrites();
    await until(() =>
      bench.record.ofType("Communication").some((each) => JSON.stringify(each).includes("$late")),
    );
    await stays(filing, roomId);
    bench.place.setBotDown(false);
    await isOver(filing);

    bench.record.nextWrites({ status: 422, spoken: true });
    await filing.submit(asItem(roomId, aMessage(46)));
    await until(() => stateOf("$late-46") === "parked");
    await stays(filing, roomId);
    await filing.retry("$late-46");
    await isOver(filing);

    await using db = openDatabase(bench.place.path);
    using other = await createLeases({ db });
    for (const key of [`file ${roomId}`, `tell ${roomId}`]) {
      const lease = await other.take(key);
      await stays(filing, roomId);
      await other.release(lease ?? 0);
      expect(await over(filing)).toEqual([roomId]);
    }
    const lease = await other.take(`expire ${roomId}`);
    const did: string[] = [];
    await filing.retention.alone(roomId, async () => void did.push("beside"));
    await other.release(lease ?? 0);
    await filing.retention.alone(roomId, async () => void did.push("alone"));
    expect(did).toEqual(["alone"]);

    const opinionId = items.find((item) => item.event.kind === "opinion")?.eventId ?? "";
    await filing.copies.ask(roomId, leroy, {
      copyId: randomUUID(),
      entryId: documentId(opinionId, "letter"),
      patientTold: true,
      to: { kind: "patient" },
    });
    await stays(filing, roomId);
    isAway = false;
    await isOver(filing);

    const odd = { kind: "malformed" as const, what: "photo", eventId: "$odd", sender: leroy, atMs: startMs };
    await filing.submit(asItem(roomId, odd));
    await stays(filing, roomId);
  });

  test("[F45] stays until each later version of its opinion is filed, and until what is of the wrong patient is entered in error", async () => {
    await using filing = await bench.place.open();
    const made = await filedCase(filing);
    await staysUntilFiled(filing, made.roomId, await anAmendment(bench.all, made));
    await staysUntilFiled(filing, made.roomId, await aMisfiling(bench.all, made));
    expect((await filing.retention.begin(made.roomId, days))?.ended).toMatchObject({
      how: "misfiled",
      by: leroy,
    });
    expect(bench.record.ofType("DocumentReference").every((each) => each.status === "entered-in-error")).toBe(
      true,
    );
  });

  test("[F45] stays without an opinion", async () => {
    await using filing = await bench.place.open();
    const { items } = await aCase(bench.all);
    const asked = items.slice(0, 3);
    await submitAll(filing, asked);
    await until(() => asked.every((item) => stateOf(item.eventId) === "filed"));
    expect(await over(filing)).toEqual([]);
  });
});
