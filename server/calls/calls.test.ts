import { describe, expect, test } from "vitest";
import { aHospital, haddad, leroy, martin, room } from "./testing/a-hospital.ts";

const ask = (userId: string) => ({ roomId: room, userId, deviceId: "PHONE" });

describe("entering a call", () => {
  test("is given to a member whom the patient's consent covers, under the name of the device", async () => {
    await using hospital = await aHospital();
    expect(await hospital.calls.pass(ask(martin))).toEqual({
      url: "wss://calls.valombre.example",
      jwt: `pass of ${martin}:PHONE to ${room}`,
      identity: `${martin}:PHONE`,
    });
  });

  test("is refused to who is not in the room, to who is not covered, and in a case that has ended", async () => {
    await using hospital = await aHospital();
    await expect(hospital.calls.pass(ask(haddad))).rejects.toMatchObject({ code: "not-a-member" });
    hospital.uncovered.add(martin);
    await expect(hospital.calls.pass(ask(martin))).rejects.toMatchObject({
      code: "gate-refused",
      details: { reason: "withdrawn" },
    });
    hospital.uncovered.clear();
    hospital.world.isEnded = true;
    await expect(hospital.calls.pass(ask(martin))).rejects.toMatchObject({ code: "case-ended" });
  });
});

describe("who is in a call", () => {
  test("is put out once no longer a member; the others stay", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(martin);
    await hospital.calls.recheck(room);
    expect(hospital.here()).toEqual([leroy, martin]);
    hospital.members.delete(martin);
    await hospital.calls.recheck(room);
    expect(hospital.here()).toEqual([leroy]);
    expect(hospital.told).toEqual([]);
  });

  test("is put out again when an old leave brings them back", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    hospital.members.delete(martin);
    await hospital.enter(martin);
    expect(hospital.here()).toEqual([leroy]);
  });

  test("is put out again within the next round when the media server tells nothing of the return", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(martin);
    await hospital.calls.watch();
    hospital.members.delete(martin);
    await hospital.calls.watch();
    // Nobody was put out yet: nothing is watched.
    expect(hospital.here()).toEqual([leroy, martin]);
    await hospital.calls.recheck(room);
    await hospital.enter(martin, { unheard: true });
    await hospital.calls.watch();
    expect(hospital.here()).toEqual([leroy]);
    hospital.wait(12 * 60);
    await hospital.calls.watch();
    await hospital.enter(martin, { unheard: true });
    await hospital.calls.watch();
    expect(hospital.here()).toEqual([leroy, martin]);
  });

  test("is sent home when the patient takes the consent back, and the case is told why it ended", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(martin);
    hospital.wait(60);
    hospital.uncovered.add(leroy).add(martin);
    await hospital.calls.recheck(room);
    expect(hospital.here()).toEqual([]);
    expect(hospital.told).toMatchObject([{ roomId: room, trace: { ended: "consent-ended" } }]);
    // The media server's own word that it closed changes nothing.
    await hospital.finish();
    expect(hospital.told).toHaveLength(1);
  });

  test("is put out alone when only their own cover ended", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(martin);
    hospital.uncovered.add(martin);
    await hospital.calls.recheck(room);
    expect(hospital.here()).toEqual([leroy]);
    expect(hospital.told).toEqual([]);
  });

  test("goes with the end of the case", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(martin);
    hospital.world.isEnded = true;
    await hospital.calls.recheck(room);
    expect(hospital.here()).toEqual([]);
    expect(hospital.told).toMatchObject([{ trace: { ended: "case-ended" } }]);
  });

  test("is looked at though nothing was told: the sweep finds a stranger, and who came while we were away", async () => {
    await using hospital = await aHospital();
    await hospital.enter(haddad, { unheard: true });
    await hospital.enter(leroy, { unheard: true });
    await hospital.enter(martin, { unheard: true });
    await hospital.calls.sweep();
    expect(hospital.here()).toEqual([leroy, martin]);
    hospital.wait(30);
    await hospital.finish();
    expect(hospital.told.map(({ trace }) => trace.participants.map(({ userId }) => userId).sort())).toEqual([
      [haddad, leroy, martin],
    ]);
  });
});

describe("what the case is told of a call", () => {
  test("is its start and end, who was in it when, and what went wrong; one stay a person", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    hospital.wait(10);
    const first = await hospital.enter(martin);
    hospital.wait(20);
    await hospital.leave(first, "connection-lost");
    hospital.wait(5);
    const second = await hospital.enter(martin);
    hospital.wait(25);
    await hospital.leave(second);
    await hospital.finish();
    const at = (seconds: number) => new Date(Date.UTC(2026, 10, 24, 10, 0, seconds)).toISOString();
    expect(hospital.told).toEqual([
      {
        roomId: room,
        trace: {
          callId: expect.any(String),
          startedAt: at(0),
          endedAt: at(60),
          ended: "left",
          participants: [
            { userId: leroy, joinedAt: at(0), leftAt: at(60) },
            { userId: martin, joinedAt: at(10), leftAt: at(60) },
          ],
          incidents: [{ at: at(30), kind: "connection-lost", userId: martin }],
        },
      },
    ]);
  });

  test("is nothing when nobody came", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(leroy, { device: "TABLET" });
    await hospital.finish();
    expect(hospital.told).toEqual([]);
  });

  test("comes later when it could not be told, once; and news told twice are one", async () => {
    await using hospital = await aHospital();
    const who = await hospital.enter(leroy);
    await hospital.enter(martin);
    await hospital.calls.hear({ kind: "joined", roomId: room, ...who, atMs: 1 });
    hospital.world.canTell = false;
    await expect(hospital.finish()).rejects.toThrow("away");
    expect(hospital.told).toEqual([]);
    hospital.world.canTell = true;
    await hospital.calls.sweep();
    await hospital.calls.sweep();
    await hospital.finish();
    expect(hospital.told).toHaveLength(1);
    expect(hospital.told[0]?.trace.participants).toHaveLength(2);
  });

  test("says that the media server was lost, unless everybody had left before", async () => {
    await using hospital = await aHospital();
    await hospital.enter(leroy);
    await hospital.enter(martin);
    hospital.world.isOpen = false;
    await hospital.calls.sweep();
    expect(hospital.told).toMatchObject([{ trace: { ended: "lost" } }]);

    const one = await hospital.enter(leroy, { device: "A" });
    const two = await hospital.enter(martin, { device: "A" });
    await hospital.leave(one);
    await hospital.leave(two);
    hospital.world.isOpen = false;
    await hospital.calls.sweep();
    expect(hospital.told).toMatchObject([{ trace: { ended: "lost" } }, { trace: { ended: "left" } }]);
  });
});
