import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { steps } from "./epochs.ts";
import { type Clinician, clinician, type Line, register } from "./testing/people.ts";
import { bodies, setStage } from "./testing/stage.ts";

const stage = setStage();
let requester: Clinician;
beforeEach(async () => {
  await register(`requester${stage.suffix}`);
  requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
}, 90_000);

const openCase = async (): Promise<string> => {
  const roomId = z
    .string()
    .parse(await requester.call("createCase", { caseId: randomUUID(), bot: stage.bot }));
  await requester.call("waitFor", { roomId, userId: stage.bot, membership: "join" });
  return roomId;
};
const say = async (roomId: string, body: string) => {
  const content = { msgtype: "m.text", body };
  return z.string().parse(await requester.call("send", { roomId, type: "m.room.message", content }));
};
const devices = () => requester.call("devicesOf", { userId: stage.bot });
const said = (step: string) => (lines: readonly Line[]) => lines.some((line) => line.log === step);
const keysOf = (device: string) => join(stage.dataDir, `archivist-keys.${device}.db`);

describe("the epochs of the archivist", { timeout: 400_000 }, () => {
  test("after a turn another device acts: it has the keys of open cases and none of closed ones, and nothing is left of the old", async () => {
    let archivist = await stage.startBot();
    const [open, closed] = [await openCase(), await openCase()];
    await say(open, "in the open case");
    const lost = await say(closed, "in the closed case");
    await archivist.until("both", (lines) => bodies(lines).length === 2);
    expect(await devices()).toEqual(["ARCHIVIST1"]);
    // Into the backup, too, of which nothing of the closed case may be left.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await archivist.kill();

    archivist = await stage.startBot({ ageDays: 31, closed: [closed] });
    await archivist.until("the old one is gone", said(steps.destroyed));
    expect(await devices()).toEqual(["ARCHIVIST2"]);
    expect(existsSync(keysOf("ARCHIVIST1"))).toBe(false);
    expect(existsSync(keysOf("ARCHIVIST2"))).toBe(true);
    await say(open, "after the turn");
    await archivist.until("the new one reads", (lines) => bodies(lines).includes("after the turn"));
    expect(bodies(archivist.lines)).toEqual(["after the turn"]);
    await archivist.kill();

    // With the inbox lost, everything that it still can read is read anew.
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(stage.dataDir, `server.db${suffix}`), { force: true });
    archivist = await stage.startBot();
    await archivist.until("the open case", (lines) => bodies(lines).includes("after the turn"));
    await archivist.until("the closed case is given up", (lines) =>
      lines.some((line) => line.audit === "bot-event-unreadable"),
    );
    expect(bodies(archivist.lines).sort()).toEqual(["after the turn", "in the open case"]);
    archivist.tell({ unreadable: true });
    await archivist.until("the list", (lines) => lines.some((line) => line.unreadable !== undefined));
    expect(archivist.lines.flatMap((line) => line.unreadable ?? [])).toMatchObject([{ eventId: lost }]);
    expect(await devices()).toEqual(["ARCHIVIST2"]);
  });

  test("killed at any step of a turn, one device is left, which reads what is said next", async () => {
    let archivist = await stage.startBot();
    const roomId = await openCase();
    await say(roomId, "before");
    await archivist.until("before", (lines) => bodies(lines).includes("before"));
    await archivist.kill();
    let acting = 1;
    let highest = 1;
    for (const [step, dieAt] of Object.entries(steps)) {
      archivist = await stage.startBot({ ageDays: 31, dieAt });
      await archivist.died();
      highest += 1;
      if (step !== "coming" && step !== "handed") acting = highest;
      await say(roomId, `while dead at ${step}`);

      archivist = await stage.startBot();
      await say(roomId, `after ${step}`);
      await archivist.until(step, (lines) => bodies(lines).includes(`after ${step}`));
      expect(bodies(archivist.lines)).toEqual([`while dead at ${step}`, `after ${step}`]);
      await expect.poll(devices, { timeout: 20_000, interval: 500 }).toEqual([`ARCHIVIST${acting}`]);
      await expect
        .poll(() =>
          [acting, ...Array.from({ length: highest }, (_, at) => at + 1)].filter((n) =>
            existsSync(keysOf(`ARCHIVIST${n}`)),
          ),
        )
        .toEqual([acting, acting]);
      expect(archivist.lines.some((line) => line.audit !== undefined)).toBe(false);
      await archivist.kill();
    }
  });
});
