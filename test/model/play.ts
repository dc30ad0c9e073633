import { decodeJwt } from "jose";
import { breakGlassAnswerSchema, consentStatusSchema } from "#protocol/api.ts";
import { consentSchema } from "#protocol/consent.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { contentKeys } from "#protocol/events.ts";
import type { Command } from "./commands.ts";
import { doors } from "./commands.ts";
import { file, look } from "./looks.ts";
import { counts, glassOf, rules } from "./oracle.ts";
import { bot, clinicians, everybody } from "./people.ts";
import { push, send, sendOn } from "./pictures.ts";
import { judgeThat, type Tally } from "./tally.ts";
import { elsewhere, evidenceHash, evidenceOf, type MadeConsent, pseudonyms, type World } from "./world.ts";

/** Plays one command of a history, and throws when a machine does what the rules forbid, or refuses what they allow. */
export async function play(world: World, command: Command, tally: Tally): Promise<void> {
  switch (command.do) {
    case "consent":
      return consent(world, command, tally);
    case "register-again": {
      const again = pick(world.consents, command.consent);
      return again === undefined
        ? undefined
        : register(world, again, again.signed.payload.collectedBy, tally);
    }
    case "withdraw":
      return withdraw(world, command, tally);
    case "pass":
      return world.pass(command.ms);
    case "skew":
      return world.device(command.who).setSkew(command.ms, command.anew);
    case "send":
      return send(world, command, tally);
    case "push":
      return push(world, command, tally);
    case "send-on":
      return sendOn(world, command);
    case "glass":
      return breakGlass(world, command, tally);
    case "invite":
      return invite(world, command, tally);
    case "force":
      await world.hospital.homeserver.force(command.who, at(world.rooms, command.room).roomId);
      return world.pass(1_001);
    case "leave": {
      const room = at(world.rooms, command.room);
      if (command.who !== room.owner) await world.leave(command.who, room.roomId);
      // A membership is believed for a second, where nobody tells that it is over.
      return world.tellsNews ? undefined : world.pass(1_001);
    }
    case "look": {
      const picture = pick(world.pictures, command.picture);
      return picture === undefined ? undefined : look(world, picture, command.door, tally);
    }
    case "file": {
      const picture = pick(world.pictures, command.picture);
      return picture === undefined ? undefined : file(world, picture, tally);
    }
    case "restart":
      await world.hospital.stop();
      return world.hospital.start();
    case "outage":
      return outage(world, command.ms, tally);
    case "silence":
      return silence(world, command, tally);
    case "back-up":
      await world.hospital.backUp();
      return world.keepAside();
    case "restore":
      return restore(world);
  }
}

/** At the end everybody tries everything, at every door. */
export async function tryEverything(world: World, tally: Tally): Promise<void> {
  for (const picture of world.pictures) {
    for (const door of doors) await look(world, picture, door, tally);
    await file(world, picture, tally);
  }
  for (const made of world.consents) checkRemoval(world, made);
}

const at = <T>(list: readonly T[], n: number): T => {
  const found = pick(list, n);
  if (found === undefined) throw new Error("A history has rooms");
  return found;
};
const pick = <T>(list: readonly T[], n: number): T | undefined =>
  n < 0 ? list.at(n) : list[n % Math.max(1, list.length)];

type Of<K extends Command["do"]> = Extract<Command, { do: K }>;

async function consent(world: World, { by, room: n, plan }: Of<"consent">, tally: Tally): Promise<void> {
  const room = at(world.rooms, n);
  const device = world.device(by);
  const consentId = crypto.randomUUID();
  const replaced = plan.replaces === undefined ? undefined : pick(world.consents, plan.replaces);
  const payload = consentSchema.parse({
    v: 1,
    consentId,
    caseId: room.caseId,
    pseudonym: pseudonyms[plan.patient],
    decisions: plan.granted.map((purpose) => ({
      purpose,
      granted: true,
      ...(purpose === "research" && { project: plan.project }),
    })),
    recipients: plan.recipients,
    method: plan.method,
    ...(replaced !== undefined && { supersedes: replaced.signed.payload.consentId }),
    givenBy: plan.givenBy,
    ...(plan.assent !== undefined && { assent: plan.assent }),
    notice: { version: "1", sha256: "0".repeat(64), language: "fr" },
    evidenceSha256: await evidenceHash(consentSchema.shape.consentId.parse(consentId)),
    collectedBy: by,
    collectedAt: new Date(device.nowMs()).toISOString(),
    expiresAt: new Date(device.nowMs() + plan.lastsMs).toISOString(),
  });
  const isCertified = plan.twist !== "uncertified" && clinicians.some((each) => each.userId === by);
  const signer = isCertified ? await device.signer() : await (await elsewhere).certified(by);
  const signed = await signer.sign(payload);
  const isChanged = plan.twist === "changed-after-signing";
  const wider = { ...payload, expiresAt: new Date(device.nowMs() + plan.lastsMs + 1000).toISOString() };
  const made: MadeConsent = {
    signed: isChanged ? { ...signed, payload: wider } : signed,
    room,
    isGenuine: isCertified && !isChanged,
    isRegistered: false,
    registeredAtMs: undefined,
    withdrawnAtMs: undefined,
    glasses: [],
    everyGlass: [],
  };
  world.consents.push(made);
  const others = everybody.filter((each) => each !== by);
  await register(world, made, plan.twist === "brought-by-another" ? at(others, 1) : by, tally);
  // A modified client tells the room whatever the registry said.
  world.post(by, room.roomId, {
    msgtype: "m.text",
    body: "…",
    [contentKeys.consent]: { consent: made.signed, evidence: evidenceOf(payload.consentId) },
  });
}

async function register(world: World, made: MadeConsent, by: string, tally: Tally): Promise<void> {
  const { payload } = made.signed;
  const isOfAnother = world.consents.some(
    (other) =>
      other.isRegistered &&
      other.withdrawnAtMs === undefined &&
      other.room === made.room &&
      other.signed.payload.pseudonym !== payload.pseudonym,
  );
  // The signature of a consent from before its key could be verified by nobody later.
  const keySinceMs = (decodeJwt(made.signed.certificate).iat ?? 0) * 1000;
  const verdict = () =>
    made.isGenuine &&
    by === payload.collectedBy &&
    world.isMember(by, made.room.roomId) &&
    !isOfAnother &&
    made.withdrawnAtMs === undefined &&
    Date.parse(payload.collectedAt) >= keySinceMs - clockSkewMs
      ? counts(payload, world.nowMs())
      : "refuse";
  // What the registry has already is answered as before, over or not.
  if (made.isRegistered) return;
  const before = verdict();
  const answer = await world.device(by).registry.registerConsent(made.signed);
  const isTaken = answer.ok && answer.value.state === "live";
  judgeThat(tally, "the registry takes a consent", [before, verdict()], isTaken, { made, by });
  made.isRegistered = isTaken;
  if (isTaken) made.registeredAtMs ??= world.nowMs();
  // A device may know of the former word alone for as long as it believes the registry's last answer.
  if (payload.supersedes !== undefined) await world.pass(90_000);
}

async function withdraw(world: World, { by, consent: n }: Of<"withdraw">, tally: Tally): Promise<void> {
  const made = pick(world.consents, n);
  if (made === undefined) return;
  const { consentId, collectedBy } = made.signed.payload;
  const answer = await world
    .device(by)
    .api.post(`/consents/${consentId}/withdraw`, { reason: "patient-asked" }, consentStatusSchema);
  const isColleague = clinicians.some((each) => each.userId === by) && world.isMember(by, made.room.roomId);
  const may = made.isRegistered && (by === collectedBy || by === made.room.owner || isColleague);
  judgeThat(tally, "a withdrawal", [may ? "allow" : "refuse"], answer.ok, { made, by });
  if (!answer.ok) return;
  for (
    let taken: MadeConsent | undefined = made;
    taken?.withdrawnAtMs === undefined && taken !== undefined;
  ) {
    taken.withdrawnAtMs = world.nowMs();
    checkRemoval(world, taken);
    taken = predecessorOf(world, taken);
  }
  if (made.signed.payload.supersedes !== undefined) await world.pass(90_000);
}

/** The registered consent of the same patient and case whose place this one took. */
const predecessorOf = (world: World, { signed, room }: MadeConsent): MadeConsent | undefined =>
  world.consents.find(
    (each) =>
      each.isRegistered &&
      each.room === room &&
      each.signed.payload.consentId === signed.payload.supersedes &&
      each.signed.payload.pseudonym === signed.payload.pseudonym,
  );

async function breakGlass(
  world: World,
  { by, reader, consent: n, ms }: Of<"glass">,
  tally: Tally,
): Promise<void> {
  const made = pick(world.consents, n);
  if (made === undefined || !isKnown(by)) return;
  const device = world.device(by);
  const openedAtMs = device.nowMs();
  const endsAtMs = openedAtMs + ms;
  const { caseId, consentId } = made.signed.payload;
  const glass = await (await device.signer()).sign({
    v: 1,
    glassId: crypto.randomUUID(),
    caseId,
    consentId,
    reader,
    openedBy: by,
    reasonSha256: "0".repeat(64),
    openedAt: new Date(openedAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
  });
  const asked = { openedAtMs, endsAtMs };
  const before = glassOf(world.truthOf(consentId), asked, world.nowMs());
  const may = isKnown(reader) && world.isMember(by, made.room.roomId);
  const answer = await device.api.post("/glasses", { glass }, breakGlassAnswerSchema);
  const isOpen = answer.ok && answer.value.open;
  judgeThat(tally, "a broken glass", [may ? before.verdict : "refuse"], isOpen, { made, by, reader, answer });
  const truth = world.consents.find(
    (each) => each.isRegistered && each.signed.payload.consentId === consentId,
  );
  if (!isOpen || truth === undefined) return;
  const open = { reader, openedAtMs: world.nowMs(), endsAtMs: before.endsAtMs };
  truth.glasses = [...truth.glasses, open];
  truth.everyGlass = [...truth.everyGlass, open];
}

/** What was taken back is out of the homeserver, where that does what it is told. */
function checkRemoval(world: World, made: MadeConsent): void {
  if (made.withdrawnAtMs === undefined || !made.isRegistered || !world.homeserverDeletes) return;
  for (const picture of world.pictures)
    if (picture.isPermitted && picture.receipt.consentId === made.signed.payload.consentId)
      judgeThat(undefined, "bytes stay after a withdrawal", ["refuse"], world.hasBytes(picture), picture);
}

async function invite(world: World, { inviter, who, room: n }: Of<"invite">, tally: Tally): Promise<void> {
  const { roomId, caseId } = at(world.rooms, n);
  const isKnown = clinicians.some((each) => each.userId === who);
  const ways = () =>
    world.consents
      .filter((made) => made.room.caseId === caseId)
      .map((made) => rules(world.truthOf(made.signed.payload.consentId), null, who, world.nowMs()));
  const verdict = () => {
    if (inviter !== "" || !isKnown) return "refuse";
    const found = ways();
    return found.includes("allow") ? "allow" : found.includes("either") ? "either" : "refuse";
  };
  const before = verdict();
  const let_in = await world.hospital.homeserver.invite(inviter === "" ? bot : inviter, who, roomId);
  judgeThat(tally, "an invitation", [before, verdict()], let_in, { who, inviter });
  await world.pass(1_001);
}

/** The hospital cannot be reached for a while: devices show what they may on the word that they have, and no longer. */
async function outage(world: World, ms: number, tally: Tally): Promise<void> {
  await cutOff(world);
  await world.pass(ms);
  for (const picture of world.pictures) await look(world, picture, "peek", tally);
  await comeBack(world);
}

async function cutOff(world: World): Promise<void> {
  for (const device of world.devices.values()) device.setOnline(false);
  world.cutAtMs = world.nowMs();
  await world.hospital.stop();
}

async function comeBack(world: World): Promise<void> {
  await world.hospital.start();
  world.cutAtMs = undefined;
  for (const device of world.devices.values()) device.setOnline(true);
}

/**
 * The registry is silent for long after everybody has asked about a picture. Somebody may sign an emergency into the device's journal, which
 * the registry is told of once it is back: it keeps what is past, also of what was taken back meanwhile, and opens nothing.
 */
async function silence(
  world: World,
  { who, picture: n, ms, here, slip }: Of<"silence">,
  tally: Tally,
): Promise<void> {
  const picture = pick(world.pictures, n);
  if (picture === undefined) return;
  const device = world.device(who);
  await look(world, picture, "peek", tally);
  // Who works here has a certified device before the registry is away.
  if (isKnown(who)) await device.signer();
  await cutOff(world);
  await world.pass(ms);
  if (slip !== undefined) device.setSkew(slip.ms, slip.anew);
  await look(world, picture, "peek", tally);
  const { consentId, caseId } = picture.receipt;
  const journal =
    here && isKnown(who) ? await device.breakHere(picture.room.roomId, { consentId, caseId }) : null;
  for (const later of [0, 10, 6].map((minutes) => minutes * 60_000)) {
    await world.pass(later);
    await look(world, picture, "peek", tally);
  }
  await comeBack(world);
  if (slip !== undefined) device.setSkew(0, true);
  if (journal === null) return;
  const isCase = caseId === picture.room.caseId && world.truthOf(consentId) !== undefined;
  const may = isCase && world.isMember(who, picture.room.roomId);
  const answer = await device.api.post("/glasses", { glass: journal }, breakGlassAnswerSchema);
  judgeThat(tally, "an emergency of the past", [may ? "allow" : "refuse"], answer.ok, {
    who,
    picture,
    answer,
  });
  judgeThat(undefined, "an emergency of the past opens", ["refuse"], answer.ok && answer.value.open, answer);
}

const isKnown = (userId: string): boolean => clinicians.some((each) => each.userId === userId);

/** The disk is lost and the last backup put in its place, which takes more than a minute. */
async function restore(world: World): Promise<void> {
  if (!world.hasBackup()) return;
  await world.hospital.stop();
  world.hospital.restore();
  await world.pass(90_000);
  await world.hospital.start();
  world.putBack();
}
