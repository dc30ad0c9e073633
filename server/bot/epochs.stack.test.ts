import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { steps } from "./epochs.ts";
import {
  type BotProcess,
  botProcess,
  type Clinician,
  clinician,
  killAll,
  type Line,
  register,
} from "./testing/people.ts";

let dataDir = "";
let bot = "";
let requester: Clinician;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "colloque-epochs-"));
  const suffix = randomUUID().slice(0, 8);
  bot = await register(`bot${suffix}`);
  await register(`requester${suffix}`);
  requester = await clinician(`requester${suffix}`, "R1", bot);
}, 90_000);
afterEach(() => {
  killAll();
  rmSync(dataDir, { recursive: true, force: true });
});

type How = { ageDays?: number; closed?: string[]; dieAt?: string };
async function startBot(how: How = {}): Promise<BotProcess> {
  const archivist = botProcess({ userId: bot, dataDir, ...how });
  if (how.dieAt !== undefined) return archivist;
  await archivist.until("up", (lines) => lines.some((line) => line.up === true || line.fatal !== undefined));
  return archivist;
}

const openCase = async (): Promise<string> => {
  const roomId = z.string().parse(await requester.call("createCase", { caseId: randomUUID(), bot }));
  await requester.call("waitFor", { roomId, userId: bot, membership: "join" });
  return roomId;
};
const say = async (roomId: string, body: string) => {
  const content = { msgtype: "m.text", body };
  return z.string().parse(await requester.call("send", { roomId, type: "m.room.message", content }));
};
const devices = () => requester.call("devicesOf", { userId: bot });
const bodies = (lines: readonly Line[]) => lines.flatMap((line) => line.item?.content.body ?? []);
const said = (step: string) => (lines: readonly Line[]) => lines.some((line) => line.log === step);
const keysOf = (device: string) => join(dataDir, `archivist-keys.${device}.db`);

describe("the epochs of the archivist", { timeout: 400_000 }, () => {
  test("after a turn another device acts: it has the keys of open cases and none of closed ones, and nothing is left of the old", async () => {
    let archivist = await startBot();
    const [open, closed] = [await openCase(), await openCase()];
    await say(open, "in the open case");
    const lost = await say(closed, "in the closed case");
    await archivist.until("both", (lines) => bodies(lines).length === 2);
    expect(await devices()).toEqual(["ARCHIVIST1"]);
    // Into the backup, too, of which nothing of the closed case may be left.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await archivist.kill();

    archivist = await startBot({ ageDays: 31, closed: [closed] });
    await archivist.until("the old one is gone", said(steps.destroyed));
    expect(await devices()).toEqual(["ARCHIVIST2"]);
    expect(existsSync(keysOf("ARCHIVIST1"))).toBe(false);
    expect(existsSync(keysOf("ARCHIVIST2"))).toBe(true);
    await say(open, "after the turn");
    await archivist.until("the new one reads", (lines) => bodies(lines).includes("after the turn"));
    expect(bodies(archivist.lines)).toEqual(["after the turn"]);
    await archivist.kill();

    // With the inbox lost, everything that it still can read is read anew.
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(dataDir, `server.db${suffix}`), { force: true });
    archivist = await startBot();
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
    let archivist = await startBot();
    const roomId = await openCase();
    await say(roomId, "before");
    await archivist.until("before", (lines) => bodies(lines).includes("before"));
    await archivist.kill();
    let acting = 1;
    let highest = 1;
    for (const [step, dieAt] of Object.entries(steps)) {
      archivist = await startBot({ ageDays: 31, dieAt });
      await archivist.died();
      highest += 1;
      if (step !== "coming" && step !== "handed") acting = highest;
      await say(roomId, `while dead at ${step}`);

      archivist = await startBot();
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
