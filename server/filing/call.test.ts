import { describe, expect, test, vi } from "vitest";
import { callTraceSchema } from "#protocol/calls.ts";
import { aBench } from "./testing/a-bench.ts";
import { aCase, asItem, delattre, eventId, leroy, martin, startMs } from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();

const archivist = "@archiviste:valombre.example";
const at = (minutes: number) => new Date(startMs + minutes * 60_000).toISOString();
const aCall = (sender: string) => ({
  kind: "call" as const,
  eventId: eventId(`call-${sender.slice(1, 5)}`),
  sender,
  atMs: startMs + 30 * 60_000,
  call: callTraceSchema.parse({
    callId: "0b8a8f1e-5a55-4c2e-9d55-0c7d7e1f2a3b",
    startedAt: at(20),
    endedAt: at(30),
    ended: "left",
    participants: [
      { userId: leroy, joinedAt: at(20), leftAt: at(30) },
      { userId: martin, joinedAt: at(21), leftAt: at(30) },
    ],
    incidents: [{ at: at(25), kind: "connection-lost", userId: martin }],
  }),
});

describe("a call that took place", () => {
  test("[C19] is in the record as a communication: who, when, what went wrong; on the archivist's word alone", async () => {
    await using filing = await bench.place.open();
    const made = await aCase(bench.all);
    const before = made.items.slice(0, 2);
    const forged = aCall(martin);
    const call = aCall(archivist);
    await submitAll(filing, [...before, asItem(made.roomId, forged), asItem(made.roomId, call)]);
    await until(() => bench.place.words().get(call.eventId)?.state === "filed");
    expect(bench.place.words().has(forged.eventId)).toBe(false);
    const filed = bench.record.ofType("Communication");
    expect(filed).toHaveLength(1);
    expect(filed[0]).toMatchObject({
      status: "completed",
      medium: [{ coding: [{ code: "VIDEOCONF" }] }],
      sent: at(20),
      received: at(30),
      subject: { reference: `Patient/${delattre.recordId}` },
      recipient: [{ reference: expect.stringContaining("martin") }],
    });
    const words = JSON.stringify(filed[0]?.payload);
    expect(words).toContain("Hélène Martin");
    expect(words).toContain("connexion perdue");
    expect(words).toContain("Ni image ni son n’ont été gardés.");
    expect((await filing.recordOf(made.roomId)).entries.map(({ kind }) => kind)).toContain("call");
  });
});
