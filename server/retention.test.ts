import { describe, expect, test } from "vitest";
import { expiredSchema } from "#protocol/events.ts";
import { createLogger } from "./kit/log.ts";
import { type RetentionParts, startRetention } from "./retention.ts";

const summary = expiredSchema.parse({
  at: "2027-01-01T00:00:00Z",
  requestEventId: "$request",
  request: {
    caseId: "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
    patient: { recordId: "1", family: "TEST", given: "Test", sex: "unknown", identity: "provisional" },
    addressee: { kind: "person", userId: "@martin:valombre.example" },
    specialty: "dermatology",
    urgency: "48h",
    dueAt: "2026-01-02T10:00:00Z",
    question: "?",
    history: "",
    requester: "@leroy:valombre.example",
    createdAt: "2026-01-01T10:00:00Z",
  },
  requestedAt: "2026-11-24T10:00:00Z",
  consentIds: [],
  ended: { how: "answered", by: "@martin:valombre.example", at: "2026-11-24T11:00:00Z" },
  filedAt: "2026-11-24T12:00:00Z",
});

type World = {
  over: boolean;
  days: number;
  allTaken: boolean;
  withdrawalOpen: boolean;
  /** What filing says at the last moment. */
  mayBegin: boolean;
  decided: boolean;
  through: boolean;
  closedForMs: number | null;
  fails: string;
};

/** One case, whose state a test sets between two looks; the steps in the order in which they were taken. */
function aHouse(change: Partial<World> = {}) {
  const steps: string[] = [];
  const world: World = {
    over: true,
    days: 30,
    allTaken: true,
    withdrawalOpen: false,
    mayBegin: true,
    decided: false,
    through: false,
    closedForMs: null,
    fails: "",
    ...change,
  };
  const step = async (name: string): Promise<void> => {
    if (world.fails === name) throw new Error("down");
    steps.push(name);
  };
  const given: RetentionParts = {
    filing: {
      over: async (days) => (days > 0 && world.over && !world.decided ? ["!room"] : []),
      begun: async () => (world.decided && !world.through ? ["!room"] : []),
      left: async () => (world.decided ? ["!room"] : []),
      begin: async () => {
        if (!world.decided && !world.mayBegin) return undefined;
        if (!world.decided) await step("decide");
        world.decided = true;
        return summary;
      },
      through: async () => {
        await step("through");
        world.through = true;
      },
      alone: (_roomId, work) => work(),
    },
    bot: {
      isAllTaken: async () => world.allTaken,
      expire: async () => {
        await step("redact");
        return "$stays";
      },
    },
    registry: {
      closeRoom: async () => {
        if (world.closedForMs === null) await step("close");
        world.closedForMs ??= 0;
        return world.closedForMs;
      },
      reopenRoom: async () => {
        if (world.closedForMs !== null) await step("reopen");
        world.closedForMs = null;
      },
      closedRooms: async () => (world.closedForMs === null ? [] : ["!room"]),
      hasOpenWithdrawal: async () => world.withdrawalOpen,
      eraseRoom: (_roomId, upTo) => step(`erase to ${upTo}`),
    },
    days: world.days,
    log: createLogger("silent"),
  };
  const start = async () => {
    const retention = startRetention(given);
    await retention.look();
    return retention;
  };
  return { steps, world, start };
}
const quietMs = 30_000;
const whole = ["decide", "redact", "erase to $stays", "through"];

describe("retention", () => {
  test("closes the case, is quiet, decides, takes out what was said, then the media, and is through with it", async () => {
    const { steps, world, start } = aHouse();
    await using retention = await start();
    expect(steps).toEqual(["close"]);
    world.closedForMs = quietMs - 1;
    await retention.look();
    expect(steps).toEqual(["close"]);
    world.closedForMs = quietMs;
    await retention.look();
    expect(steps).toEqual(["close", ...whole]);
    await retention.look();
    expect(steps).toEqual(["close", ...whole]);
  });

  test.each([
    ["something is unread", { allTaken: false }],
    ["a withdrawal is open", { withdrawalOpen: true }],
    ["it is not over", { over: false }],
  ] as const)("leaves a case alone while %s, and closes it when not", async (_why, obstacle) => {
    const { steps, world, start } = aHouse(obstacle);
    await using retention = await start();
    expect(steps).toEqual([]);
    Object.assign(world, { allTaken: true, withdrawalOpen: false, over: true });
    await retention.look();
    expect(steps).toEqual(["close"]);
  });

  test.each([
    ["something came in", { allTaken: false }],
    ["something was taken back", { withdrawalOpen: true }],
    ["filing has something of it again", { mayBegin: false }],
    ["it is not over after all", { over: false }],
  ] as const)("opens a closed case again when %s, and takes nothing out", async (_why, obstacle) => {
    const { steps, world, start } = aHouse();
    await using retention = await start();
    Object.assign(world, { closedForMs: quietMs, ...obstacle });
    await retention.look();
    expect(steps).toEqual(["close", "reopen"]);
  });

  test.each(["redact", "erase to $stays", "through"])(
    "goes on after a fault at “%s”, though things came in since: what was decided is gone through with",
    async (fails) => {
      const { steps, world, start } = aHouse({ closedForMs: quietMs, fails });
      await using retention = await start();
      expect([...new Set(steps)]).toEqual(whole.slice(0, whole.indexOf(fails)));
      Object.assign(world, {
        fails: "",
        allTaken: false,
        over: false,
        mayBegin: false,
        withdrawalOpen: true,
      });
      await retention.look();
      expect(steps.slice(-3)).toEqual(whole.slice(1));
      expect(world.through).toBe(true);
      expect(world.closedForMs).not.toBeNull();
    },
  );

  test("keeps everything where no days are set", async () => {
    const { steps, start } = aHouse({ days: 0 });
    await using _retention = await start();
    expect(steps).toEqual([]);
  });
});
