import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { connectStack } from "../../stack/control.ts";
import { type Clinician, clinician, type Line, register } from "./testing/people.ts";
import { setStage } from "./testing/stage.ts";

/** How much there is to catch up with; smaller while somebody works on it. */
const caseCount = Number(process.env.COLLOQUE_CATCH_UP_CASES ?? 200);
const eventsOf = 25;
/** In one case more than a page of the room's history, which is more than any sync brings. */
const eventsOfLong = 130;
const requesterCount = 4;

const stage = setStage();

const saidSchema = z.array(z.tuple([z.string(), z.string()]));

type Step = { readonly body: string; readonly as: "message" | "amendment" | "struck" };

/** What is said in a case: mostly messages, now and then an amendment of the one before, or something that is taken back at once. */
const stepsOf = (name: string, count: number): Step[] =>
  Array.from({ length: count }, (_, at) => ({
    body: `${name}.${at}`,
    as: at % 7 === 5 ? "amendment" : at % 9 === 7 ? "struck" : "message",
  }));

const lasting = (steps: readonly Step[]): string[] =>
  steps.filter((step) => step.as !== "struck").map((step) => step.body);

describe("the archivist after a long absence", { timeout: 3_600_000 }, () => {
  test("takes in all that was said while it was stopped, in each case's order, over gaps, redactions, amendments, comings and goings", async () => {
    const { suffix, bot } = stage;
    const requesters: Clinician[] = [];
    for (let at = 0; at < requesterCount; at++) {
      await register(`requester${at}${suffix}`);
      requesters.push(await clinician(`requester${at}${suffix}`, "R", bot));
    }
    await register(`colleague${suffix}`);
    const colleague = await clinician(`colleague${suffix}`, "C", bot);

    const before = await stage.startBot();
    const expected = new Map<string, string[]>();
    /** Event ids, and what they say, so that a failure names what is missing. */
    const wordsOf = new Map<string, string>();
    const play = async (
      who: Clinician,
      roomId: string,
      steps: readonly Step[],
      alone = false,
    ): Promise<void> => {
      const said = await who.call("play", { roomId, steps, alone });
      for (const [eventId, body] of saidSchema.parse(said)) wordsOf.set(eventId, body);
    };
    const everyCase = Array.from({ length: caseCount }, (_, at) => at);
    const rooms = new Map<number, string>();
    const asRequesters = (work: (requester: Clinician, at: number) => Promise<void>) =>
      Promise.all(
        requesters.map(async (requester, who) => {
          for (const at of everyCase) if (at % requesterCount === who) await work(requester, at);
        }),
      );
    // Half of the cases are open before it goes.
    await asRequesters(async (requester, at) => {
      if (at % 8 < 4) rooms.set(at, await open(requester, bot));
    });
    for (const [at, roomId] of rooms) {
      const requester = requesters[at % requesterCount];
      await requester?.call("waitFor", { roomId, userId: bot, membership: "join" });
    }
    await before.kill();

    const beganMs = Date.now();
    await asRequesters(async (requester, at) => {
      const steps = stepsOf(`${at}`, at === 0 ? eventsOfLong : eventsOf);
      const half = Math.floor(steps.length / 2);
      // In some it is asked in late, and given what was said before.
      const isLate = at % 8 === 7;
      const roomId = rooms.get(at) ?? (await open(requester, bot, isLate));
      const told = lasting(steps.slice(0, half));
      await play(requester, roomId, steps.slice(0, half), isLate);
      if (isLate) await requester.call("invite", { roomId, userId: bot });
      if (at % 10 === 3) {
        await requester.call("invite", { roomId, userId: colleague.userId });
        await colleague.call("join", { roomId });
        const aside = stepsOf(`${at}.colleague`, 3);
        await play(colleague, roomId, aside);
        await colleague.call("leave", { roomId });
        await requester.call("waitFor", { roomId, userId: colleague.userId, membership: "leave" });
        told.push(...lasting(aside));
      }
      await play(requester, roomId, steps.slice(half));
      expected.set(roomId, [...told, ...lasting(steps.slice(half))]);
    });
    const saidMs = Date.now() - beganMs;

    const { stopPart, startPart } = connectStack();
    await stopPart("synapse", "kill");
    await startPart("synapse");

    const startedMs = Date.now();
    const after = await stage.startBot();
    const total = [...expected.values()].reduce((sum, told) => sum + told.length, 0);
    const count = (lines: readonly Line[]) => lines.filter((line) => line.item !== undefined).length;
    // It is waited for as long as something comes.
    for (let seen = -1; count(after.lines) < total && seen < count(after.lines); ) {
      seen = count(after.lines);
      await after.until("more", (lines) => count(lines) > seen).catch(() => undefined);
    }
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    process.stdout.write(
      `${wordsOf.size} events in ${expected.size} cases, said in ${Math.round(saidMs / 1000)} s, were caught up with in ${seconds} s\n`,
    );
    const audited = after.lines.filter((line) => line.audit !== undefined);
    expect(audited.map((line) => ({ ...line, said: wordsOf.get(String(line.eventId)) }))).toEqual([]);
    for (const [roomId, told] of expected)
      expect(
        after.lines.flatMap((line) => (line.item?.roomId === roomId ? [line.item.content.body] : [])),
      ).toEqual(told);
  });
});

const open = async (requester: Clinician, bot: string, alone = false): Promise<string> =>
  z.string().parse(await requester.call("createCase", { caseId: randomUUID(), bot, alone }));
