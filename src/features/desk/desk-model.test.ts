import { describe, expect, test } from "vitest";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Desk, Resolve } from "#protocol/filing-desk.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { createDeskModel } from "./desk-model.ts";

const item: Desk["items"][number] = {
  id: "$parked",
  kind: "photo",
  state: "parked",
  reason: "record-refused",
  code: "record-refused-422",
  caseRef: "7F3A-91C2",
  sentBy: null,
  sentAt: null,
  since: "2026-03-01T09:00:00.000Z",
  behind: 0,
};
const decision: Resolve = { how: "filed-by-hand", why: "Sur papier, par le secrétariat." };

function aDesk() {
  let items = [item];
  let answer: Result<unknown, ErrorCode> = ok({});
  let readable: ErrorCode | null = null;
  const done: string[] = [];
  const timers: { ms: number; run: () => void; on: boolean }[] = [];
  const act = async (what: string, id: string) => {
    done.push(`${what} ${id}`);
    if (answer.ok) items = items.filter((each) => each.id !== id);
    return answer;
  };
  const model = createDeskModel({
    door: {
      filingDesk: {
        read: async () => (readable === null ? ok({ items, more: false, resolved: [] }) : err(readable)),
        retry: (id) => act("retry", id),
        resolve: (id) => act("resolve", id),
      },
    },
    clock: {
      now: () => 1000,
      later: (ms, run) => {
        const timer = { ms, run, on: true };
        timers.push(timer);
        return () => {
          timer.on = false;
        };
      },
    },
  });
  return {
    model,
    done,
    view: () => model.store.getState(),
    waiting: () => timers.filter((each) => each.on).map((each) => each.ms),
    answers: (next: Result<unknown, ErrorCode>) => {
      answer = next;
    },
    fails: (code: ErrorCode | null) => {
      readable = code;
    },
  };
}

describe("the desk", () => {
  test("reads the list, and reads it anew each minute until it is left", async () => {
    const { model, view, waiting } = aDesk();
    await model.read();
    expect(view()).toMatchObject({ desk: { items: [item] }, readAtMs: 1000, failed: null, reading: false });
    expect(waiting()).toEqual([60_000]);
    model.dispose();
    expect(waiting()).toEqual([]);
  });

  test("keeps the list that it has while the server is away, and says from when it is", async () => {
    const { model, view, fails, waiting } = aDesk();
    await model.read();
    fails("homeserver-unreachable");
    await model.read();
    expect(view()).toMatchObject({
      desk: { items: [item] },
      readAtMs: 1000,
      failed: "homeserver-unreachable",
    });
    expect(waiting()).toEqual([60_000]);
    fails(null);
    await model.read();
    expect(view().failed).toBeNull();
  });

  test("whom the server refuses does not knock again", async () => {
    const { model, view, fails, waiting } = aDesk();
    fails("not-allowed");
    await model.read();
    expect(view()).toMatchObject({ desk: null, failed: "not-allowed" });
    expect(waiting()).toEqual([]);
  });

  test("what was put back in line leaves the list, and the list is looked at again soon", async () => {
    const { model, view, waiting } = aDesk();
    await model.read();
    await model.retry(item.id);
    expect(view()).toMatchObject({
      desk: { items: [] },
      acting: null,
      said: { what: "retried", id: item.id },
    });
    expect(waiting()).toEqual([5000]);
  });

  test("what was resolved leaves the list; what could not be stays, and says why", async () => {
    const { model, view, answers } = aDesk();
    await model.read();
    answers(err("homeserver-unreachable"));
    expect(await model.resolve(item.id, decision)).toBe(false);
    expect(view()).toMatchObject({
      desk: { items: [item] },
      said: { what: "failed", code: "homeserver-unreachable" },
    });
    answers(ok({}));
    expect(await model.resolve(item.id, decision)).toBe(true);
    expect(view()).toMatchObject({ desk: { items: [] }, said: { what: "resolved" } });
  });

  test("what somebody else saw to meanwhile is said to be gone, not failed", async () => {
    const { model, view, answers } = aDesk();
    await model.read();
    answers(err("not-found"));
    expect(await model.resolve(item.id, decision)).toBe(true);
    expect(view().said).toEqual({ what: "gone", id: item.id });
  });

  test("one act at a time: a second press does nothing", async () => {
    const { model, done } = aDesk();
    await model.read();
    await Promise.all([model.retry(item.id), model.retry(item.id), model.resolve(item.id, decision)]);
    expect(done).toEqual([`retry ${item.id}`]);
  });
});
