import { foldCase } from "#protocol/case-state.ts";
import type { CaseEvent } from "#protocol/events.ts";
import { gate, type RegistryPort } from "../../server/filing/gate.ts";
import { sha256Hex } from "../../src/matrix/kit/bytes.ts";
import type { Door } from "./commands.ts";
import { photoInCase } from "./device.ts";
import { all, mayDownload, mayShow, mayShowInSilence, rules, type Verdict } from "./oracle.ts";
import { bot, everybody } from "./people.ts";
import { judgeThat, type Tally } from "./tally.ts";
import type { MadePicture, World } from "./world.ts";

/** Everybody tries to have a picture in the clear, by one door. */
export async function look(world: World, picture: MadePicture, door: Door, tally: Tally): Promise<void> {
  const events = await world.read(picture.room);
  const isInTimeline = events.some((event) => event.eventId === picture.eventId);
  for (const userId of everybody) {
    // The whole way goes over the timeline, which shows no event that fails its judgement.
    const verdict = (): Verdict =>
      door === "view" && !isInTimeline ? "refuse" : verdictOn(world, picture, door, userId, events);
    const before = verdict();
    const had = door === "view" && !isInTimeline ? null : await tryDoor(world, picture, door, userId, events);
    const isPlain = had !== null && (await sha256Hex(had)) === (await sha256Hex(picture.plain));
    if (door === "peek" && world.cutAtMs !== undefined)
      judgeThat(tally, "shown in silence", [isPlain ? "allow" : "refuse"], isPlain, undefined);
    judgeThat(tally, `${door}`, [before, verdict()], isPlain, { userId, door, picture, at: world.nowMs() });
  }
}

async function tryDoor(
  world: World,
  picture: MadePicture,
  door: Door,
  userId: string,
  events: readonly CaseEvent[],
) {
  const device = world.device(userId);
  const { room, sender, photo } = picture;
  const inCase = photoInCase(photo, { roomId: room.roomId, caseId: room.caseId, sender }, events);
  if (door === "grab") return device.grab(photo);
  return door === "view" ? device.view(inCase) : device.peek(inCase);
}

function verdictOn(
  world: World,
  picture: MadePicture,
  door: Door,
  userId: string,
  events: readonly CaseEvent[],
): Verdict {
  const device = world.device(userId);
  const member = (roomId: string) => ({
    userId,
    isMember: world.isMember(userId, roomId),
    leftAtMs: world.leftAtMs(userId, roomId),
  });
  const showing = (): Verdict => {
    const { receipt, room } = picture;
    const isInRoom = events.some(
      (event) => event.kind === "consent" && event.consent.payload.consentId === receipt.consentId,
    );
    if (!picture.isGenuine || !isInRoom || receipt.caseId !== room.caseId) return "refuse";
    const heardAtMs = device.heardAtMs(room.roomId);
    const person = { ...member(room.roomId), skewMs: device.skewMs, heardAtMs };
    if (world.cutAtMs === undefined)
      return mayShow(world.truthOf(receipt.consentId), receipt, person, world.nowMs());
    if (heardAtMs === undefined) return "refuse";
    const openedHereAtMs = device.openedHereAtMs(receipt.consentId);
    const told = world.truthAt(receipt.consentId, heardAtMs);
    return mayShowInSilence(told, receipt, { userId, heardAtMs, openedHereAtMs }, world.nowMs());
  };
  const download = (): Verdict => {
    const whole = picture.original ?? picture;
    if (!whole.isPermitted || world.cutAtMs !== undefined) return "refuse";
    const truth = world.truthOf(whole.receipt.consentId);
    const person = member(whole.room.roomId);
    // Where news are heard, it is over at once.
    const leftAtMs = world.tellsNews ? undefined : person.leftAtMs;
    return mayDownload(truth, whole.receipt, { ...person, leftAtMs }, world.nowMs());
  };
  if (door === "grab") return download();
  return door === "peek" ? showing() : all([showing(), download()]);
}

/** Gate 4: the archivist has the bytes and asks whether they may go into the record. */
export async function file(world: World, picture: MadePicture, tally: Tally): Promise<void> {
  const { registry } = world.hospital.now();
  const port: RegistryPort = {
    key: registry.publicKey,
    statusOf: registry.statusOf,
    leasesOf: registry.leasesOf,
  };
  const events = await world.read(picture.room);
  const verdict = (): Verdict => {
    const { receipt, room } = picture;
    const isInRoom = events.some(
      (event) => event.kind === "consent" && event.consent.payload.consentId === receipt.consentId,
    );
    if (!picture.isGenuine || !picture.isPermitted || !isInRoom || receipt.caseId !== room.caseId)
      return "refuse";
    return rules(world.truthOf(receipt.consentId), receipt, "record", world.nowMs());
  };
  const passed: CaseEvent[] = [];
  for (const event of events) {
    if (event.kind === "request") passed.push(event);
    if (event.kind !== "consent") continue;
    const answer = await gate(event, undefined, foldCase([...passed, event], bot), port, world.nowMs());
    if (answer.allow === true) passed.push(event);
  }
  const base = { eventId: picture.eventId, sender: picture.sender, atMs: world.nowMs() };
  const event = { ...base, kind: "photo" as const, photo: picture.photo };
  const answer = await gate(event, picture.plain, foldCase([...passed, event], bot), port, world.nowMs());
  judgeThat(tally, "filing", [verdict()], answer.allow === true, { picture, answer });
}
