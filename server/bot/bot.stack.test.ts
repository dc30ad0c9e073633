import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contentKeys, parseCaseEvent, type Request } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { type Clinician, clinician, register } from "./testing/people.ts";
import { bodies, setStage } from "./testing/stage.ts";

const stage = setStage();

const requestContent = (caseId: string, requester: string, expert: string) => ({
  msgtype: "m.text",
  body: "request",
  [contentKeys.request]: {
    caseId: caseIdSchema.parse(caseId),
    patient: { recordId: "1", family: "TEST", given: "Test", sex: "unknown", identity: "provisional" },
    addressee: { kind: "person", userId: expert },
    specialty: "dermatology",
    urgency: "48h",
    dueAt: "2026-01-02T10:00:00Z",
    question: "?",
    history: "none known",
    requester,
    createdAt: "2026-01-01T10:00:00Z",
  } satisfies Request,
});

/** A photo or, with an id of its own, its preview; the archivist reads no more of it than its receipt's id. */
function pictureContent(of: { photoId: string; previewId?: string; caseId: string; takenBy: string }) {
  const hash = "a".repeat(64);
  const file = {
    url: "mxc://x/y",
    v: "v2",
    key: { kty: "oct", alg: "A256CTR", ext: true, k: "k".repeat(43), key_ops: ["encrypt", "decrypt"] },
    iv: "i".repeat(22),
    hashes: { sha256: "h".repeat(43) },
  };
  const payload = {
    v: 1,
    receiptId: of.previewId ?? of.photoId,
    ...(of.previewId === undefined ? {} : { derivedFrom: of.photoId }),
    consentId: randomUUID(),
    caseId: of.caseId,
    pseudonym: "p".repeat(22),
    pictureSha256: hash,
    ciphertexts: [{ rendition: of.previewId === undefined ? "full" : "preview", sha256: hash, bytes: 10 }],
    takenBy: of.takenBy,
    takenAt: "2026-01-01T10:00:00Z",
    source: "camera",
  };
  const picture = {
    photoId: of.photoId,
    receipt: { payload, jws: "a..b", certificate: "a.b.c" },
    site: { region: "back", laterality: "U" },
    view: "close-up",
    widthPx: 10,
    heightPx: 10,
    bytes: 10,
    file,
  };
  const body = "picture";
  const info = { mimetype: "image/jpeg", w: 10, h: 10, size: 10 };
  const key = of.previewId === undefined ? contentKeys.photo : contentKeys.preview;
  const content = { msgtype: "m.image", body, file, info, [key]: picture };
  const kind = parseCaseEvent({
    eventId: "$e",
    sender: of.takenBy,
    atMs: 0,
    type: "m.room.message",
    content,
  }).kind;
  if (kind !== "photo" && kind !== "preview") throw new Error(`not a picture: ${kind}`);
  return content;
}

const text = (body: string) => ({ msgtype: "m.text", body });
const say = (who: Clinician, roomId: string, body: string) =>
  who.call("send", { roomId, type: "m.room.message", content: text(body) });

async function openCase(requester: Clinician): Promise<{ roomId: string; caseId: string }> {
  const caseId = randomUUID();
  const roomId = z.string().parse(await requester.call("createCase", { caseId, bot: stage.bot }));
  await requester.call("waitFor", { roomId, userId: stage.bot, membership: "join" });
  return { roomId, caseId };
}

const eventSchema = z.array(
  z.object({
    id: z.string(),
    type: z.string(),
    content: z.looseObject({ body: z.unknown().optional() }),
    failure: z.string().nullable(),
  }),
);
const readBodies = async (who: Clinician, roomId: string, atLeast: number) =>
  eventSchema
    .parse(await who.call("read", { roomId, atLeast }))
    .map((each) => each.failure ?? each.content.body ?? each.type);

describe("the archivist on a real Synapse", { timeout: 120_000 }, () => {
  test("a case reaches an expert who signs in for the first time after the requester has gone", async () => {
    const archivist = await stage.startBot();
    const expertId = await register(`expert${stage.suffix}`);
    await register(`requester${stage.suffix}`);
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const { roomId, caseId } = await openCase(requester);
    await requester.call("send", {
      roomId,
      type: "m.room.message",
      content: requestContent(caseId, requester.userId, expertId),
    });
    await say(requester, roomId, "one more thing");
    await archivist.until("both are in the inbox", (lines) => bodies(lines).length === 2);
    await requester.end();

    const expert = await clinician(`expert${stage.suffix}`, "E1", stage.bot, {
      slowKeysOf: requester.userId,
    });
    archivist.tell({ ready: expertId });
    await expert.call("waitFor", { roomId, userId: expertId, membership: "invite" });
    await expert.call("join", { roomId });
    expect(await readBodies(expert, roomId, 2)).toEqual(["request", "one more thing"]);
    // The requester's devices become known to the expert only now: what was readable must stay so.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(await readBodies(expert, roomId, 2)).toEqual(["request", "one more thing"]);
    expect(archivist.lines.filter((line) => line.ticketFor !== undefined)).toMatchObject([
      { ticketFor: expertId },
    ]);

    await say(expert, roomId, "the answer");
    await archivist.until("the answer is in the inbox", (lines) => bodies(lines).includes("the answer"));
    expect(bodies(archivist.lines)).toEqual(["request", "one more thing", "the answer"]);

    // The requester's new device never had the key of the answer: it asks the archivist.
    const second = await clinician(`requester${stage.suffix}`, "R2", stage.bot, {
      recoveryKey: requester.recoveryKey,
    });
    expect(await readBodies(second, roomId, 3)).toContain("HISTORICAL_MESSAGE_WORKING_BACKUP");
    expect(await second.call("askKeys", { roomId, bot: stage.bot, botDevice: "ARCHIVIST1" })).toBe(1);
    expect(await readBodies(second, roomId, 3)).toEqual(["request", "one more thing", "the answer"]);
  });

  test("whom the gate refuses is not invited, though ready; a request by another than the opener invites nobody", async () => {
    const expertId = await register(`expert${stage.suffix}`);
    await register(`requester${stage.suffix}`);
    const archivist = await stage.startBot({ refused: [expertId] });
    const [requester, expert] = await Promise.all([
      clinician(`requester${stage.suffix}`, "R1", stage.bot),
      clinician(`expert${stage.suffix}`, "E1", stage.bot),
    ]);
    const { roomId, caseId } = await openCase(requester);
    const content = requestContent(caseId, requester.userId, expertId);
    await requester.call("send", { roomId, type: "m.room.message", content });
    await archivist.until("the gate is asked", (lines) =>
      lines.some((line) => line.audit === "invite-decided"),
    );
    archivist.tell({ ready: expertId });
    await say(requester, roomId, "still alone");
    await archivist.until("the room goes on", (lines) => bodies(lines).includes("still alone"));
    expect(archivist.lines.some((line) => line.ticketFor !== undefined)).toBe(false);
    expect(archivist.lines.find((line) => line.audit === "invite-decided")).toMatchObject({ allowed: false });

    const other = await openCase(requester);
    const forged = requestContent(other.caseId, expert.userId, expertId);
    await requester.call("send", { roomId: other.roomId, type: "m.room.message", content: forged });
    await say(requester, other.roomId, "after the forged one");
    await archivist.until("it went on", (lines) => bodies(lines).includes("after the forged one"));
    expect(archivist.lines.filter((line) => line.audit === "invite-decided")).toHaveLength(1);
  });

  test("whom a broken glass let in goes when it ends, over a restart of the archivist, and the case is told; a colleague stays", async () => {
    const [guestId, colleagueId] = [
      await register(`guest${stage.suffix}`),
      await register(`colleague${stage.suffix}`),
    ];
    await register(`requester${stage.suffix}`);
    let archivist = await stage.startBot();
    const [requester, guest, colleague] = [
      await clinician(`requester${stage.suffix}`, "R1", stage.bot),
      await clinician(`guest${stage.suffix}`, "G1", stage.bot),
      await clinician(`colleague${stage.suffix}`, "C1", stage.bot),
    ];
    const { roomId, caseId } = await openCase(requester);
    const endsAt = Date.now() + 30_000;
    archivist.tell({ glass: guestId, untilMs: endsAt });
    for (const each of [guest, colleague]) {
      archivist.tell({ askIn: each.userId, roomId, caseId, askedBy: requester.userId });
      // The sync may be a moment late with the room, or the homeserver with a new device's signature.
      const hurry = setInterval(() => archivist.tell({ ready: each.userId }), 1000);
      await each.call("waitFor", { roomId, userId: each.userId, membership: "invite" }).finally(() => {
        clearInterval(hurry);
      });
      await each.call("join", { roomId });
    }
    await archivist.kill();
    archivist = await stage.startBot({ glasses: { [guestId]: endsAt } });
    await requester.call("waitFor", { roomId, userId: guestId, membership: "join" });
    await archivist.until("the guest is taken out", (lines) =>
      lines.some((line) => line.audit === "guest-taken-out" && line.userId === guestId),
    );
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt);
    await requester.call("waitFor", { roomId, userId: guestId, membership: "leave" });
    await requester.call("waitFor", { roomId, userId: colleagueId, membership: "join" });
    expect(await readBodies(requester, roomId, 1)).toEqual(["fr.colloque.admission"]);
  });

  test("killed hard again and again, it is the same device and hands over each event once, in order, over any gap", async () => {
    await register(`requester${stage.suffix}`);
    let archivist = await stage.startBot();
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const { roomId } = await openCase(requester);
    const seen: unknown[] = [];
    let sent = 0;
    for (let round = 0; round < 3; round++) {
      const sending = (async () => {
        for (let at = 0; at < 15; at++) await say(requester, roomId, `${sent++}`);
      })();
      await archivist.until("some are in", (lines) => bodies(lines).length >= 3 + round);
      await archivist.kill();
      seen.push(...bodies(archivist.lines));
      await sending;
      // More than a sync's timeline holds, while nobody listens.
      for (let at = 0; at < 25; at++) await say(requester, roomId, `${sent++}`);
      archivist = await stage.startBot();
    }
    await archivist.until("the last is in", (lines) => bodies(lines).includes(`${sent - 1}`));
    seen.push(...bodies(archivist.lines));
    // The item in the consumer's hands at the kill may come twice; nothing else may, and nothing may lack.
    const once = seen.filter((body, at) => seen.indexOf(body) === at);
    expect(once).toEqual(Array.from({ length: sent }, (_, at) => `${at}`));
    expect(seen.length - once.length).toBeLessThanOrEqual(3);
    expect(archivist.lines.some((line) => line.audit !== undefined)).toBe(false);
  });

  test("a replayed ciphertext and a message in the clear are refused and written down; the same message sent anew is taken", async () => {
    await register(`requester${stage.suffix}`);
    const archivist = await stage.startBot();
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const { roomId } = await openCase(requester);
    const eventId = z.string().parse(await say(requester, roomId, "consent given"));
    const wire = z
      .object({ type: z.string(), content: z.record(z.string(), z.unknown()) })
      .parse(await requester.call("wireOf", { roomId, eventId }));
    await requester.call("sendRaw", { roomId, ...wire });
    await requester.call("sendRaw", { roomId, type: "m.room.message", content: text("in the clear") });
    await say(requester, roomId, "consent given");
    await archivist.until("the twin is in", (lines) => bodies(lines).length >= 2);
    expect(bodies(archivist.lines)).toEqual(["consent given", "consent given"]);
    expect(archivist.lines.filter((line) => line.audit !== undefined)).toMatchObject([
      { audit: "bot-event-refused", reason: "replayed" },
      { audit: "bot-event-refused", reason: "not-encrypted" },
    ]);
  });

  test("a consumer that fails holds its own room until it works, and another room goes on", async () => {
    await register(`requester${stage.suffix}`);
    const archivist = await stage.startBot({ failFirst: 1 });
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const first = await openCase(requester);
    await say(requester, first.roomId, "held");
    await say(requester, first.roomId, "behind it");
    const second = await openCase(requester);
    await say(requester, second.roomId, "elsewhere");
    await archivist.until("all three", (lines) => bodies(lines).length === 3);
    const order = bodies(archivist.lines);
    expect(order.indexOf("held")).toBeLessThan(order.indexOf("behind it"));
  });

  test("it follows an invitation to a case, and none to a room of another kind", async () => {
    await register(`requester${stage.suffix}`);
    const archivist = await stage.startBot();
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const other = z.string().parse(
      await requester.call("createCase", {
        caseId: randomUUID(),
        bot: stage.bot,
        type: "org.example.other",
      }),
    );
    const { roomId } = await openCase(requester);
    await say(requester, roomId, "hello");
    await archivist.until("hello", (lines) => bodies(lines).includes("hello"));
    await requester.call("waitFor", { roomId: other, userId: stage.bot, membership: "invite" });
  });

  test("it says a thing once, encrypted, however often it is asked and over a restart", async () => {
    await register(`requester${stage.suffix}`);
    let archivist = await stage.startBot();
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const { roomId } = await openCase(requester);
    const ofEvent = z.string().parse(await say(requester, roomId, "x"));
    const filed = { ofEvent, kind: "message", outcome: { state: "waiting", since: "2026-01-01T10:00:00Z" } };
    archivist.tell({ roomId, filed });
    archivist.tell({ roomId, filed });
    await archivist.until(
      "said twice",
      (lines) => lines.filter((line) => line.sent !== undefined).length === 2,
    );
    const sent = archivist.lines.flatMap((line) => line.sent ?? []);
    await archivist.kill();
    archivist = await stage.startBot();
    archivist.tell({ roomId, filed });
    await archivist.until("said again", (lines) => lines.some((line) => line.sent !== undefined));
    expect(new Set([...sent, ...archivist.lines.flatMap((line) => line.sent ?? [])]).size).toBe(1);
    expect(await requester.call("wireOf", { roomId, eventId: sent[0] })).toMatchObject({
      type: "m.room.encrypted",
    });
    expect(await readBodies(requester, roomId, 2)).toEqual(["x", "fr.colloque.filed"]);
  });

  test("redacts what was withdrawn, photo and preview, and says so in the room once, whatever it forgot of it", async () => {
    await register(`requester${stage.suffix}`);
    let archivist = await stage.startBot();
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const { roomId, caseId } = await openCase(requester);
    const [photoId, previewId, otherId] = [randomUUID(), randomUUID(), randomUUID()];
    const show = async (content: object) =>
      z.string().parse(await requester.call("send", { roomId, type: "m.room.message", content }));
    const photo = await show(pictureContent({ photoId, caseId, takenBy: requester.userId }));
    const preview = await show(pictureContent({ photoId, previewId, caseId, takenBy: requester.userId }));
    const other = await show(pictureContent({ photoId: otherId, caseId, takenBy: requester.userId }));
    await archivist.until("the photos", (lines) => bodies(lines).length === 3);

    const consentId = randomUUID();
    const receiptIds = [photoId, previewId];
    const withdraw = { consentId, at: Date.now(), by: "patient", why: "patient-asked", receiptIds };
    archivist.tell({ withdraw, roomId });
    await archivist.until("told", (lines) => lines.some((line) => line.told === consentId));
    const contentOf = async (eventId: string) =>
      z.object({ content: z.looseObject({}) }).parse(await requester.call("wireOf", { roomId, eventId }))
        .content;
    expect(await contentOf(photo)).toEqual({});
    expect(await contentOf(preview)).toEqual({});
    expect(await contentOf(other)).not.toEqual({});

    await archivist.kill();
    archivist = await stage.startBot({ withdrawn: [withdraw] });
    await archivist.until("told again", (lines) => lines.some((line) => line.told === consentId));
    const read = eventSchema.parse(await requester.call("read", { roomId, atLeast: 2 }));
    const said = read.filter((event) => event.type === "fr.colloque.withdrawn");
    expect(said.map((event) => event.content)).toMatchObject([
      { consentId, by: "patient", photos: 1, inRecord: 0 },
    ]);
  });

  test("with its keys gone it refuses to start and says how to mend it; with the recovery key, a new device reads old cases", async () => {
    await register(`requester${stage.suffix}`);
    let archivist = await stage.startBot();
    const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
    const { roomId } = await openCase(requester);
    await say(requester, roomId, "before");
    await archivist.until("before", (lines) => bodies(lines).includes("before"));
    const recovery = join(stage.dataDir, "archivist-recovery.sealed");
    expect(statSync(recovery).mode & 0o777).toBe(0o600);
    // The SDK waits up to ten seconds before it takes new keys to the backup.
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    await archivist.kill();

    for (const name of ["", "-wal", "-shm"])
      if (existsSync(join(stage.dataDir, `archivist-keys.ARCHIVIST1.db${name}`)))
        renameSync(
          join(stage.dataDir, `archivist-keys.ARCHIVIST1.db${name}`),
          join(stage.dataDir, `gone${name}`),
        );
    archivist = await stage.startBot();
    expect(archivist.lines[0]?.fatal).toMatch(/keys are gone.*archivist-new-device/);
    // With a key that only the lost device is sent.
    await requester.call("rotate", { roomId });
    const meanwhile = await say(requester, roomId, "meanwhile");
    await requester.call("rotate", { roomId });

    // The inbox is lost too: everything must be read anew.
    for (const name of ["", "-wal", "-shm"]) rmSync(join(stage.dataDir, `server.db${name}`), { force: true });
    for (const name of ["", "-wal", "-shm"])
      rmSync(join(stage.dataDir, `archivist-keys.ARCHIVIST1.db${name}`), { force: true });
    writeFileSync(join(stage.dataDir, "archivist-new-device"), "");
    archivist = await stage.startBot();
    await say(requester, roomId, "after");
    await archivist.until("before and after", (lines) =>
      ["before", "after"].every((body) => bodies(lines).includes(body)),
    );
    // The key of "meanwhile" was for a device that is gone, and was never in the backup: a person is told of it, and of nothing else.
    archivist.tell({ unreadable: true });
    await archivist.until("the list", (lines) => lines.some((line) => line.unreadable !== undefined));
    expect(archivist.lines.find((line) => line.unreadable !== undefined)?.unreadable).toMatchObject([
      { eventId: meanwhile, roomId, sender: requester.userId },
    ]);
    archivist.tell({ settle: meanwhile });
    archivist.tell({ settle: "$no-such-event" });
    await archivist.until(
      "both are answered",
      (lines) => lines.filter((line) => line.settled !== undefined).length === 2,
    );
    expect(archivist.lines.flatMap((line) => line.settled ?? [])).toEqual([true, false]);
  });
});
