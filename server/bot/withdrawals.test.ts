import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Json } from "#protocol/canonical.ts";
import { machineTypes, withdrawnSchema } from "#protocol/events.ts";
import { type Database, openDatabase } from "../store/index.ts";
import { markPhotoFiled, migrations, putPhoto } from "./store.ts";
import { createWithdrawals, type Withdrawal } from "./withdrawals.ts";

const roomId = "!case:valombre.example";
const consentId = "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";

let db: Database;
beforeEach(async () => {
  db = openDatabase(":memory:");
  await db.migrate("bot", migrations);
  await putPhoto(db, { receiptId: "r1", roomId, eventId: "$photo1", kind: "photo" });
  await putPhoto(db, { receiptId: "p1", roomId, eventId: "$preview1", kind: "preview" });
  await putPhoto(db, { receiptId: "r2", roomId, eventId: "$photo2", kind: "photo" });
  await putPhoto(db, { receiptId: "other", roomId, eventId: "$other", kind: "photo" });
});
afterEach(() => db[Symbol.asyncDispose]());

const withdrawal: Withdrawal = {
  consentId,
  at: Date.parse("2026-03-01T10:00:00Z"),
  by: "patient",
  why: "patient-asked",
  receiptIds: ["r1", "p1", "r2"],
};

function room() {
  const state = {
    untold: [withdrawal],
    redacted: [] as string[],
    said: [] as Json[],
    noted: [] as Json[],
    failAt: "",
  };
  const failing = (where: string) => {
    if (state.failAt === where) throw new Error("502");
  };
  const withdrawals = createWithdrawals({
    db,
    registry: {
      withdrawnIn: async () => ({ receiptIds: withdrawal.receiptIds, untold: state.untold }),
      withdrawalTold: async () => {
        failing("told");
        state.untold = [];
      },
    },
    redact: async (_roomId, eventId) => {
      failing(eventId);
      state.redacted.push(eventId);
    },
    note: async (_roomId, withdrawn) => {
      failing("note");
      state.noted.push(withdrawn);
    },
    say: async ({ type, content, key }) => {
      failing("say");
      state.said.push({ type, content, key });
    },
  });
  return { state, withdrawals };
}

describe("a withdrawal, in the room", () => {
  test("redacts the photos and previews of the consent, once, and no other", async () => {
    const { state, withdrawals } = room();
    await withdrawals.redact(roomId);
    await withdrawals.redact(roomId);
    expect(state.redacted).toEqual(["$photo1", "$preview1", "$photo2"]);
  });

  test("goes on where it failed", async () => {
    const { state, withdrawals } = room();
    state.failAt = "$preview1";
    await expect(withdrawals.redact(roomId)).rejects.toThrow();
    state.failAt = "";
    await withdrawals.redact(roomId);
    expect(state.redacted).toEqual(["$photo1", "$preview1", "$photo2"]);
  });

  test("redacts a photo that comes in after it", async () => {
    const { state, withdrawals } = room();
    await withdrawals.redact(roomId);
    await putPhoto(db, { receiptId: "r2", roomId, eventId: "$late", kind: "photo" });
    await withdrawals.redact(roomId);
    expect(state.redacted.at(-1)).toBe("$late");
  });

  test("is told with how many photos it took out, and how many stay in the record", async () => {
    const { state, withdrawals } = room();
    await markPhotoFiled(db, "$photo2");
    await withdrawals.tell(roomId);
    await withdrawals.tell(roomId);
    const content = withdrawnSchema.parse({
      consentId,
      at: "2026-03-01T10:00:00.000Z",
      by: "patient",
      reason: "patient-asked",
      photos: 2,
      inRecord: 1,
    });
    expect(state.said).toEqual([{ type: machineTypes.withdrawn, content, key: `withdrawn ${consentId}` }]);
  });

  test("is told again under the same key when nobody knows whether it was told", async () => {
    const { state, withdrawals } = room();
    state.failAt = "told";
    await expect(withdrawals.tell(roomId)).rejects.toThrow();
    state.failAt = "";
    await withdrawals.tell(roomId);
    expect(state.said).toHaveLength(2);
    expect(state.said[0]).toEqual(state.said[1]);
  });

  test("is noted in the record before the registry hears that it was told, and again when that failed", async () => {
    const { state, withdrawals } = room();
    state.failAt = "note";
    await expect(withdrawals.tell(roomId)).rejects.toThrow();
    expect(state.untold).toHaveLength(1);
    state.failAt = "";
    await withdrawals.tell(roomId);
    expect(state.noted).toMatchObject([{ consentId, by: "patient" }]);
    expect(state.untold).toHaveLength(0);
  });
});
