import { describe, expect, test } from "vitest";
import { ArchivistStopped, createFailStop } from "./fail-stop.ts";
import { createHttp } from "./http.ts";
import { guardMachine } from "./sdk-inside.ts";

/** What the guard needs to see of the SDK's machine; the one here fails on demand. */
function machine() {
  const calls: string[] = [];
  let broken = false;
  const call = (name: string) => async () => {
    calls.push(name);
    if (broken) throw new Error("database or disk is full");
    return name;
  };
  return {
    calls,
    breakDisk: () => {
      broken = true;
    },
    receiveSyncChanges: call("receiveSyncChanges"),
    markRequestAsSent: call("markRequestAsSent"),
    receiveRoomKeyBundle: call("receiveRoomKeyBundle"),
    shareRoomKey: call("shareRoomKey"),
  };
}

describe("the brake", () => {
  test("is pulled by a fault of the crypto layer in a sync, and no request leaves after it", async () => {
    const causes: unknown[] = [];
    const brake = createFailStop((cause) => causes.push(cause));
    const crypto = machine();
    guardMachine(crypto, brake);
    expect(await crypto.receiveSyncChanges()).toBe("receiveSyncChanges");
    expect(brake.failed).toBe(false);

    crypto.breakDisk();
    await expect(crypto.receiveSyncChanges()).rejects.toThrow("disk is full");
    expect(causes).toHaveLength(1);
    await using http = createHttp({ url: "http://127.0.0.1:1" }, brake);
    await expect(http.fetch("http://127.0.0.1:1/_matrix/client/v3/sync")).rejects.toThrow(ArchivistStopped);
  });

  test("says the first cause only", () => {
    const causes: unknown[] = [];
    const brake = createFailStop((cause) => causes.push(cause));
    brake.fail("first");
    brake.fail("second");
    expect(causes).toEqual(["first"]);
  });

  test("an SDK that lacks a guarded call is refused at once, not found out on the day of the fault", () => {
    const brake = createFailStop(() => undefined);
    expect(() => guardMachine({ ...machine(), markRequestAsSent: undefined }, brake)).toThrow(/has changed/);
  });
});
