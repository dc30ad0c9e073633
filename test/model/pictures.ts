import type { PermitAnswer } from "#protocol/api.ts";
import { contentKeys, type Photo, photoSchema } from "#protocol/events.ts";
import { consentIdSchema, receiptIdSchema } from "#protocol/ids.ts";
import type { SignedReceipt } from "#protocol/receipt.ts";
import { sha256Hex, toHex } from "../../src/matrix/kit/bytes.ts";
import { describeFile, encryptFile, makeFileSecret } from "../../src/matrix/media/attachment.ts";
import { factsOf } from "../../src/matrix/media/send.ts";
import { refOfPicture } from "../../src/matrix/outbox/item.ts";
import type { Command } from "./commands.ts";
import { all, rules, type Verdict } from "./oracle.ts";
import { bot, clinicians, everybody } from "./people.ts";
import { judgeThat, type Tally } from "./tally.ts";
import {
  caseIdOf,
  elsewhere,
  type MadePicture,
  newClip,
  newPicture,
  pseudonyms,
  RuleBroken,
  type World,
} from "./world.ts";

type Of<K extends Command["do"]> = Extract<Command, { do: K }>;
const pick = <T>(list: readonly T[], n: number): T | undefined =>
  n < 0 ? list.at(n) : list[n % Math.max(1, list.length)];
const clip = { type: "video/webm", durationMs: 2000 } as const;
const contentOf = (photo: Photo) => ({
  msgtype: photo.clip === undefined ? "m.image" : "m.video",
  body: "…",
  [contentKeys.photo]: photo,
});
const site = { region: "back", laterality: "U" } as const;
const minute = 60_000;

/** As the product sends: by the outbox, past gate 1, to who is in the room or to whom the request names. */
export async function send(
  world: World,
  { by, room: n, consent: c, to, clip: isClip }: Of<"send">,
  tally: Tally,
) {
  const room = pick(world.rooms, n);
  const made = pick(world.consents, c);
  const device = world.device(by);
  if (room === undefined || made === undefined || !clinicians.some((each) => each.userId === by)) return;
  const consent = made.signed.payload;
  const plain = isClip ? newClip() : newPicture();
  const photo = {
    photoId: crypto.randomUUID(),
    consentId: consent.consentId,
    site,
    view: "close-up",
    takenAt: new Date(device.nowMs()).toISOString(),
    source: "camera",
    ...(isClip && { clip }),
  } as const;
  const prepared = { jpeg: plain, widthPx: 8, heightPx: 8, sha256: await sha256Hex(plain) };
  const facts = factsOf(photo, prepared, "full");
  const receipt = {
    consentId: consent.consentId,
    caseId: consent.caseId,
    pseudonym: consent.pseudonym,
    takenAtMs: device.nowMs(),
    clip: isClip,
  };
  const readers = () =>
    to === null
      ? [...(world.hospital.homeserver.rooms.get(room.roomId) ?? [])].filter(
          (each) => each !== by && each !== bot,
        )
      : clinicians
          .filter((each) => each.userId !== by)
          .filter(
            (each) =>
              (to.kind === "person" && each.userId === to.userId) ||
              (to.kind === "specialty" && each.specialty === to.specialty) ||
              (to.kind === "team" && each.teams.includes(to.teamId)),
          )
          .map((each) => each.userId);
  const verdict = (): Verdict => {
    const truth = world.truthOf(consent.consentId);
    const here = device.nowMs();
    if (!world.isMember(by, room.roomId) || consent.caseId !== room.caseId) return "refuse";
    // Too wrong a clock believes no lease.
    if (Math.abs(device.skewMs) > 5 * minute + 2000) return "refuse";
    // The patient's word as this device has it is the collector's, even where it was changed since.
    if (!made.isGenuine) return "refuse";
    return all([
      ...["record", ...readers()].map((who) => rules(truth, receipt, who, here, Math.abs(device.skewMs))),
      ...["record", by].map((who) => rules(truth, receipt, who, world.nowMs())),
    ]);
  };
  const before = verdict();
  const seen = world.count();
  await device.outbox.add([
    {
      localId: refOfPicture(facts),
      caseId: caseIdOf(room),
      roomId: room.roomId,
      picture: plain,
      body: {
        kind: "picture",
        facts,
        consent,
        addressee: to,
        secret: makeFileSecret(),
        receipt: null,
        permit: null,
        uploaded: false,
      },
    },
  ]);
  await device.send().catch(() => undefined);
  const item = device.outbox.store.getState().items.find((each) => each.localId === refOfPicture(facts));
  const isSent = item?.done === true;
  judgeThat(tally, "sending", [before, verdict()], isSent, { by, to, made, item, photo });
  if (!isSent && world.count() > seen)
    throw new RuleBroken("A refused picture left its event in the room: the rules");
  await device.outbox.discard(refOfPicture(facts));
  if (!isSent || item.eventId === null || item.body.kind !== "picture") return;
  const content: unknown = world.contentOf(item.eventId);
  const sentPhoto = photoSchema.parse(
    content !== null && typeof content === "object" ? Reflect.get(content, contentKeys.photo) : undefined,
  );
  const { ciphertext } = await encryptFile(plain, item.body.secret);
  world.leak(sentPhoto.file.url, ciphertext);
  world.pictures.push({
    eventId: item.eventId,
    room,
    sender: by,
    photo: sentPhoto,
    plain,
    receipt,
    isAsMade: true,
    isGenuine: true,
    original: undefined,
    isPermitted: true,
  });
}

/** As a modified client sends: no gate 1, and perhaps something wrong on purpose. */
export async function push(
  world: World,
  { by, room: n, consent: c, twist, clip: isClip }: Of<"push">,
  tally: Tally,
) {
  const room = pick(world.rooms, n);
  const made = pick(world.consents, c);
  if (room === undefined || made === undefined) return;
  const device = world.device(by);
  const consent = made.signed.payload;
  const other = world.rooms.find((each) => each.caseId !== consent.caseId);
  const takenAtMs = device.nowMs() - (twist === "taken-before" ? 2 * 86_400_000 : 0);
  const plain = isClip ? newClip() : newPicture();
  const secret = makeFileSecret();
  const encrypted = await encryptFile(plain, secret);
  const isCertified = twist !== "uncertified" && clinicians.some((each) => each.userId === by);
  const signer = isCertified ? await device.signer() : await (await elsewhere).certified(by);
  const receiptId = receiptIdSchema.parse(crypto.randomUUID());
  const receipt: SignedReceipt = await signer.sign({
    v: 1 as const,
    receiptId,
    consentId: consentIdSchema.parse(consent.consentId),
    caseId: twist === "another-case" && other !== undefined ? caseIdOf(other) : consent.caseId,
    pseudonym:
      twist === "another-patient"
        ? (pseudonyms.find((each) => each !== consent.pseudonym) ?? consent.pseudonym)
        : consent.pseudonym,
    pictureSha256: await sha256Hex(twist === "another-picture" ? newPicture() : plain),
    ciphertexts: [
      { rendition: "full" as const, sha256: toHex(encrypted.sha256), bytes: encrypted.ciphertext.length },
    ],
    takenBy: by,
    takenAt: new Date(takenAtMs).toISOString(),
    source: "camera" as const,
    ...(isClip && { clip: true as const }),
  });
  const truth = { ...receipt.payload, takenAtMs, clip: isClip };
  const verdict = (): Verdict => {
    const ahead = takenAtMs - world.nowMs();
    const inTime: Verdict = ahead > 5 * minute ? "refuse" : ahead > 5 * minute - 2000 ? "either" : "allow";
    if (!isCertified || !world.isMember(by, room.roomId) || receipt.payload.caseId !== room.caseId)
      return "refuse";
    const known = world.truthOf(consent.consentId);
    return all([inTime, ...["record", by].map((who) => rules(known, truth, who, world.nowMs()))]);
  };
  const before = verdict();
  const permit = await device.registry.askPermit(room.roomId, receipt);
  judgeThat(tally, "a permit", [before, verdict()], permit.ok, { by, twist, made, receipt });
  const mxc =
    (permit.ok ? permit.value.files[0]?.mxc : undefined) ?? `mxc://valombre.example/leak${world.count()}`;
  if (permit.ok) await abuse(world, permit.value, by, twist, encrypted.ciphertext);
  const uploaded = permit.ok && (await device.upload(mxc, encrypted.ciphertext, () => undefined)).ok;
  if (permit.ok && !uploaded) throw new RuleBroken("The rules give a permit, and its bytes were refused");
  const photo: Photo = photoSchema.parse({
    photoId: receiptId,
    receipt,
    site,
    view: "overview",
    widthPx: 8,
    heightPx: 8,
    bytes: plain.length,
    ...(isClip && { clip }),
    file: describeFile(mxc, secret, encrypted.sha256),
  });
  world.leak(mxc, encrypted.ciphertext);
  const isAsMade = isCertified && twist !== "another-picture";
  const eventId = world.post(by, room.roomId, contentOf(photo));
  world.pictures.push({
    eventId,
    room,
    sender: by,
    photo,
    plain,
    receipt: truth,
    isAsMade,
    isGenuine: isAsMade,
    original: undefined,
    isPermitted: uploaded,
  });
}

/** Wrong bytes, or the right ones by somebody else, at an address that a permit reserved. */
async function abuse(
  world: World,
  permit: PermitAnswer,
  by: string,
  twist: Of<"push">["twist"],
  right: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const mxc = permit.files[0]?.mxc;
  if (mxc === undefined || (twist !== "other-bytes" && twist !== "other-uploader")) return;
  const wrong = right.map((byte) => byte ^ 1);
  const someoneElse = everybody.find((each) => each !== by && each !== "") ?? by;
  if (twist === "other-bytes") await world.device(by).upload(mxc, wrong, () => undefined);
  else await world.device(someoneElse).upload(mxc, right, () => undefined);
  judgeThat(undefined, "bytes past a permit", ["refuse"], world.hasBytesAt(mxc), { by, twist, mxc });
}

/** A picture's event once more: by somebody else, in another room, or with a part of it changed. */
export async function sendOn(world: World, { by, room: n, picture: p, twist }: Of<"send-on">): Promise<void> {
  const room = pick(world.rooms, n);
  const source = pick(world.pictures, p);
  if (room === undefined || source === undefined) return;
  const whole = source.original ?? source;
  const another = world.pictures.find((each) => each !== whole && each.original === undefined) ?? whole;
  const { receipt } = source.photo;
  const changed = {
    ...receipt,
    payload: { ...receipt.payload, takenAt: new Date(world.nowMs() + 1).toISOString() },
  };
  const photo: Photo = {
    ...source.photo,
    ...(twist === "another-file" && { file: another.photo.file }),
    ...(twist === "changed-receipt" && { receipt: changed }),
  };
  const shows = twist === "another-file" ? another : whole;
  const isSame = twist === "none" || (twist === "another-file" && another === whole);
  const isAsMade = source.isAsMade && isSame;
  const copy: MadePicture = {
    ...source,
    eventId: world.post(by, room.roomId, contentOf(photo)),
    room,
    sender: by,
    photo,
    plain: shows.plain,
    isAsMade,
    // Somebody else's copy of it is nothing; sent once more by the taker, it is again what it was.
    isGenuine: isAsMade && by === source.photo.receipt.payload.takenBy,
    original: shows,
    isPermitted: shows.isPermitted && room === shows.room && isSame,
  };
  world.pictures.push(copy);
}
